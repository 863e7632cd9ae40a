using System.Net;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Merge patch (RFC 7396), ETag and If-Match (RFC 9110), Location.</summary>
public sealed class ChangingTests(SharedServer server)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_patch_changes_what_it_names_and_null_restores_the_default()
    {
        await using var site = await server.NewSiteAsync("""{ "maxHops": 20, "banner": "hello" }""");

        var changed = await site.Api.PatchAsync(site.Path, """{ "settings": { "inactivityTimeout": "PT5M", "relay": { "allowAuthenticated": false } } }""");
        Assert.Equal(20, changed["settings"]!["maxHops"]!.GetValue<int>());
        Assert.Equal("PT5M", changed["settings"]!["inactivityTimeout"]!.GetValue<string>());
        Assert.False(changed["settings"]!["relay"]!["allowAuthenticated"]!.GetValue<bool>());
        Assert.Equal(2, changed["settings"]!["relay"]!["allowAddresses"]!.AsArray().Count);
        Assert.IsType<JsonArray>(changed["warnings"]);

        changed = await site.Api.PatchAsync(site.Path, """{ "settings": { "maxHops": null, "relay": null } }""");
        Assert.Equal(100, changed["settings"]!["maxHops"]!.GetValue<int>());
        Assert.True(changed["settings"]!["relay"]!["allowAuthenticated"]!.GetValue<bool>());
        Assert.Equal("hello", changed["settings"]!["banner"]!.GetValue<string>());

        changed = await site.Api.PatchAsync(site.Path, """{ "settings": null }""");
        Assert.Equal("PT10M", changed["settings"]!["inactivityTimeout"]!.GetValue<string>());
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("/sites/1", """{ "id": 2 }""", "id")]
    [InlineData("/sites/1", """{ "state": "stopped" }""", "state")]
    [InlineData("/sites/1", """{ "isDefault": null }""", "isDefault")]
    [InlineData("/sites/1", """{ "name": null }""", "name")]
    [InlineData("/sites/1", """{ "settings": { "maxHopz": null } }""", "settings.maxHopz")]
    [InlineData("/service", """{ "version": "9" }""", "version")]
    [InlineData("/service", """{ "smtpServiceVersion": 3 }""", "smtpServiceVersion")]
    public async Task What_cannot_be_written_is_named(string path, string patch, string field) =>
        (await (await server.ProcessAsync()).Api.AskAsync("PATCH", path, patch)).Problem(HttpStatusCode.BadRequest, field);

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_stale_tag_changes_nothing()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("tagged.example", account);
        await site.Api.PutAsync($"{site.Path}/etrn-names/tagged", """{ "domains": [ "tagged.example" ] }""");
        foreach (var (path, patch) in ((string, string)[])[
            (site.Path, """{ "settings": { "maxHops": 16 } }"""), ($"{site.Path}/domains/tagged.example", """{ "route": { "maxMessages": 7 } }"""),
            ($"/accounts/{account.Username}", """{ "description": "changed" }""")])
        {
            var before = (await site.Api.AskAsync("GET", path)).ETag!;
            Assert.False(before.IsWeak);

            var changed = await site.Api.AskAsync("PATCH", path, patch, headers: ("If-Match", before.Tag));
            changed.Success();
            Assert.NotEqual(before, changed.ETag);
            (await site.Api.AskAsync("PATCH", path, patch, headers: ("If-Match", before.Tag))).Problem(HttpStatusCode.PreconditionFailed);
            (await site.Api.AskAsync("PATCH", path, patch, headers: ("If-Match", "\"other\""))).Problem(HttpStatusCode.PreconditionFailed);
            (await site.Api.AskAsync("PATCH", path, patch, headers: ("If-Match", "W/" + changed.ETag!.Tag))).Problem(HttpStatusCode.PreconditionFailed);
            (await site.Api.AskAsync("DELETE", path, headers: ("If-Match", before.Tag))).Problem(HttpStatusCode.PreconditionFailed);
            (await site.Api.AskAsync("PATCH", path, patch, headers: ("If-Match", "*"))).Success();
            (await site.Api.AskAsync("PATCH", path, patch, headers: ("If-Match", $"\"other\", {(await site.Api.AskAsync("GET", path)).ETag!.Tag}"))).Success();
        }

        var name = $"{site.Path}/etrn-names/tagged";
        (await site.Api.AskAsync("PUT", name, """{ "domains": [] }""", headers: ("If-Match", "\"old\""))).Problem(HttpStatusCode.PreconditionFailed);
        (await site.Api.AskAsync("DELETE", name, headers: ("If-Match", "\"old\""))).Problem(HttpStatusCode.PreconditionFailed);
        Assert.Equal(HttpStatusCode.NoContent, (await site.Api.AskAsync("DELETE", name, headers: ("If-Match", (await site.Api.AskAsync("GET", name)).ETag!.Tag))).Status);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Two_patches_at_once_lose_nothing()
    {
        await using var site = await server.NewSiteAsync();

        await Task.WhenAll(
            site.Api.PatchAsync(site.Path, """{ "settings": { "maxHops": 17 } }"""),
            site.Api.PatchAsync(site.Path, """{ "settings": { "maxErrors": 5 } }"""),
            site.Api.PatchAsync(site.Path, """{ "settings": { "banner": "both" } }"""));

        var settings = (await site.Api.GetAsync(site.Path))["settings"]!;
        Assert.Equal((17, 5, "both"), (settings["maxHops"]!.GetValue<int>(), settings["maxErrors"]!.GetValue<int>(), settings["banner"]!.GetValue<string>()));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_is_made_says_where_it_is()
    {
        await using var site = await server.NewSiteAsync();
        var username = TestSite.Unique("made ");
        foreach (var (path, body, location) in ((string, string, string)[])[
            ($"{site.Path}/domains", """{ "name": "*.Made.Example", "route": { "type": "hold" } }""", $"{site.Path}/domains/%2A.made.example"),
            ("/accounts", $$"""{ "username": "{{username}}", "password": "a long secret, with spaces" }""", $"/accounts/{Uri.EscapeDataString(username)}")])
        {
            var (answer, response) = await site.Api.Http.AskAsync("POST", "api/v1" + path, body);

            Assert.Equal((HttpStatusCode.Created, "/api/v1" + location), (answer.Status, response.Headers.Location!.OriginalString));
            var read = await site.Api.AskAsync("GET", location);
            Assert.Equal((answer.Text, answer.ETag), (read.Text, read.ETag));
            (await site.Api.AskAsync("POST", path, body)).Problem(HttpStatusCode.Conflict);
            Assert.Equal(HttpStatusCode.NoContent, (await site.Api.AskAsync("DELETE", location)).Status);
            (await site.Api.AskAsync("DELETE", location)).Problem(HttpStatusCode.NotFound);
        }
    }
}
