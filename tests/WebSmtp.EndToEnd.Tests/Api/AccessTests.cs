using System.Net;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Who may do what.</summary>
public sealed class AccessTests(SharedServer server)
{
    [Theory(Timeout = Limits.Ordinary)]
    [InlineData(null)]
    [InlineData("Bearer nobody-has-this-key")]
    [InlineData("Bearer ")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    public async Task Without_a_known_key_the_answer_is_401_and_never_a_log_in_page(string? authorization)
    {
        using var http = (await server.ProcessAsync()).Stranger();

        var (answer, response) = await http.AskAsync("GET", "api/v1/sites", headers: authorization is null ? [] : [("Authorization", authorization)]);

        answer.Problem(HttpStatusCode.Unauthorized);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_viewer_reads_but_neither_changes_anything_nor_reads_content()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("viewed.example");
        await site.SendAsync("user@viewed.example", SampleMail.Plain("secret"));
        var viewer = site.Server.WithRole("viewer");
        var id = (await viewer.ListAsync($"{site.Path}/messages"))[0]["id"]!.GetValue<string>();

        foreach (var path in (string[])["/service", "/sites", site.Path, $"{site.Path}/domains", $"{site.Path}/queues", $"{site.Path}/sessions", $"/messages/{id}", $"/messages/{id}/trace", "/accounts"])
            await viewer.GetAsync(path);
        foreach (var (method, path, body) in ((string, string, string?)[])[
            ("GET", $"/messages/{id}/content", null), ("DELETE", $"/messages/{id}", null), ("POST", $"{site.Path}/pause", null),
            ("PATCH", site.Path, "{}"), ("POST", "/sites", "{}"), ("DELETE", site.Path, null), ("PATCH", "/service", "{}"),
            ("POST", $"{site.Path}/domains/viewed.example/dequeue", null), ("DELETE", "/sessions/none", null), ("POST", "/accounts", "{}")])
            (await viewer.AskAsync(method, path, body)).Problem(HttpStatusCode.Forbidden);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_operator_works_on_queue_and_sites_state_but_changes_no_setting()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("operated.example");
        await site.SendAsync("user@operated.example", SampleMail.Plain("one"));
        var person = site.Server.WithRole("operator");
        var id = (await person.ListAsync($"{site.Path}/messages"))[0]["id"]!.GetValue<string>();

        foreach (var verb in (string[])["pause", "continue", "stop", "start"]) await person.PostAsync($"{site.Path}/{verb}");
        Assert.NotEmpty(await person.ContentAsync(id));
        await person.DeleteAsync($"/messages/{id}");
        foreach (var (method, path) in ((string, string)[])[("PATCH", site.Path), ("POST", "/sites"), ("POST", $"{site.Path}/domains"), ("PATCH", "/service")])
            (await person.AskAsync(method, path, "{}")).Problem(HttpStatusCode.Forbidden);
        (await person.AskAsync("DELETE", site.Path)).Problem(HttpStatusCode.Forbidden);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_key_is_made_used_and_deleted()
    {
        await using var site = await server.NewSiteAsync();
        var made = await site.Api.PostAsync("/keys", """{ "name": "monitoring", "role": "viewer" }""");
        var id = made["id"]!.GetValue<int>();
        (string, string)[] bearer = [("Authorization", $"Bearer {made["key"]!.GetValue<string>()}")];
        using var http = (await server.ProcessAsync()).Stranger();

        (await http.AskAsync("GET", "api/v1/sites", headers: bearer)).Answer.Success();
        (await http.AskAsync("POST", $"api/v1{site.Path}/pause", headers: bearer)).Answer.Problem(HttpStatusCode.Forbidden);
        (await http.AskAsync("GET", "api/v1/keys", headers: bearer)).Answer.Problem(HttpStatusCode.Forbidden);
        Assert.Null((await site.Api.GetAsync($"/keys/{id}"))["key"]);
        await site.Api.DeleteAsync($"/keys/{id}");
        (await http.AskAsync("GET", "api/v1/sites", headers: bearer)).Answer.Problem(HttpStatusCode.Unauthorized);
        (await site.Api.AskAsync("GET", $"/keys/{id}")).Problem(HttpStatusCode.NotFound);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Health_needs_no_key()
    {
        using var http = (await server.ProcessAsync()).Stranger();

        Assert.Equal("alive", (await http.AskAsync("GET", "healthz")).Answer.Success()["status"]!.GetValue<string>());
        var ready = (await http.AskAsync("GET", "readyz")).Answer.Success();
        Assert.Equal("ready", ready["status"]!.GetValue<string>());
        Assert.NotNull(ready["degraded"]);
    }
}
