using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Who stays away, what is stuck and since when: seen on the overview, and each with its link.</summary>
public sealed class OverdueScreenTests(Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    // A server of its own: the overview shows what is the matter with all sites.
    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_overdue_host_a_refused_log_in_and_the_oldest_message_stand_on_the_overview_until_they_are_mended()
    {
        var open = false;
        await using var sink = new RecordingSink(new()
        {
            Keywords = ["AUTH PLAIN"],
            ReplyTo = command => !command.StartsWith("AUTH ", StringComparison.Ordinal) ? null : Volatile.Read(ref open) ? "235 2.7.0 Welcome" : "535 5.7.8 Not you",
        });
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(own);
        var account = await site.AddAccountAsync();
        await site.HoldAsync("away.branch.example", account);
        await site.SendAsync("somebody@away.branch.example", SampleMail.Plain("one"));
        await site.CameHourlyAsync("away.branch.example", account, last: DateTimeOffset.UtcNow.AddDays(-1));
        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "refused.example", "allowRelay": true, "route": { "type": "smartHost",
              "smartHost": { "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none", "username": "anna", "password": "secret" } } }
            """);
        await site.SendAsync("somebody@refused.example", SampleMail.Plain("two"));
        var page = await browser.OpenLoggedInAsync(own);
        var (overdue, onHold) = (page.Locator("[data-alarm=HostOverdue]"), page.Locator("[data-alarm=RouteOnHold]"));

        await page.GoLiveAsync("/");
        await Expect(overdue).ToContainTextAsync("The host of away.branch.example is overdue: it usually comes every 60 minutes");
        await Expect(onHold.First).ToContainTextAsync("did not let us log in");
        await Expect(onHold.First.GetByRole(AriaRole.Link)).ToHaveAttributeAsync("href", "/routes");
        await Expect(page.Locator("#verdict")).ToContainTextAsync("failed");
        await Expect(page.Locator("section[aria-labelledby=held] li", new() { HasText = "away.branch.example" }).Locator(".badge")).ToHaveTextAsync("overdue");
        await Expect(page.Locator(".tile", new() { HasText = "To be sent" }).Locator(".tile-note")).ToContainTextAsync("oldest");
        await Expect(page.Locator(".tile[href='/held?sort=oldest'] .tile-note")).ToContainTextAsync("oldest");

        await page.GoLiveAsync("/held?sort=overdue");
        await Expect(page.Locator("tr[data-domain='away.branch.example']")).ToContainTextAsync("usually every 60 minutes");
        await Expect(page.Locator("tr[data-domain='away.branch.example'] .badge")).ToHaveTextAsync("overdue");
        await page.GoLiveAsync("/held/accounts");
        await Expect(page.Locator($"tr[data-account='{account.Username}'] .badge").First).ToHaveTextAsync("overdue");
        await page.GoLiveAsync("/");
        await overdue.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Heading("away.branch.example")).ToBeVisibleAsync();
        await page.LiveAsync();
        var usual = page.Locator(".fact", new() { HasText = "Usually comes" });
        await Expect(usual).ToContainTextAsync("overdue since 22 h");

        await TurnHost.CollectAsync(site, account, Stop);
        Volatile.Write(ref open, true);
        await site.Api.PostAsync($"{site.Path}/queues/refused.example/retry");
        await sink.Host.WaitForAsync(1, Stop);

        await Expect(usual).Not.ToContainTextAsync("overdue since");
        await page.GoLiveAsync("/");
        await Expect(page.Locator("#verdict")).ToHaveTextAsync("All is well");
        await Expect(page.Locator("section[aria-labelledby=held] .badge")).ToHaveCountAsync(0);
    }
}
