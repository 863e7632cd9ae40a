using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Which way mail will go, how much of its limits a route has used, and where a message came from.</summary>
public sealed class RouteTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_queue_says_which_way_mail_will_go_and_a_route_how_much_of_its_limits_is_used()
    {
        await using var sink = new RecordingSink(new());
        var name = TestSite.Unique("limited");
        var api = (await server.ProcessAsync()).Api;
        await api.PostAsync("/smarthosts", $$"""{ "name": "{{name}}", "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none", "limits": { "perDay": 1 } }""");
        await using var site = await server.NewSiteAsync();
        await site.Api.PostAsync($"{site.Path}/domains", $$"""{ "name": "by-smart-host.example", "kind": "remote", "allowRelay": true, "route": { "type": "smartHost", "smartHost": { "use": [ "{{name}}" ] } } }""");
        await site.SendAsync("one@by-smart-host.example", SampleMail.Plain("goes"));
        await sink.Host.WaitForAsync(1, Stop);
        await site.SendAsync("two@by-smart-host.example", SampleMail.Plain("waits"));
        await Eventually.EqualAsync("overBudget", async () => (await RouteAsync(name))?["state"]?.GetValue<string>());

        var route = (await RouteAsync(name))!;
        Assert.Equal((1L, 1), (route["budget"]!["today"]!.GetValue<long>(), route["budget"]!["perDay"]!.GetValue<int>()));
        Assert.Contains("was given its 1 messages of this day", route["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        await Eventually.EqualAsync($"smart host {name}", async () =>
            (await site.Api.ListAsync($"{site.Path}/queues")).FirstOrDefault(row => row["domain"]!.GetValue<string>() == "by-smart-host.example")?["willGoVia"]!.GetValue<string>());

        async Task<JsonNode?> RouteAsync(string wanted) => (await api.ListAsync("/routes")).FirstOrDefault(one => one["route"]!.GetValue<string>() == wanted);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Mail_that_waits_for_a_domains_hosts_will_go_over_its_mx()
    {
        await using var site = await server.NewSiteAsync("""{ "outboundPort": 1 }""");
        var domain = $"{TestSite.Unique("by-mx")}.example";
        server.Dns.Mx(domain, 10, $"mx.{domain}").Address($"mx.{domain}", "127.0.0.66");
        await site.Api.PostAsync($"{site.Path}/domains", $$"""{ "name": "{{domain}}", "kind": "remote", "allowRelay": true }""");
        await site.SendAsync($"one@{domain}", SampleMail.Plain("waits"));
        await Eventually.EqualAsync($"MX of {domain}", async () => (await site.Api.ListAsync($"{site.Path}/queues")) is [var row, ..] ? row["willGoVia"]!.GetValue<string>() : null);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_story_of_a_message_begins_with_where_it_came_from_and_why_it_was_taken()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("kept.example");
        var account = await site.AddAccountAsync();
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.StartTlsAsync();
            await talk.EhloAsync();
            await talk.LogInAsync(account);
            await talk.SendMailAsync("sender@away.example", ["user@kept.example"], SampleMail.Plain("one"));
        }
        var id = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();

        var received = (await site.Api.GetAsync($"/messages/{id}/trace"))["items"]![0]!;
        Assert.Equal(("received", "client.example", account.Username), (received["event"]!.GetValue<string>(), received["host"]!.GetValue<string>(), received["by"]!.GetValue<string>()));
        Assert.StartsWith("TLS 1.", received["tls"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Matches(@"^From 127\.0\.0\.1 by ESMTPSA, \d+ bytes, \S", received["detail"]!.GetValue<string>());
    }
}
