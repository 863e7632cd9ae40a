using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Every page of the web admin, with something to show, with nothing, and with a mistake in its address.</summary>
static class AdminPages
{
    /// <summary>What a smart host and a collector log in with.</summary>
    public const string Secret = "planted open sesame 4711";

    /// <summary>Gives a site what its pages show: names of the greatest length, mail, routes.</summary>
    /// <returns>The account that may collect.</returns>
    public static async Task<MailAccount> FillAsync(TestSite site)
    {
        var account = await site.AddAccountAsync("a.rather.long.name.of.an.account.for.the.host.of.a.branch.example");
        await site.HoldAsync("a-rather-long-name-of-a-domain.branch.example", account, """{ "maxMessages": 10 }""");
        await site.HoldAsync("*.wild.example");
        await site.Api.PostAsync($"{site.Path}/domains", """{ "name": "alias.example", "kind": "alias" }""");
        await site.Api.PostAsync("/smarthosts", $$"""{ "name": "a-rather-long-name-of-a-smart-host-{{site.Id}}", "host": "relay.example", "auth": { "type": "password", "username": "hub", "password": "{{Secret}}" } }""");
        await site.Api.PostAsync($"{site.Path}/collectors", $$"""{ "name": "a-rather-long-name-of-a-collector", "host": "odmr.provider.example", "method": "turn", "username": "hub", "password": "{{Secret}}" }""");
        await site.SendAsync("somebody@a-rather-long-name-of-a-domain.branch.example", SampleMail.Plain("collected"));
        await TurnHost.CollectAsync(site, account, TestContext.Current.CancellationToken);
        await site.SendAsync("somebody@a-rather-long-name-of-a-domain.branch.example", SampleMail.Plain("one"));
        await site.SendAsync("somebody@van.wild.example", SampleMail.Plain("two"));
        await site.Api.PostAsync($"{site.Path}/messages/actions", """{ "action": "retry", "filter": { "state": "held" } }""");
        return account;
    }

    /// <summary>Of a site that was filled.</summary>
    public static async Task<IReadOnlyList<string>> PathsAsync(TestSite site)
    {
        var message = (await site.Api.ListAsync($"{site.Path}/messages"))[0]["id"]!.GetValue<string>();
        var account = (await site.Api.ListAsync("/accounts"))[0]["username"]!.GetValue<string>();
        var collection = (await site.Api.ListAsync($"{site.Path}/domains/a-rather-long-name-of-a-domain.branch.example/collections"))[0]["id"];
        var operation = (await site.Api.ListAsync("/operations")).First(one => one["siteId"]?.GetValue<int>() == site.Id)["id"]!.GetValue<string>();
        var session = (await site.Api.ListAsync($"{site.Path}/sessions?history=true"))[0]["id"]!.GetValue<string>();
        return
        [
            "/", "/?range=7d", "/held", "/held/accounts", "/held/accounts/absent", $"/held/accounts/{account}", $"/held/{site.Id}/a-rather-long-name-of-a-domain.branch.example", $"/held/{site.Id}/*.wild.example", "/held/1/absent.example",
            "/queue", $"/queue?site={site.Id}", $"/messages?site={site.Id}", "/messages?site=1&domain=nothing.example", $"/messages/{message}", "/sessions",
            "/sessions?ended=true", $"/sessions/{session}", "/sessions/none", "/log", "/log?text=nothing-like-it", "/test", $"/test?site={site.Id}&message={message}",
            .. new[] { "0", $"{collection}" }.Select(id => $"/held/{site.Id}/a-rather-long-name-of-a-domain.branch.example/collections/{id}"),
            "/messages?q=nonsense:1", $"/messages/act?act=delete&q=site:{site.Id}", $"/messages/act?act=redirect&q=id:{message}", $"/messages/{message}?tab=headers",
            .. new[] { "text", "html", "attachments", "source" }.Select(tab => $"/messages/{message}?tab={tab}"),
            "/operations", $"/operations/{operation}", "/operations/0000000000000", $"/messages/{message}/recipient?address=somebody@a-rather-long-name-of-a-domain.branch.example",
            "/trace", "/trace?sender=nobody@nowhere.example", "/search?q=alice@example.org", "/keyboard",
            "/sites", "/sites/1", "/sites/1/delete", "/sites/new", $"/sites/{site.Id}", $"/sites/{site.Id}/edit", $"/sites/{site.Id}/delete", $"/sites/{site.Id}/domains",
            $"/sites/{site.Id}/domains/new", $"/sites/{site.Id}/domains/a-rather-long-name-of-a-domain.branch.example", $"/sites/{site.Id}/domains/alias.example",
            $"/sites/{site.Id}/domains/hub.example", .. new[] { "access", "messages", "delivery", "folders", "tls" }.Select(sheet => $"/sites/{site.Id}/edit/{sheet}"),
            $"/sites/{site.Id}/domains/a-rather-long-name-of-a-domain.branch.example/settings/delivery", $"/sites/{site.Id}/domains/hub.example/dns",
            "/simulate", $"/simulate?site={site.Id}&client=192.0.2.99&from=a@sender.example&to=somebody@van.wild.example%20user@elsewhere.example", "/accounts", "/accounts/new", $"/accounts/{account}", "/password", "/no-such-page",
            "/users", "/users/new", "/users/admin", "/users/nobody", "/keys", "/audit", "/audit?actor=nobody", "/about", "/start", "/start?step=route",
            "/smarthosts", "/smarthosts/new", $"/smarthosts/a-rather-long-name-of-a-smart-host-{site.Id}", $"/smarthosts/a-rather-long-name-of-a-smart-host-{site.Id}/edit",
            "/collectors", "/collectors/new", $"/collectors/{site.Id}/a-rather-long-name-of-a-collector", $"/collectors/{site.Id}/a-rather-long-name-of-a-collector/edit", "/routes",
        ];
    }
}
