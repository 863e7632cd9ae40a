using System.Net;
using System.Net.Http;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>What is wrong with a request is said as problem details, by field.</summary>
public sealed class ReadingTests(SharedServer server)
{
    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("""{ "name": "x", "endpoints": [], "typo": 1 }""", "typo")]
    [InlineData("""{ "name": "x", "endpoints": [ { "address": "127.0.0.1", "port": "2526" } ] }""", "endpoints[0].port")]
    [InlineData("""{ "name": "x", "endpoints": [ { "address": "127.0.0.1", "port": 2526.5 } ] }""", "endpoints[0].port")]
    [InlineData("""{ "name": "x", "endpoints": [ { "address": "127.0.0.1", "port": 70000 } ] }""", "endpoints[0].port")]
    [InlineData("""{ "name": "x", "endpoints": [ { "address": "127.0.0.1", "port": 2526, "tsl": "none" } ] }""", "endpoints[0].tsl")]
    [InlineData("""{ "name": "x", "endpoints": [ { "address": "127.0.0.1", "port": 2526, "tls": "ssl" } ] }""", "endpoints[0].tls")]
    [InlineData("""{ "name": "x", "endpoints": [ { "address": "127.0.0.1", "port": 2526, "tls": 1 } ] }""", "endpoints[0].tls")]
    [InlineData("""{ "name": "x", "endpoints": [ { "port": 2526 } ] }""", "endpoints[0].address")]
    [InlineData("""{ "name": "x", "endpoints": [ null ] }""", "endpoints[0]")]
    [InlineData("""{ "name": "x", "endpoints": { } }""", "endpoints")]
    [InlineData("""{ "endpoints": [] }""", "name")]
    [InlineData("""{ "Name": "x", "endpoints": [] }""", "Name")]
    [InlineData("""{ "name": null, "endpoints": [] }""", "name")]
    [InlineData("""{ "name": "x", "endpoints": [], "autoStart": "yes" }""", "autoStart")]
    [InlineData("""{ "name": "x", "endpoints": [], "settings": [] }""", "settings")]
    [InlineData("""{ "name": "x", "endpoints": [], "settings": { "maxHops": "many" } }""", "settings.maxHops")]
    [InlineData("""{ "name": "x", "endpoints": [], "settings": { "maxHopz": 3 } }""", "settings.maxHopz")]
    public async Task A_bad_field_is_named(string body, string field) =>
        (await (await server.ProcessAsync()).Api.AskAsync("POST", "/sites", body)).Problem(HttpStatusCode.BadRequest, field);

    [Fact(Timeout = Limits.Ordinary)]
    public async Task All_bad_fields_are_named_at_once()
    {
        var answer = await (await server.ProcessAsync()).Api.AskAsync("POST", "/sites", """{ "endpoints": [ { "port": "x" } ], "typo": 1 }""");

        answer.Problem(HttpStatusCode.BadRequest);
        Assert.Equal(["endpoints[0].address", "endpoints[0].port", "name", "typo"], answer.Json!["errors"]!.AsObject().Select(error => error.Key).Order(StringComparer.Ordinal));
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{ "name": "a", "name": "b" }""")]
    [InlineData("""{ "name": "\ud800" }""")]
    [InlineData("""{ "\ud800": "a" }""")]
    [InlineData("""{ "name": "a" } { }""")]
    public async Task What_is_not_one_JSON_object_is_400(string body) =>
        (await (await server.ProcessAsync()).Api.AskAsync("POST", "/sites", body)).Problem(HttpStatusCode.BadRequest);

    [Fact(Timeout = Limits.Ordinary)]
    public async Task JSON_that_is_nested_without_end_is_400() =>
        (await (await server.ProcessAsync()).Api.AskAsync("POST", "/sites", $$"""{ "settings": {{new string('[', 100_000)}}""")).Problem(HttpStatusCode.BadRequest);

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_body_of_two_megabytes_is_413() =>
        // The server does not read what it refuses: who sends it unasked may find the connection closed before the answer.
        (await (await server.ProcessAsync()).Api.AskAsync("POST", "/sites", new string(' ', 2 * 1024 * 1024), headers: ("Expect", "100-continue")))
            .Problem(HttpStatusCode.RequestEntityTooLarge);

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task A_body_of_another_type_is_415(string type)
    {
        var api = (await server.ProcessAsync()).Api;

        (await api.AskAsync("POST", "/sites", "{}", type)).Problem(HttpStatusCode.UnsupportedMediaType);
        (await api.AskAsync("PATCH", "/sites/1", "{}", type)).Problem(HttpStatusCode.UnsupportedMediaType);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("application/merge-patch+json")]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    public async Task A_patch_may_be_called_either_name(string type) =>
        (await (await server.ProcessAsync()).Api.AskAsync("PATCH", "/service", "{}", type)).Success();

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("GET", "api/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("GET", "api", HttpStatusCode.NotFound)]
    [InlineData("POST", "api/v2/sites", HttpStatusCode.NotFound)]
    [InlineData("PUT", "api/v1/nothing/at/all", HttpStatusCode.NotFound)]
    [InlineData("PUT", "api/v1/sites/one", HttpStatusCode.NotFound)]
    [InlineData("GET", "api/v1/sites/one", HttpStatusCode.NotFound)]
    [InlineData("GET", "api/v1/sites/9999", HttpStatusCode.NotFound)]
    [InlineData("GET", "api/v1/sites/1/domains/none.example", HttpStatusCode.NotFound)]
    [InlineData("GET", "api/v1/messages/none", HttpStatusCode.NotFound)]
    [InlineData("GET", "api/v1/messages/none/trace", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "api/v1/sessions/none", HttpStatusCode.NotFound)]
    [InlineData("GET", "api/v1/accounts/none", HttpStatusCode.NotFound)]
    [InlineData("PUT", "api/v1/sites", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "api/v1/service", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "api/v1/sites/1/start", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "api/v1/sites/1/etrn-names/x", HttpStatusCode.MethodNotAllowed)]
    public async Task What_is_not_there_or_takes_no_such_method_is_a_problem(string method, string path, HttpStatusCode status)
    {
        var (answer, response) = await (await server.ProcessAsync()).Api.Http.AskAsync(method, path);

        answer.Problem(status);
        Assert.Equal(status is HttpStatusCode.MethodNotAllowed, response.Content.Headers.Allow.Count > 0);
        Assert.DoesNotContain(method, response.Content.Headers.Allow);
    }
}
