using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>The server goes away and comes back under an open page.</summary>
public sealed class LostConnectionTests(Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task The_page_stays_readable_says_so_and_comes_back_by_itself()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        await site.HoldAsync("patient.example");
        await site.SendAsync("somebody@patient.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(server);
        await page.GoLiveAsync($"/held?site={site.Id}&sort=oldest");
        var loaded = LoadedAgain(page);

        await server.StopAsync(Stop);
        await Expect(page.GetByText("The connection to the server is lost")).ToBeVisibleAsync();
        await Expect(page.Locator("tr[data-domain='patient.example']")).ToBeVisibleAsync();
        await Expect(page.GetByText("Reconnecting", new() { Exact = true })).ToBeVisibleAsync();

        await server.StartAgainAsync(Stop);
        await loaded.WaitAsync(Stop);
        await page.LiveAsync();
        Assert.EndsWith($"/held?site={site.Id}&sort=oldest", page.Url, StringComparison.Ordinal);
        await Expect(page.Locator("tr[data-domain='patient.example'] .figure")).ToHaveTextAsync("1");
        await Expect(page.GetByText("The connection to the server is lost")).ToBeHiddenAsync();
        await site.SendAsync("somebody@patient.example", SampleMail.Plain("two"));
        await Expect(page.Locator("tr[data-domain='patient.example'] .figure")).ToHaveTextAsync("2");
    }

    [Fact(Timeout = Limits.Long)]
    public async Task What_was_typed_is_still_there()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        var page = await browser.OpenLoggedInAsync(server);
        await page.GoLiveAsync("/sites/1/domains");
        await page.GetByLabel("Name, without the #").FillAsync("half-typed");
        var loaded = LoadedAgain(page);

        await server.RestartAsync(Stop);

        await loaded.WaitAsync(Stop);
        await page.LiveAsync();
        await Expect(page.GetByLabel("Name, without the #")).ToHaveValueAsync("half-typed");
    }

    static Task LoadedAgain(IPage page)
    {
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        page.Load += (_, _) => loaded.TrySetResult();
        return loaded.Task;
    }
}
