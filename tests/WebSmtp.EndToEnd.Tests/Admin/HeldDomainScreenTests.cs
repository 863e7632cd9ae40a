using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>The page of one held domain: how much waited, who may fetch it and how often he comes, and sending it now.</summary>
public sealed class HeldDomainScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_backlog_of_days_the_oldest_message_and_the_usual_interval_are_shown()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync("usual");
        await site.HoldAsync("usual.example", account);
        await site.CameHourlyAsync("usual.example", account, last: DateTimeOffset.UtcNow.AddMinutes(-30));
        await site.WriteAsync(
            "INSERT INTO Backlog (SiteId, Domain, Minute, Messages, Bytes) VALUES ($site, 'usual.example', $minute, 7, 4096)",
            ("$site", site.Id), ("$minute", DateTimeOffset.UtcNow.AddDays(-2).ToUnixTimeSeconds() / 60));
        await site.SendAsync("somebody@usual.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GoLiveAsync($"/held/{site.Id}/usual.example");

        var backlog = page.Locator("section[aria-labelledby=backlog]");
        await Expect(backlog.Locator("svg[role=img]")).ToHaveAttributeAsync("aria-label", "Backlog of the last 7 days: at most 7 messages, now 1.");
        await backlog.GetByText("As a table").ClickAsync();
        await Expect(backlog.Locator("tbody tr").First).ToContainTextAsync("1");
        await Expect(backlog.Locator("tbody tr").Last).ToContainTextAsync("74.0 KiB");
        await Expect(Fact("Oldest")).ToContainTextAsync("under 1 min");
        await Expect(Fact("Usually comes")).ToContainTextAsync("every 60 minutes");
        await Expect(Fact("Usually comes")).ToContainTextAsync("overdue in 1 h");
        await Expect(Fact("Usually comes").Locator(".badge")).ToHaveCountAsync(0);
        await Expect(Fact("Who may collect").Locator(".chip")).ToHaveTextAsync([account.Username, "ETRN"]);
        await Expect(page.Locator("[data-collection=ended]")).ToHaveCountAsync(5);

        ILocator Fact(string label) => page.Locator(".fact", new() { HasText = label });
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_is_frozen_of_held_mail_is_told()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("cold.example");
        await site.SendAsync("somebody@cold.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/held/{site.Id}/cold.example");
        await Expect(page.Locator("[data-frozen]")).ToHaveCountAsync(0);

        var id = (await site.Api.ListAsync($"{site.Path}/messages"))[0]["id"];
        await site.Api.PostAsync("/messages/actions", $$"""{ "action": "freeze", "q": "site:{{site.Id}} id:{{id}}" }""");
        await Expect(page.Locator("[data-held-messages]")).ToHaveTextAsync("2 messages");
        await Expect(page.Locator("[data-frozen]")).ToHaveTextAsync("1 of them frozen");
        await page.GoLiveAsync($"/held?site={site.Id}");
        await Expect(page.Locator("tr[data-domain='cold.example'] [data-frozen]")).ToHaveTextAsync("1 of them frozen");

        await site.Api.PostAsync("/messages/actions", $$"""{ "action": "freeze", "q": "site:{{site.Id}}" }""");
        await Expect(page.Locator("tr[data-domain='cold.example'] [data-frozen]")).ToHaveTextAsync("all frozen");
        await page.GoLiveAsync($"/held/{site.Id}/cold.example");
        await Expect(page.GetByText("All of it is frozen")).ToBeVisibleAsync();
        await page.Locator("[data-frozen]").ClickAsync();
        await Expect(page.Locator("tr[data-message]")).ToHaveCountAsync(2);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Collect_now_sends_what_is_held_to_its_host()
    {
        await using var sink = new RecordingSink();
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("pushed.example", route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
        await site.SendAsync("somebody@pushed.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/held/{site.Id}/pushed.example");

        await page.Button("Collect now").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync("Sending 2 messages to the host of pushed.example. What it does not take stays held.");
        Assert.Equal(2, (await sink.Host.WaitForAsync(2, Stop)).Count);
        var run = page.Locator("[data-collection=ended]");
        await Expect(run).ToContainTextAsync("Ordered here");
        await Expect(run).ToContainTextAsync("2 taken");
        await Expect(page.Locator("[data-held-messages]")).ToHaveTextAsync("0 messages");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_notes_for_Postfix_Exchange_and_our_own_collector_name_this_site_and_work()
    {
        await using var site = await server.NewSiteAsync();
        await using var branch = await server.NewSiteAsync();
        var account = await site.AddAccountAsync("noted");
        await site.HoldAsync("noted.example", account);
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GotoAsync($"/held/{site.Id}/noted.example");

        await Expect(page.GetByLabel("Postfix, in main.cf and as a cron job")).ToContainTextAsync($"Port => {site.Port}");
        await Expect(page.GetByLabel("Postfix, in main.cf and as a cron job")).ToContainTextAsync("etrn(\"noted.example\")");
        await Expect(page.Locator("[aria-labelledby=set-up]")).ToContainTextAsync($"choose ETRN and name the domain; for TURN give the account {account.Username} under Outbound Security");
        await Expect(page.GetByLabel("Any SMTP host").Last).ToContainTextAsync("ETRN noted.example");
        var collectors = await page.GetByLabel("Another WebSmtp (its collector)", new() { Exact = true }).AllInnerTextsAsync();
        Assert.Equal(2, collectors.Count);
        foreach (var line in collectors[0].Replace("\\\n", "", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] words = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
            // The other side's site, and a password that is not asked for at a terminal.
            words[3] = $"{branch.Id}";
            if (words[1] is "collectors") words = [.. words, "--password-stdin", "--disabled"];
            var ended = await Tool.RunAsync(ProgramFiles.Executable, words[1..], Stop, branch.Server.Environment(), input: "secret\n"u8.ToArray());
            Assert.True(ended.ExitCode == 0, ended.ToString());
        }
        var collector = Assert.Single(await branch.Api.ListAsync($"{branch.Path}/collectors"));
        Assert.Equal(("hub.example", site.Port, "atrn", account.Username), (
            collector["host"]!.GetValue<string>(), collector["port"]!.GetValue<int>(), collector["method"]!.GetValue<string>(), collector["username"]!.GetValue<string>()));
    }
}
