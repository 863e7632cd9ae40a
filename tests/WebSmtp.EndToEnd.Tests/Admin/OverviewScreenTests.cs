using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Collecting;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>The first page: is all well, what moves, and where each number leads.</summary>
public sealed class OverviewScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_alarm_comes_and_goes_and_mail_shows_in_the_charts_while_one_looks()
    {
        await using var site = await server.NewSiteAsync();
        var domain = $"{TestSite.Unique("alarm")}.example";
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync("/?range=1h");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "1 hour" })).ToHaveAttributeAsync("aria-current", "true");
        var accepted = page.Locator("[data-chart=In] .chart-key strong").First;
        var before = int.Parse((await accepted.InnerTextAsync()).Replace(",", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);

        await site.HoldAsync(domain, route: """{ "etrn": false }""");
        var alarm = page.Locator("[data-alarm=NobodyCollects]", new() { HasText = domain });
        await Expect(alarm).ToBeVisibleAsync();
        await site.SendAsync($"somebody@{domain}", SampleMail.Plain("one"), SampleMail.Plain("two"));
        await Expect(accepted).Not.ToHaveTextAsync(before.ToString("N0", System.Globalization.CultureInfo.InvariantCulture));
        await page.Locator("[data-chart=In]").GetByText("As a table").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "In, as a table" }).GetByRole(AriaRole.Row)).Not.ToHaveCountAsync(1);

        await alarm.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Heading(domain)).ToBeVisibleAsync();
        await site.Api.PatchAsync($"{site.Path}/domains/{domain}", """{ "route": { "etrn": true } }""");
        await page.GoLiveAsync("/");
        await Expect(alarm).ToHaveCountAsync(0);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task All_alarms_are_there_for_who_wants_them()
    {
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(own);
        for (var i = 0; i < 14; i++) await site.HoldAsync($"alarm{i}.example", route: """{ "etrn": false }""");
        var page = await browser.OpenLoggedInAsync(own);

        await page.GoLiveAsync("/");
        await Expect(page.Locator("[data-alarm]:visible")).ToHaveCountAsync(12);
        await page.GetByText("2 more", new() { Exact = true }).ClickAsync();
        await Expect(page.Locator("[data-alarm]:visible")).ToHaveCountAsync(14);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_tab_that_nobody_looks_at_rests_and_is_right_when_one_looks_again()
    {
        await using var site = await server.NewSiteAsync();
        var domain = $"{TestSite.Unique("rests")}.example";
        await site.HoldAsync(domain);
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/held?site={site.Id}");
        var figure = page.Locator($"tr[data-domain='{domain}'] .figure");
        await HideAsync(page, true);

        await site.SendAsync($"somebody@{domain}", SampleMail.Plain("one"));
        var looking = await browser.OpenLoggedInAsync(site.Server);
        await looking.GoLiveAsync($"/held?site={site.Id}");
        await Expect(looking.Locator($"tr[data-domain='{domain}'] .figure")).ToHaveTextAsync("1");
        // It may just have begun to look when it was told to rest.
        var rests = await figure.InnerTextAsync();
        await site.SendAsync($"somebody@{domain}", SampleMail.Plain("two"));
        await Expect(looking.Locator($"tr[data-domain='{domain}'] .figure")).ToHaveTextAsync("2");
        await Expect(figure).ToHaveTextAsync(rests);

        await HideAsync(page, false);
        await Expect(figure).ToHaveTextAsync("2");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Held_mail_is_shown_by_account_as_well()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync("byaccount");
        await site.HoldAsync("first.example", account);
        await site.HoldAsync("second.example", account);
        await site.SendAsync("somebody@first.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync("/held/accounts");
        var row = page.Locator($"tr[data-account='{account.Username}']");
        await Expect(row).ToContainTextAsync("second.example");
        await Expect(row.Locator(".figure")).ToHaveTextAsync("1");

        await TurnHost.CollectAsync(site, account, Stop);

        await Expect(row.Locator(".figure")).ToHaveTextAsync("0");
        await Expect(row).ToContainTextAsync("by TURN");
        await row.GetByRole(AriaRole.Link, new() { Name = account.Username, Exact = true }).ClickAsync();
        await Expect(page.Heading(account.Username)).ToBeVisibleAsync();
        await Expect(page.Locator("[data-held-messages]")).ToHaveTextAsync("0 messages");
        await Expect(page.Locator("li[data-domain]")).ToHaveCountAsync(2);
        await site.SendAsync("somebody@second.example", SampleMail.Plain("two"));
        await Expect(page.Locator("[data-held-messages]")).ToHaveTextAsync("1 message");
        await page.GetByRole(AriaRole.Link, new() { Name = "Transcript" }).ClickAsync();
        await Expect(page.Heading("Collection")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Each_account_has_its_own_last_collection_of_a_domain_that_two_may_collect()
    {
        await using var site = await server.NewSiteAsync();
        var (first, second) = (await site.AddAccountAsync("first"), await site.AddAccountAsync("second"));
        await site.HoldAsync("shared.example", first);
        await site.Api.PatchAsync($"{site.Path}/domains/shared.example", $$"""{ "route": { "turnAccounts": ["{{first.Username}}", "{{second.Username}}"] } }""");
        foreach (var account in new[] { first, second })
        {
            await site.SendAsync("somebody@shared.example", SampleMail.Plain("one"));
            await TurnHost.CollectAsync(site, account, Stop);
        }
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GoLiveAsync("/held/accounts");

        await Expect(page.Locator($"tr[data-account='{first.Username}']")).ToContainTextAsync($"{first.Username} from 127.0.0.1 by TURN");
        await Expect(page.Locator($"tr[data-account='{second.Username}']")).ToContainTextAsync($"{second.Username} from 127.0.0.1 by TURN");
    }

    /// <summary>As the browser does when another tab is brought to the front.</summary>
    static Task HideAsync(IPage page, bool hidden) => page.EvaluateAsync(
        """
        hidden => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }
        """, hidden);
}
