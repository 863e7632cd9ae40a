using WebSmtp.EndToEnd.Tests.Server;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>What would happen to a message, in the browser and over REST: as it is, and with a change that is not made yet.</summary>
public sealed class SimulateScreenTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_page_shows_the_conversation_and_the_rule_that_decided_and_its_address_can_be_passed_on()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("*.held.example");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync("/simulate");
        await page.GetByLabel("Site").SelectOptionAsync(site.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await page.GetByLabel("To", new() { Exact = true }).FillAsync("user@van.held.example user@elsewhere.example");
        await page.Button("Simulate").ClickAsync();

        await Expect(page.Locator(".sim")).ToHaveCountAsync(2);
        var held = page.Locator(".sim[data-decision=accept]");
        await Expect(held.Locator("tr[data-decided]")).ToContainTextAsync("allowRelay of *.held.example");
        await Expect(held).ToContainTextAsync("domain van.held.example");
        var refused = page.Locator(".sim[data-decision=reject]");
        await Expect(refused.Locator(".talk")).ToContainTextAsync("550 5.7.1 Unable to relay");
        await Expect(refused.Locator("tr[data-decided]")).ToContainTextAsync("relay.allowAddresses");

        var other = await browser.OpenLoggedInAsync(site.Server, new(JavaScript: false));
        await other.GotoAsync(page.Url);
        await Expect(other.Locator(".sim")).ToHaveCountAsync(2);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_sheet_tries_a_change_before_it_is_saved()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"{site.Path}/edit/access");
        await page.GetByLabel("Not these addresses").FillAsync("192.0.2.0/24");
        await page.GetByText("Try a message with these changes").ClickAsync();
        await page.GetByLabel("To", new() { Exact = true }).FillAsync("user@hub.example");
        await page.GetByLabel("From the address").PressAsync("Enter");

        await Expect(page.Locator(".sim[data-decision=reject] tr[data-decided]")).ToContainTextAsync("denyAddresses");
        Assert.Empty((await site.Api.GetAsync(site.Path))["settings"]!["denyAddresses"]!.AsArray());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_draft_over_REST_changes_nothing_and_is_judged_like_the_change()
    {
        await using var site = await server.NewSiteAsync();
        Task<System.Text.Json.Nodes.JsonNode> AskAsync(string draft) => site.Api.PostAsync($"{site.Path}/simulate", $$"""
            { "clientAddress": "192.0.2.99", "mailFrom": "a@sender.example", "rcptTo": "user@elsewhere.example", "draft": {{draft}} }
            """);
        Assert.Equal("reject", (await AskAsync("{}"))["decision"]!.GetValue<string>());
        var relayed = await AskAsync("""{ "settings": { "relay": { "allowAddresses": ["192.0.2.0/24"] } } }""");
        Assert.Equal("accept", relayed["decision"]!.GetValue<string>());
        var held = await AskAsync("""{ "domain": { "name": "elsewhere.example", "route": { "type": "hold", "etrn": true }, "overrides": { "maxMessageSize": 4096 } } }""");
        Assert.Equal(("accept", "hold"), (held["decision"]!.GetValue<string>(), held["route"]!["type"]!.GetValue<string>()));
        Assert.Equal("domain", held["limitsFrom"]!["maxMessageSize"]!.GetValue<string>());
        var bad = await site.Api.SendAsync(HttpMethod.Post, $"{site.Path}/simulate", """
            { "clientAddress": "192.0.2.99", "mailFrom": "", "rcptTo": "user@elsewhere.example", "draft": { "settings": { "maxHops": 0 } } }
            """);
        Assert.Equal(400, (int)bad.Status);
        Assert.Equal("reject", (await AskAsync("{}"))["decision"]!.GetValue<string>());
    }
}
