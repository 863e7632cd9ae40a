using System.Globalization;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Smart hosts, routes in trouble and collectors in the browser.</summary>
public sealed class RoutingScreenTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_smart_host_is_made_tested_and_not_deleted_while_it_is_used()
    {
        await using var sink = new RecordingSink(new() { Keywords = ["AUTH PLAIN"], ReplyTo = command => command.StartsWith("AUTH ", StringComparison.Ordinal) ? "535 5.7.8 Not you" : null });
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        var name = TestSite.Unique("relay");

        await page.GotoAsync("/smarthosts/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
        await page.GetByLabel("User name and password").CheckAsync();
        await page.GetByLabel("User name, or mailbox").FillAsync("anna");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync("planted secret");
        await page.GetByLabel("Name or [address]").FillAsync("[127.0.0.1]");
        await page.GetByLabel("Port").FillAsync(sink.Port.ToString(CultureInfo.InvariantCulture));
        await page.GetByLabel("TLS").SelectOptionAsync("None");
        await page.Button("Create smart host").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync($"{name} is made.");

        await page.Button("Test now").ClickAsync();
        await Expect(page.Locator("[data-test=failed]")).ToContainTextAsync("It failed at: Log-in.");
        await Expect(page.Locator("[data-step=logIn]")).ToContainTextAsync("535 5.7.8 Not you");
        Assert.DoesNotContain("planted secret", await page.ContentAsync(), StringComparison.Ordinal);

        await site.Api.PatchAsync(site.Path, $$"""{ "settings": { "smartHost": { "use": ["{{name}}"] } } }""");
        await page.GotoAsync($"/smarthosts/{name}");
        await page.Button("Delete").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("It is used by site");
        await page.Button("Delete the smart host").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("take it from there first");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_route_on_hold_says_why_and_is_tried_at_once()
    {
        var open = false;
        await using var sink = new RecordingSink(new()
        {
            Keywords = ["AUTH PLAIN"],
            ReplyTo = command => !command.StartsWith("AUTH ", StringComparison.Ordinal) ? null : Volatile.Read(ref open) ? "235 2.7.0 Welcome" : "535 5.7.8 Not you",
        });
        await using var site = await server.NewSiteAsync();
        var name = TestSite.Unique("held-relay");
        await site.Api.PostAsync("/smarthosts", $$"""
            { "name": "{{name}}", "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none", "auth": { "type": "password", "username": "anna", "password": "secret" } }
            """);
        await site.Api.PatchAsync(site.Path, $$"""{ "settings": { "smartHost": { "use": ["{{name}}"] } } }""");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync("/routes");

        await site.SendAsync("somebody@far.example", SampleMail.Plain("one"));
        var row = page.Locator($"tr[data-route='{name}'][data-state=onhold]").First;
        await Expect(row).ToContainTextAsync("did not let us log in");
        await Eventually.TrueAsync(async () => (await site.Api.ListAsync($"{site.Path}/queues"))[0] is var queue
            && queue["state"]!.GetValue<string>() is "retry" && queue["reason"]!.GetValue<string>().Contains("did not let us log in", StringComparison.Ordinal));

        Volatile.Write(ref open, true);
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("is tried now");
        await Eventually.TrueAsync(async () => (await site.Api.ListAsync($"{site.Path}/queues")).Count == 0);
        await Expect(page.Locator($"tr[data-route='{name}']")).ToHaveCountAsync(0);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_collector_is_made_and_run_and_shows_what_was_said()
    {
        await using var hub = await server.NewSiteAsync();
        await using var branch = await server.NewSiteAsync();
        var account = await hub.AddAccountAsync();
        await hub.HoldAsync("collected.example", account);
        await hub.SendAsync("user@collected.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        await branch.Api.PostAsync($"{branch.Path}/domains", """{ "name": "collected.example", "kind": "remote", "route": { "type": "drop" } }""");
        var page = await browser.OpenLoggedInAsync(branch.Server);

        await page.GotoAsync($"/collectors/new?site={branch.Id}");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("hub");
        await page.GetByLabel("Provider's host").FillAsync("127.0.0.1");
        await page.GetByLabel("Port").FillAsync(hub.Port.ToString(CultureInfo.InvariantCulture));
        await page.GetByLabel("TLS").SelectOptionAsync("Require");
        await page.GetByLabel("User name").FillAsync(account.Username);
        await page.GetByLabel("Password").FillAsync(account.Password);
        await page.GetByLabel("Domains").FillAsync("collected.example");
        await page.GetByLabel("On demand only").CheckAsync();
        await page.Button("Create collector").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("hub is made.");
        await page.LiveAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();

        await Expect(page.Locator("tr[data-run]").First).ToContainTextAsync("2 messages collected.");
        await Expect(page.Locator("[data-messages]")).ToContainTextAsync("2 messages");
        await Expect(page.Locator(".transcript")).ToContainTextAsync("ATRN collected.example");
        await Expect(page.Locator(".transcript")).Not.ToContainTextAsync(account.Password);
    }
}
