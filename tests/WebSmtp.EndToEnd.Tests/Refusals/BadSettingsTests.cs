using System.Net;
using System.Net.Http;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Refusals;

/// <summary>Settings that cannot be are refused when they are made, and the problem names the field.</summary>
public sealed class BadSettingsTests(SharedServer server)
{
    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("name", """{ "name": "%NAME%", "endpoints": [ { "address": "127.0.0.1", "port": 15 } ] }""")]
    [InlineData("name", """{ "name": "", "endpoints": [ { "address": "127.0.0.1", "port": 15 } ] }""")]
    [InlineData("endpoints", """{ "name": "bad", "endpoints": [] }""")]
    [InlineData("endpoints", """{ "name": "bad", "endpoints": [ { "address": "127.0.0.1", "port": 70000 } ] }""")]
    [InlineData("endpoints", """{ "name": "bad", "endpoints": [ { "address": "nowhere", "port": 2525 } ] }""")]
    [InlineData("defaultDomain", """{ "name": "bad", "endpoints": [ { "address": "127.0.0.1", "port": 15 } ], "defaultDomain": "not a domain" }""")]
    [InlineData("mailroot", """{ "name": "bad", "endpoints": [ { "address": "127.0.0.1", "port": 15 } ], "mailroot": "/etc/websmtp-mail" }""")]
    [InlineData("mailroot", """{ "name": "bad", "endpoints": [ { "address": "127.0.0.1", "port": 15 } ], "mailroot": "../outside" }""")]
    [InlineData("settings", """{ "name": "bad", "endpoints": [ { "address": "127.0.0.1", "port": 15 } ], "settings": { "maxHops": "many" } }""")]
    [InlineData("settings", """{ "name": "bad", "endpoints": [ { "address": "127.0.0.1", "port": 15 } ], "settings": { "maxHopps": 3 } }""")]
    public async Task A_site_that_cannot_be_is_not_made(string field, string body)
    {
        await using var site = await server.NewSiteAsync();
        var name = (await site.Api.GetAsync(site.Path))["name"]!.GetValue<string>();
        (await site.Api.SendAsync(HttpMethod.Post, "/sites", body.Replace("%NAME%", name, StringComparison.Ordinal))).Problem(HttpStatusCode.BadRequest, field);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("name", """{ "name": "not a domain", "kind": "remote", "route": { "type": "hold" } }""")]
    [InlineData("name", """{ "name": "*.*.example", "kind": "remote", "route": { "type": "hold" } }""")]
    [InlineData("route", """{ "name": "bad.example", "kind": "remote", "route": { "type": "hold", "turnAccounts": [ "nobody-at-all" ] } }""")]
    [InlineData("route", """{ "name": "bad.example", "kind": "remote", "route": { "type": "hold", "etrnTo": "no port" } }""")]
    [InlineData("route", """{ "name": "bad.example", "kind": "remote", "route": { "type": "drop", "directory": "/etc" } }""")]
    [InlineData("overrides", """{ "name": "bad.example", "kind": "remote", "route": { "type": "hold" }, "overrides": { "maxMessageSize": -1 } }""")]
    public async Task A_domain_that_cannot_be_is_not_made(string field, string body)
    {
        await using var site = await server.NewSiteAsync();
        (await site.Api.SendAsync(HttpMethod.Post, $"{site.Path}/domains", body)).Problem(HttpStatusCode.BadRequest, field);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_member_that_is_not_known_is_refused()
    {
        await using var site = await server.NewSiteAsync();
        (await site.Api.SendAsync(HttpMethod.Patch, site.Path, """{ "nmae": "typing error" }""")).Problem(HttpStatusCode.BadRequest);
        (await site.Api.SendAsync(HttpMethod.Post, "/accounts", """{ "username": "x", "password": "long enough", "enabeld": false }""")).Problem(HttpStatusCode.BadRequest);
    }
}
