using System.Net;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>What is done is found again, with who did it and how.</summary>
public sealed class AuditTests(SharedServer server)
{
    const string Planted = "planted-smart-host-secret";

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Changes_readings_and_refusals_are_found_by_what_they_are_about()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("audited.example");
        await site.Api.PatchAsync(site.Path, $$"""{ "settings": { "maxMessageSize": 65536, "smartHost": { "host": "relay.example", "username": "hub", "password": "{{Planted}}" } } }""");
        await site.SendAsync("user@audited.example", SampleMail.Plain("one"));
        var id = (await site.Api.ListAsync($"{site.Path}/messages"))[0]["id"]!.GetValue<string>();
        Assert.NotEmpty(await site.Api.ContentAsync(id));
        var viewer = site.Server.WithRole("viewer");
        (await viewer.SendAsync(HttpMethod.Get, $"/messages/{id}/content")).Problem(HttpStatusCode.Forbidden);
        (await site.Api.SendAsync(HttpMethod.Post, $"{site.Path}/continue")).Problem(HttpStatusCode.Conflict);
        await site.Api.PostAsync($"{site.Path}/messages/actions", """{ "action": "freeze", "filter": { "domain": "audited.example" } }""");

        var entries = await FindAsync(site.Api, $"object=sites/{site.Id}", 6);
        Assert.Equal(
            ["create", "start", "create domains/audited.example", "change", "continue", "freeze messages"],
            entries.Reverse().Select(entry => $"{entry["action"]} {entry["object"]!.GetValue<string>()[$"sites/{site.Id}".Length..].TrimStart('/')}".TrimEnd()));
        var change = entries.Single(entry => entry["action"]!.ToString() == "change");
        Assert.Equal(("first administrator key", "key", "127.0.0.1", "done"),
            (change["actor"]!.ToString(), change["through"]!.ToString(), change["from"]!.ToString(), change["outcome"]!.ToString()));
        Assert.Equal(65536, change["after"]!["settings"]!["maxMessageSize"]!.GetValue<int>());
        Assert.EndsWith("secret)", change["after"]!["settings"]!["smartHost"]!["target"]!["auth"]!["password"]!.ToString(), StringComparison.Ordinal);
        var refused = entries.Single(entry => entry["action"]!.ToString() == "continue");
        Assert.Equal("refused", refused["outcome"]!.ToString());
        Assert.Contains("only a paused site", refused["reason"]!.ToString(), StringComparison.Ordinal);
        Assert.Contains("audited.example", entries.Single(entry => entry["action"]!.ToString() == "freeze")["after"]!["filter"]!.ToJsonString(), StringComparison.Ordinal);
        var readings = await FindAsync(site.Api, $"object=messages/{id}&action=read%20content", 2);
        Assert.Equal(["refused", "done"], readings.Select(entry => entry["outcome"]!.ToString()));
        Assert.Single(await FindAsync(site.Api, $"object=messages/{id}&outcome=refused", 1));
        Assert.DoesNotContain(Planted, (await site.Api.SendAsync(HttpMethod.Get, "/audit?limit=500")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Planted, site.Server.Output.From(0), StringComparison.Ordinal);
        (await viewer.SendAsync(HttpMethod.Get, "/audit")).Problem(HttpStatusCode.Forbidden);
        (await site.Api.SendAsync(HttpMethod.Get, "/audit?outcome=perhaps")).Problem(HttpStatusCode.BadRequest, "outcome");
    }

    /// <summary>Refusals are written a moment later.</summary>
    static async Task<IReadOnlyList<JsonNode>> FindAsync(AdminApi api, string query, int count)
    {
        IReadOnlyList<JsonNode> found = [];
        await Eventually.EqualAsync(count, async () => (found = await api.ListAsync($"/audit?{query}")).Count);
        return found;
    }
}
