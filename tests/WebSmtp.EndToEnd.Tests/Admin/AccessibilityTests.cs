using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>WCAG 2.2 AA as far as a program can tell, on every page, light and dark; narrow screens; the keyboard alone.</summary>
public sealed class AccessibilityTests(SharedServer server, Browser browser)
{
    [Theory(Timeout = Limits.Long)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Axe_finds_nothing_on_any_page(bool dark)
    {
        var axe = await Axe.LoadAsync();
        await using var site = await FilledSiteAsync();
        var stranger = await browser.OpenAsync(site.Server, new(Dark: dark));
        await stranger.GotoAsync("/login");
        await axe.LookAsync(stranger);
        var page = await browser.OpenLoggedInAsync(site.Server, new(Dark: dark));
        foreach (var path in await AdminPages.PathsAsync(site))
        {
            await page.GotoAsync(path);
            if (await page.Locator("[data-live]").CountAsync() > 0) await page.LiveAsync();
            await axe.LookAsync(page);
        }
        Assert.True(axe.Found.Count == 0, string.Join('\n', axe.Found));
    }

    [Theory(Timeout = Limits.Long)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Axe_finds_nothing_on_any_step_of_a_wizard(bool dark)
    {
        var axe = await Axe.LoadAsync();
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server, new(Dark: dark));

        await page.GotoAsync("/sites/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Looked at");
        await NextAsync();
        await Expect(page.GetByLabel("Port").First).ToBeVisibleAsync();
        await page.GetByLabel("Port").First.FillAsync($"{FreePorts.Next()}");
        await NextAsync();
        await Expect(page.GetByLabel("Mail root")).ToBeVisibleAsync();
        await NextAsync();
        await page.GetByLabel("Default domain").FillAsync("hub.example");
        await NextAsync();
        await Expect(page.Button("Create site")).ToBeVisibleAsync();
        await axe.LookAsync(page);

        foreach (var (choice, review) in new[] { ("To a smart host", false), ("Held until collected", true) })
        {
            await page.GotoAsync($"{site.Path}/domains/new");
            await page.GetByLabel("Name", new() { Exact = true }).FillAsync("not a domain");
            await NextAsync();
            // With the complaint.
            await Expect(page.Locator(".field.has-error")).ToBeVisibleAsync();
            await page.GetByLabel("Name", new() { Exact = true }).FillAsync("looked-at.example");
            await NextAsync();
            await page.GetByLabel(choice).CheckAsync();
            await NextAsync();
            await axe.LookAsync(page);
            if (!review) continue;
            await NextAsync();
            await Expect(page.Button("Add the domain")).ToBeVisibleAsync();
            await axe.LookAsync(page);
        }
        Assert.True(axe.Found.Count == 0, string.Join('\n', axe.Found));

        async Task NextAsync()
        {
            await axe.LookAsync(page);
            await page.Button("Next").ClickAsync();
        }
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
