using System.Globalization;
using System.Text.RegularExpressions;
using WebSmtp.EndToEnd.Tests.Server;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>When a collector runs, as it is chosen in its form.</summary>
public sealed class CollectorScheduleScreenTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_collector_runs_at_intervals_or_by_a_cron_expression()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"/collectors/new?site={site.Id}");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("timed");
        await page.GetByLabel("Provider's host").FillAsync("[127.0.0.1]");
        await page.GetByLabel("Port").FillAsync(FreePorts.Next().ToString(CultureInfo.InvariantCulture));
        await page.GetByLabel("User name").FillAsync("hub");
        await page.GetByLabel("Password").FillAsync("secret");
        await page.GetByLabel("At intervals").CheckAsync();
        await page.GetByLabel("Every", new() { Exact = true }).FillAsync("often");
        await page.Button("Create collector").ClickAsync();
        await Expect(page.Locator(".field.has-error")).ToContainTextAsync("'often' is not a number of minutes.");
        await page.GetByLabel("Every", new() { Exact = true }).FillAsync("2");
        await page.GetByLabel("Unit").SelectOptionAsync("days");
        await page.GetByLabel("Password").FillAsync("secret");
        await page.Button("Create collector").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("timed is made.");
        var next = page.Locator(".fact", new() { HasText = "Next run" });
        await Expect(next).ToContainTextAsync("every 2 days");

        await page.GotoAsync($"/collectors/{site.Id}/timed/edit");
        await Expect(page.GetByLabel("Every", new() { Exact = true })).ToHaveValueAsync("2");
        await page.GetByLabel("By a cron expression").CheckAsync();
        await page.GetByLabel("Minute hour day month weekday, in UTC").FillAsync("61 4 * * *");
        await page.Button("Save").ClickAsync();
        await Expect(page.Locator(".field.has-error")).ToContainTextAsync("Value must be a number between 0 and 59");
        await page.GetByLabel("Minute hour day month weekday, in UTC").FillAsync("30 4 * * *");
        await page.Button("Save").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync("timed is changed.");
        await Expect(next).ToContainTextAsync("30 4 * * * (UTC)");
        await Expect(next.Locator("time")).ToHaveAttributeAsync("datetime", new Regex("T04:30:00.000Z$", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Equal("30 4 * * *", (await site.Api.GetAsync($"{site.Path}/collectors/timed"))["schedule"]!.GetValue<string>());
    }
}
