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
        await using var site = await TestSite.CreateAsync(server);
        await site.HoldAsync("patient.example");
        await site.SendAsync("somebody@patient.example", SampleMail.Plain("one"));
        var message = Assert.Single(await server.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();
        var first = await browser.OpenLoggedInAsync(server);
        var open = new List<(IPage Page, string Label, Task Loaded)>();
        // A form that posts, one of several lines, filters, and the field that is on every page.
        foreach (var (path, label) in new[]
        {
            ("/sites/1/domains", "Name, without the #"), ($"/test?site={site.Id}&message={message}", "Text"), ("/log", "Text"), ("/sessions", "Address"), ($"{site.Path}/edit/Access", "Not these addresses"),
            ($"{site.Path}/domains/patient.example", "After ETRN, send to optional"), ("/queue", "Find a message, address, domain, IP address, reply or log line"),
        })
        {
            var page = open.Count is 0 ? first : await first.Context.NewPageAsync();
            await page.GoLiveAsync(path);
            await page.GetByLabel(label, new() { Exact = true }).FillAsync("half-typed");
            open.Add((page, label, LoadedAgain(page)));
        }

        await server.RestartAsync(Stop);

        foreach (var (page, label, loaded) in open)
        {
            await loaded.WaitAsync(Stop);
            await page.LiveAsync();
            await Expect(page.GetByLabel(label, new() { Exact = true })).ToHaveValueAsync("half-typed");
        }
    }

    [Fact(Timeout = Limits.Long)]
    public async Task A_secret_that_was_typed_is_not_kept_by_the_browser()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        var page = await browser.OpenLoggedInAsync(server);
        await page.GotoAsync("/smarthosts/new");
        await page.GetByLabel("User name and password").CheckAsync();
        await page.GetByLabel("User name, or mailbox").FillAsync("anna");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync("planted");
        var key = page.Locator("textarea[name=clientCertificate]");
        await key.EvaluateAsync("field => field.value = 'planted'");
        var loaded = LoadedAgain(page);

        // As when the server does not know the page any more.
        await page.EvaluateAsync("document.getElementById('components-reconnect-modal').dispatchEvent(new CustomEvent('components-reconnect-state-changed', { detail: { state: 'failed' } }))");

        await loaded.WaitAsync(Stop);
        await Expect(page.GetByLabel("User name, or mailbox")).ToHaveValueAsync("anna");
        await Expect(page.GetByLabel("Password", new() { Exact = true })).ToHaveValueAsync("");
        await Expect(key).ToHaveValueAsync("");
    }

    [Fact(Timeout = Limits.Long)]
    public async Task What_is_saved_while_the_server_is_away_is_said_not_to_be_and_can_be_saved_afterwards()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        var page = await browser.OpenLoggedInAsync(server);
        await page.GoLiveAsync("/sites/1/edit/messages");
        await page.GetByLabel("Largest message", new() { Exact = true }).FillAsync("7 MB");
        var loaded = LoadedAgain(page);
        var save = page.Button("Save").Last;
        var unsent = page.GetByText("The server could not be reached, so nothing was changed.");

        await server.StopAsync(Stop);
        await save.ClickAsync();
        await Expect(unsent).ToBeVisibleAsync();
        await Expect(save).Not.ToHaveAttributeAsync("aria-busy", "true");
        await Expect(page.GetByLabel("Largest message", new() { Exact = true })).ToHaveValueAsync("7 MB");

        await server.StartAgainAsync(Stop);
        await loaded.WaitAsync(Stop);
        await Expect(page.GetByLabel("Largest message", new() { Exact = true })).ToHaveValueAsync("7 MB");
        await save.ClickAsync();
        await Expect(page.Answer()).ToBeVisibleAsync();
        await Expect(unsent).ToBeHiddenAsync();
        Assert.Equal(7_000_000, (await server.Api.GetAsync("/sites/1"))["settings"]!["maxMessageSize"]!.GetValue<long>());
    }

    [Fact(Timeout = Limits.Long)]
    public async Task Every_page_that_lives_comes_back_with_its_filters()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        await AdminPages.FillAsync(site);
        var message = (await server.Api.ListAsync($"{site.Path}/messages"))[0]["id"]!.GetValue<string>();
        var first = await browser.OpenLoggedInAsync(server);
        var open = new List<(IPage Page, string Path, Task Loaded)>();
        foreach (var path in (string[])[
            "/?range=7d", "/held/accounts", $"/held/{site.Id}/a-rather-long-name-of-a-domain.branch.example", $"/queue?site={site.Id}", $"/messages/{message}",
            $"/sessions?site={site.Id}", "/log?text=nothing-like-it", "/operations", "/routes", "/smarthosts", "/collectors", "/sites", $"/sites/{site.Id}"])
        {
            var page = open.Count is 0 ? first : await first.Context.NewPageAsync();
            await page.GoLiveAsync(path);
            open.Add((page, page.Url, LoadedAgain(page)));
        }

        await server.RestartAsync(Stop);

        foreach (var (page, url, loaded) in open)
        {
            await loaded.WaitAsync(Stop);
            await page.LiveAsync();
            Assert.Equal(url, page.Url);
            await Expect(page.GetByText("The connection to the server is lost")).ToBeHiddenAsync();
        }
    }

    static Task LoadedAgain(IPage page)
    {
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        page.Load += (_, _) => loaded.TrySetResult();
        return loaded.Task;
    }

    [Fact(Timeout = Limits.Long)]
    public async Task What_was_answered_while_the_page_found_its_way_back_is_still_read()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        var page = await browser.OpenLoggedInAsync(server);
        await page.GoLiveAsync("/sites/1/edit/messages");
        await page.GetByLabel("Largest message", new() { Exact = true }).FillAsync("7 MB");
        await page.Button("Save").Last.ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("is changed.");
        var loaded = LoadedAgain(page);

        await page.EvaluateAsync("document.getElementById('components-reconnect-modal').dispatchEvent(new CustomEvent('components-reconnect-state-changed', { detail: { state: 'failed' } }))");
        await loaded.WaitAsync(Stop);
        await Expect(page.Answer()).ToContainTextAsync("is changed.");

        await page.ReloadAsync();
        await Expect(page.Answer()).ToHaveCountAsync(0);
    }
}
