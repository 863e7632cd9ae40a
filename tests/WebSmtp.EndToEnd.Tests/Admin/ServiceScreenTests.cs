using System.Text.RegularExpressions;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>The service itself: what it runs on, what it records, and how long it keeps who did what.</summary>
public sealed partial class ServiceScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Versions_health_storage_and_limits_are_those_that_rest_tells()
    {
        await using var site = await server.NewSiteAsync("""{ "maxMessageSize": 1048576, "maxConnections": 77 }""");
        var status = await site.Api.GetAsync("/service/status");
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GotoAsync("/about");

        var versions = page.Locator("section[aria-labelledby=versions]");
        foreach (var fact in new[] { status["version"], status["runtime"], status["operatingSystem"], status["node"], status["database"]!["version"] })
            await Expect(versions).ToContainTextAsync(fact!.GetValue<string>());
        await Expect(page.Locator("#health")).ToContainTextAsync("Ready");
        await Expect(page.Locator("section[aria-labelledby=storage] li", new() { HasText = site.Server.DataDirectory }).First).ToContainTextAsync("iB free");
        await Expect(page.Locator("section[aria-labelledby=limits] tr", new() { Has = page.Locator($"a[href='{site.Path}']") })).ToContainTextAsync(SiteLimits());
        Assert.Equal("ready", status["health"]!["status"]!.GetValue<string>());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_a_site_records_is_switched_on_the_page_of_the_log_and_what_is_shown_is_downloaded()
    {
        await using var site = await server.NewSiteAsync();
        var name = (await site.Api.GetAsync(site.Path))["name"]!.GetValue<string>();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"/log?site={site.Id}");
        await page.GetByLabel($"What {name} records").SelectOptionAsync("file");
        await page.Button($"Save for {name}").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync($"{name} records in memory and files.");

        await site.SendAsync("somebody@hub.example", SampleMail.Plain("one"));
        await Eventually.EqualAsync(1, async () => (await site.Api.ListAsync($"{site.Path}/log/files")).Count);

        await page.GotoAsync($"/log?site={site.Id}&text=rcpt");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "This view" }).ClickAsync());
        Assert.Equal("protocol.log", download.SuggestedFilename);
        await using (var content = await download.CreateReadStreamAsync())
        {
            using var text = new StreamReader(content);
            Assert.EndsWith("C: RCPT TO:<somebody@hub.example>", (await text.ReadToEndAsync(Stop)).TrimEnd(), StringComparison.Ordinal);
        }
        var file = page.Locator("section[aria-labelledby=files] tbody a");
        download = await page.RunAndWaitForDownloadAsync(() => file.ClickAsync());
        Assert.Equal(await file.InnerTextAsync(), download.SuggestedFilename);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task How_long_the_audit_record_is_kept_is_changed_after_a_question()
    {
        var process = await server.ProcessAsync();
        var page = await browser.OpenLoggedInAsync(process);
        await page.GotoAsync("/audit");
        foreach (var days in new[] { "400", "365" })
        {
            await page.Button("Keep for…").ClickAsync();
            await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("What is older is deleted within a minute, for good.");
            await page.GetByLabel("Days").FillAsync(days);
            await page.Button("Keep it so long").ClickAsync();
            await Expect(page.Answer()).ToContainTextAsync($"The audit record is kept for {days} days.");
            await Expect(page.Locator(".page-lead")).ToContainTextAsync($"Kept for {days} days.");
        }
        await Expect(page.Locator(".audit-entry", new() { HasText = "auditDays" }).First).ToContainTextAsync("400");
    }

    [GeneratedRegex("1\\.0 MiB\\s*1,000\\s*77", RegexOptions.None, 1000)]
    private static partial Regex SiteLimits();
}
