using System.Net;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Domains as the REST contract has them.</summary>
public sealed class DomainTests(SharedServer server)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_effective_value_says_where_it_comes_from()
    {
        await using var site = await server.NewSiteAsync("""{ "outboundPort": 26 }""");
        await site.Api.PostAsync($"{site.Path}/domains", """{ "name": "far.example", "overrides": { "maxMessageSize": 1048576 } }""");

        var effective = (await site.Api.GetAsync($"{site.Path}/domains/far.example"))["effective"]!;

        Same("""{ "value": 1048576, "from": "domain" }""", effective["maxMessageSize"]);
        Same("""{ "value": 26, "from": "site" }""", effective["outboundPort"]);
        Same("""{ "value": "P2D", "from": "default" }""", effective["expireAfter"]);
        var changed = await site.Api.PatchAsync($"{site.Path}/domains/far.example", """{ "overrides": { "maxMessageSize": null } }""");
        Same("{}", changed["overrides"]);
        Same("""{ "value": 33554432, "from": "default" }""", changed["effective"]!["maxMessageSize"]);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_route_is_merged_and_begins_anew_when_its_type_changes()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("moved.example", account);
        var path = $"{site.Path}/domains/moved.example";

        var held = await site.Api.PatchAsync(path, """{ "route": { "maxAge": "P30D" } }""");
        Same($$"""{ "type": "hold", "etrn": true, "turnAccounts": [ "{{account.Username}}" ], "maxAge": "P30D" }""", held["route"]);
        Assert.True(held["allowRelay"]!.GetValue<bool>());
        // The type that it has, in another spelling that is read, is no change.
        Same(held["route"]!.ToJsonString(), (await site.Api.PatchAsync(path, """{ "route": { "type": "Hold" } }"""))["route"]);

        var far = await site.Api.PatchAsync(path, """{ "route": { "type": "smartHost", "smartHost": { "host": "relay.example" } } }""");
        Same("""{ "type": "smartHost", "smartHost": { "host": "relay.example", "port": 25, "tls": "opportunistic" } }""", far["route"]);
        Assert.Null(far["held"]);
        Assert.False(far["allowRelay"]!.GetValue<bool>());
        (await site.Api.AskAsync("PATCH", path, """{ "route": { "type": "dns", "etrn": true } }""")).Problem(HttpStatusCode.BadRequest, "route.etrn");
        Same("""{ "type": "dns" }""", (await site.Api.PatchAsync(path, """{ "route": { "type": "dns" } }"""))["route"]);
        Same("""{ "type": "dns" }""", (await site.Api.PatchAsync(path, """{ "route": { "type": "dns" } }"""))["route"]);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("""{ "name": "not a domain" }""", "name")]
    [InlineData("""{ "name": "x.example", "kind": "local" }""", "kind")]
    [InlineData("""{ "name": "x.example", "route": { "type": "hold", "turnAccounts": [ "nobody-at-all" ] } }""", "route.turnAccounts")]
    [InlineData("""{ "name": "x.example", "route": { "type": "hold", "maxAge": "30 days" } }""", "route.maxAge")]
    [InlineData("""{ "name": "x.example", "route": { "type": "hold", "maxMessages": -1 } }""", "route.maxMessages")]
    [InlineData("""{ "name": "x.example", "route": { "type": "hold", "etrnTo": "nowhere:99999" } }""", "route.etrnTo")]
    [InlineData("""{ "name": "x.example", "route": { "type": "smartHost" } }""", "route.smartHost")]
    [InlineData("""{ "name": "x.example", "route": { "type": "smartHost", "smartHost": { "port": 25 } } }""", "route.smartHost.host")]
    [InlineData("""{ "name": "x.example", "route": { "etrn": true } }""", "route.type")]
    [InlineData("""{ "name": "x.example", "overrides": { "maxConnections": 5 } }""", "overrides.maxConnections")]
    [InlineData("""{ "name": "x.example", "overrides": { "maxMessageSize": "big" } }""", "overrides.maxMessageSize")]
    [InlineData("""{ "name": "x.example", "held": null }""", "held")]
    public async Task A_bad_domain_is_refused_by_field(string body, string field) =>
        (await (await server.ProcessAsync()).Api.AskAsync("POST", "/sites/1/domains", body)).Problem(HttpStatusCode.BadRequest, field);

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Dequeue_starts_what_waits_and_says_how_much()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("waiting.example");
        await site.SendAsync("user@waiting.example", SampleMail.Plain("one"), SampleMail.Plain("two"));

        var held = (await site.Api.GetAsync($"{site.Path}/domains/waiting.example"))["held"]!;
        Assert.Equal(2, held["messages"]!.GetValue<int>());
        Assert.EndsWith("Z", held["oldest"]!.GetValue<string>(), StringComparison.Ordinal);

        var answer = await site.Api.AskAsync("POST", $"{site.Path}/domains/waiting.example/dequeue");

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Same("""{ "messages": 2 }""", answer.Json);
        await Eventually.TrueAsync(async () =>
            (await site.Api.GetAsync($"{site.Path}/domains/waiting.example"))["held"]!["lastCollectedBy"] is not null);
        (await site.Api.AskAsync("POST", $"{site.Path}/domains/hub.example/dequeue")).Problem(HttpStatusCode.Conflict);
        (await site.Api.AskAsync("POST", $"{site.Path}/domains/none.example/dequeue")).Problem(HttpStatusCode.NotFound);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_ETRN_name_is_made_then_replaced()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("one.example");
        var path = $"{site.Path}/etrn-names/branches";

        Assert.Equal(HttpStatusCode.Created, (await site.Api.AskAsync("PUT", path, """{ "domains": [ "one.example" ] }""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await site.Api.AskAsync("PUT", path, """{ "domains": [ "one.example" ] }""")).Status);
        Same("""{ "name": "branches", "domains": [ "one.example" ] }""", await site.Api.GetAsync(path));
        (await site.Api.AskAsync("PUT", path, """{ "domains": "one.example" }""")).Problem(HttpStatusCode.BadRequest, "domains");
        (await site.Api.AskAsync("PUT", path, "{}")).Problem(HttpStatusCode.BadRequest, "domains");
        Same("""{ "name": "branches", "domains": [ "no.example" ], "warnings": [ "'no.example' is not held with etrn at this site, so ETRN #branches does not release it." ] }""",
            await site.Api.PutAsync(path, """{ "domains": [ "no.example" ] }"""));
        Same("""{ "name": "branches", "domains": [ "no.example" ] }""", await site.Api.GetAsync(path));
        await site.Api.DeleteAsync(path);
        (await site.Api.AskAsync("GET", path)).Problem(HttpStatusCode.NotFound);
    }

    static void Same(string json, JsonNode? came) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), came), $"Wanted: {json}\nCame:   {came?.ToJsonString()}");
}
