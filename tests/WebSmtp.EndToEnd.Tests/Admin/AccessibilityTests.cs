using System.Text.Json;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>WCAG 2.2 AA as far as a program can tell, on every page, light and dark; narrow screens; the keyboard alone.</summary>
public sealed class AccessibilityTests(SharedServer server, Browser browser)
{
    static readonly string AxePath = Path.Combine(ProgramFiles.Repository, "tests", "node_modules", "axe-core", "axe.min.js");

    [Theory(Timeout = Limits.Long)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Axe_finds_nothing_on_any_page(bool dark)
    {
        Assert.SkipUnless(File.Exists(AxePath), "axe-core is missing; tests/run installs it with npm.");
        await using var site = await FilledSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server, new(Dark: dark));
        var axe = await File.ReadAllTextAsync(AxePath, TestContext.Current.CancellationToken);
        var found = new List<string>();
        foreach (var path in await AdminPages.PathsAsync(site))
        {
            await page.GotoAsync(path);
            if (await page.Locator("[data-live]").CountAsync() > 0) await page.LiveAsync();
            // Evaluated, not added as a script: the pages' own policy allows no inline script.
            await page.EvaluateAsync(axe + ";null");
            var violations = await page.EvaluateAsync<JsonElement>(
                "() => axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v => `${v.impact} ${v.id}: ${v.nodes[0].html}`))");
            found.AddRange(violations.EnumerateArray().Select(violation => $"{path}: {violation.GetString()}"));
        }
        Assert.Empty(found);
    }

    [Theory(Timeout = Limits.Long)]
    [InlineData(320)]
    [InlineData(390)]
    public async Task Narrow_screens_need_no_scrolling_to_the_side(int width)
    {
        await using var site = await FilledSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server, new(Width: width));
        var wide = new List<string>();
        foreach (var path in await AdminPages.PathsAsync(site))
        {
            await page.GotoAsync(path);
            var excess = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            if (excess <= 0) continue;
            var widest = await page.EvaluateAsync<string>("[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth).pop()?.outerHTML.slice(0, 200)");
            wide.Add($"{path}: {excess} px, {widest}");
        }
        Assert.True(wide.Count == 0, string.Join('\n', wide));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_keyboard_alone_makes_a_domain()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/sites/{site.Id}/domains");

        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to the content" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(page, "Add a domain");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Heading("Add a domain")).ToBeVisibleAsync();
        await TabToAsync(page, "Name");
        await page.Keyboard.TypeAsync("typed.example");
        await page.Keyboard.PressAsync("Enter");
        foreach (var question in new[] { "Where does its mail go?", "Who collects it, and how much may wait?", "Is it right so?" })
        {
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = question })).ToBeVisibleAsync();
            await TabToAsync(page, question is "Is it right so?" ? "Add the domain" : "Next");
            await page.Keyboard.PressAsync("Enter");
        }

        await Expect(page.Answer()).ToContainTextAsync("typed.example is added.");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Times_are_the_readers_own_with_utc_beside_them()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("timed.example");
        await site.SendAsync("somebody@timed.example", SampleMail.Plain("one"));
        var message = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"));
        var received = DateTimeOffset.Parse(message["receivedAt"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
        var page = await browser.OpenLoggedInAsync(site.Server, new(TimeZone: "Asia/Kolkata"));

        await page.GoLiveAsync($"/messages/{message["id"]!.GetValue<string>()}");

        var time = page.Locator("dd time[data-time=full]").First;
        await Expect(time).ToContainTextAsync(received.ToOffset(new(5, 30, 0)).ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture));
        Assert.EndsWith($"{received.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC", await time.GetAttributeAsync("title"), StringComparison.Ordinal);

        await page.GoLiveAsync("/?range=1h");
        var bar = page.Locator("[data-chart=In] title[data-at]").Last;
        await Expect(bar).ToContainTextAsync(" UTC: ");
        var at = DateTimeOffset.Parse((await bar.GetAttributeAsync("data-at"))!, System.Globalization.CultureInfo.InvariantCulture);
        await Expect(bar).ToContainTextAsync(at.ToOffset(new(5, 30, 0)).ToString("HH:mm", System.Globalization.CultureInfo.InvariantCulture) + $" = {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC: ");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_colour_scheme_can_be_chosen_and_is_remembered()
    {
        var page = await browser.OpenLoggedInAsync(await server.ProcessAsync());
        await page.GotoAsync("/held");
        var ground = () => page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        var light = await ground();

        await page.Button("Dark").ClickAsync();

        await Expect(page.Button("Dark")).ToHaveAttributeAsync("aria-pressed", "true");
        Assert.EndsWith("/held", page.Url, StringComparison.Ordinal);
        Assert.NotEqual(light, await ground());
        await page.GotoAsync("/sites");
        Assert.NotEqual(light, await ground());
    }

    async Task<TestSite> FilledSiteAsync()
    {
        var site = await server.NewSiteAsync();
        await AdminPages.FillAsync(site);
        return site;
    }

    /// <summary>Presses Tab until what has this name has the focus.</summary>
    static async Task TabToAsync(IPage page, string name)
    {
        const string Focused = "(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()";
        for (var presses = 0; presses < 100; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<string>(Focused) == name) return;
        }
        Assert.Fail($"The keyboard does not reach '{name}'.");
    }
}
