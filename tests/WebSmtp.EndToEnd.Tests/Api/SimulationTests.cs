using System.Net;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>What would happen to a message, by REST and command line; and that it is what does happen.</summary>
public sealed class SimulationTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static Task<JsonNode> SimulateAsync(TestSite site, string client, string to, string? account = null, bool tls = false, string from = "a@sender.example") =>
        site.Api.PostAsync($"{site.Path}/simulate", new JsonObject
        {
            ["clientAddress"] = client, ["tls"] = tls, ["account"] = account, ["mailFrom"] = from, ["rcptTo"] = to,
        }.ToJsonString());

    [Fact(Timeout = Limits.Ordinary)]
    public async Task It_says_what_a_session_says()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example");
        await site.Api.PostAsync($"{site.Path}/domains", """{ "name": "never.example", "kind": "remote", "route": { "type": "refuse" } }""");
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.SayAsync("MAIL FROM:<a@sender.example>");
        await talk.ExpectAsync("250 *");
        foreach (var to in (string[])["user@held.example", "user@never.example", "user@hub.example", "user@elsewhere.example"])
        {
            var simulated = (await SimulateAsync(site, "127.0.0.1", to))["reply"]!.GetValue<string>();
            await talk.SayAsync($"RCPT TO:<{to}>");
            await talk.ExpectAsync(simulated);
        }
        Assert.Equal(0, await site.HeldAsync("held.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_client_its_log_in_and_tls_count()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        var refused = await SimulateAsync(site, "192.0.2.99", "user@elsewhere.example");
        Assert.Equal(("reject", "550 5.7.1 Unable to relay for <user@elsewhere.example>"), (refused["decision"]!.GetValue<string>(), refused["reply"]!.GetValue<string>()));
        Assert.Equal("RCPT", refused["steps"]!.AsArray()[^1]!["stage"]!.GetValue<string>());

        foreach (var tls in (bool[])[true, false])
        {
            var accepted = await SimulateAsync(site, "192.0.2.99", "user@elsewhere.example", account.Username, tls);
            Assert.True(accepted["decision"]!.GetValue<string>() is "accept", accepted.ToJsonString());
        }
        Assert.StartsWith("535", (await SimulateAsync(site, "192.0.2.99", "user@elsewhere.example", "nobody", tls: true))["reply"]!.GetValue<string>(), StringComparison.Ordinal);
        var wrong = await site.Api.SendAsync(HttpMethod.Post, $"{site.Path}/simulate", """{ "clientAddress": "here", "mailFrom": "", "rcptTo": "u@x.example" }""");
        wrong.Problem(HttpStatusCode.BadRequest, "clientAddress");
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("")]
    [InlineData("<>")]
    public async Task The_null_sender_is_a_sender(string from)
    {
        await using var site = await server.NewSiteAsync();
        var simulated = await SimulateAsync(site, "192.0.2.99", "user@hub.example", from: from);
        Assert.True(simulated["decision"]!.GetValue<string>() is "accept", simulated.ToJsonString());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_route_shows_hosts_in_order_with_tls_and_what_is_in_the_way()
    {
        await using var site = await server.NewSiteAsync();
        var domain = TestSite.Unique("routed") + ".example";
        server.Dns.Mx(domain, 20, $"second.{domain}").Mx(domain, 10, $"first.{domain}").Address($"first.{domain}", "127.0.0.2").Address($"second.{domain}", "127.0.0.3");
        var route = (await SimulateAsync(site, "127.0.0.1", $"user@{domain}"))["route"]!;
        Assert.Equal(("dns", null), (route["type"]!.GetValue<string>(), route["domainRule"]?.GetValue<string>()));
        Assert.Equal(
            [($"first.{domain}", "127.0.0.2", 25, "opportunistic"), ($"second.{domain}", "127.0.0.3", 25, "opportunistic")],
            route["hosts"]!.AsArray().Select(host => (host!["name"]!.GetValue<string>(), host["address"]!.GetValue<string>(), host["port"]!.GetValue<int>(), host["tls"]!.GetValue<string>())));

        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "*.{{domain}}", "kind": "remote", "route": { "type": "smartHost", "smartHost": { "host": "[127.0.0.1]", "port": {{FreePorts.Next()}}, "tls": "none" } } }
            """);
        route = (await SimulateAsync(site, "127.0.0.1", $"user@below.{domain}"))["route"]!;
        Assert.Equal(("smartHost", $"*.{domain}"), (route["type"]!.GetValue<string>(), route["domainRule"]!.GetValue<string>()));
        Assert.Empty(route["trouble"]!.AsArray());
        // Nobody listens there: after an attempt that is to be seen, here and in the list of routes.
        await site.SendAsync($"user@below.{domain}", "x\r\n"u8.ToArray());
        await Eventually.EqualAsync(1, async () => (await SimulateAsync(site, "127.0.0.1", $"user@below.{domain}"))["route"]!["trouble"]!.AsArray().Count);
        Assert.Contains(await site.Api.ListAsync("/routes"), one => one["siteId"]?.GetValue<int>() == site.Id && one["state"]!.GetValue<string>() is "coolingDown");

        var missing = (await SimulateAsync(site, "127.0.0.1", "user@missing.example"))["route"]!;
        Assert.Contains("550 5.1.2", missing["trouble"]![0]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_command_line_shows_it_in_words()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example");
        var shown = await Tool.RunAsync(ProgramFiles.Executable,
            ["simulate", $"{site.Id}", "--client", "192.0.2.99", "--from", "a@sender.example", "--to", "user@held.example", "--tls"], Stop, site.Server.Environment());
        Assert.True(shown.ExitCode == 0, shown.ToString());
        Assert.StartsWith("accept: 250", shown.Out, StringComparison.Ordinal);
        Assert.Contains("Route hold, by the domain rule held.example", shown.Out, StringComparison.Ordinal);
    }
}
