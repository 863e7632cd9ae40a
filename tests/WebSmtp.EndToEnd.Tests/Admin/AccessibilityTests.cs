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
        foreach (var path in await PathsAsync(site))
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
        foreach (var path in await PathsAsync(site))
        {
            await page.GotoAsync(path);
            var excess = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            if (excess > 0) wide.Add($"{path}: {excess} px");
        }
        Assert.Empty(wide);
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
        var account = await site.AddAccountAsync("a.rather.long.name.of.an.account.for.the.host.of.a.branch.example");
        await site.HoldAsync("a-rather-long-name-of-a-domain.branch.example", account, """{ "maxMessages": 10 }""");
        await site.HoldAsync("*.wild.example");
        await site.Api.PostAsync($"{site.Path}/domains", """{ "name": "alias.example", "kind": "alias" }""");
        await site.Api.PostAsync("/smarthosts", $$"""{ "name": "a-rather-long-name-of-a-smart-host-{{site.Id}}", "host": "relay.example", "auth": { "type": "password", "username": "hub", "password": "open sesame" } }""");
        await site.Api.PostAsync($"{site.Path}/collectors", """{ "name": "a-rather-long-name-of-a-collector", "host": "odmr.provider.example", "method": "turn", "username": "hub", "password": "open sesame" }""");
        await site.SendAsync("somebody@a-rather-long-name-of-a-domain.branch.example", SampleMail.Plain("one"));
        await site.SendAsync("somebody@van.wild.example", SampleMail.Plain("two"));
        return site;
    }

    static async Task<IReadOnlyList<string>> PathsAsync(TestSite site)
    {
        var message = (await site.Api.ListAsync($"{site.Path}/messages"))[0]["id"]!.GetValue<string>();
        var account = (await site.Api.ListAsync("/accounts"))[0]["username"]!.GetValue<string>();
        var session = (await site.Api.ListAsync($"{site.Path}/sessions?history=true"))[0]["id"]!.GetValue<string>();
        return
        [
            "/", "/?range=7d", "/held", "/held/accounts", $"/held/{site.Id}/a-rather-long-name-of-a-domain.branch.example", $"/held/{site.Id}/*.wild.example", "/held/1/absent.example",
            "/queue", $"/queue?site={site.Id}", $"/messages?site={site.Id}", "/messages?site=1&domain=nothing.example", $"/messages/{message}", "/sessions",
            "/sessions?ended=true", $"/sessions/{session}", "/sessions/none", "/log", "/log?text=nothing-like-it", "/test", $"/test?site={site.Id}&message={message}",
            $"/held/{site.Id}/a-rather-long-name-of-a-domain.branch.example/collections/0",
            "/messages?q=nonsense:1", $"/messages/act?act=delete&q=site:{site.Id}", $"/messages/act?act=redirect&q=id:{message}", $"/messages/{message}?tab=headers",
            $"/messages/{message}?tab=html", $"/messages/{message}?tab=source", $"/messages/{message}/recipient?address=somebody@a-rather-long-name-of-a-domain.branch.example",
            "/operations", "/operations/0000000000000", "/trace", "/trace?sender=nobody@nowhere.example", "/search?q=alice@example.org", "/keyboard",
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
