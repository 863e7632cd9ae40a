using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Server;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Each way that a remote domain's mail can go, chosen when the domain is made.</summary>
public sealed class DomainRouteScreenTests(SharedServer server, Browser browser)
{
    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("To its hosts from DNS", "to its hosts from DNS", """{ "type": "dns" }""")]
    [InlineData("Nowhere: refused", "nowhere: it is refused", """{ "type": "refuse" }""")]
    [InlineData("Into a folder here", "into the site's Drop folder", """{ "type": "drop" }""")]
    [InlineData("To a smart host", "to relay.example", """{ "type": "smartHost", "smartHost": { "host": "relay.example", "port": 2525, "tls": "require" } }""")]
    public async Task A_remote_domain_goes_the_way_that_was_chosen_in_the_wizard(string choice, string review, string route)
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"{site.Path}/domains/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("routed.example");
        await page.Button("Next").ClickAsync();
        await page.GetByLabel(choice, new() { Exact = true }).CheckAsync();
        if (choice is "To a smart host")
        {
            await page.Button("Next").ClickAsync();
            await Expect(page.Locator(".field.has-error")).ToContainTextAsync("Give a host");
            await page.GetByLabel("Host", new() { Exact = true }).FillAsync("relay.example");
            await page.GetByLabel("Port").FillAsync("2525");
            await page.GetByLabel("TLS").SelectOptionAsync("Require");
        }
        await page.Button("Next").ClickAsync();
        await Expect(page.Locator(".details")).ToContainTextAsync(review);
        await page.Button("Add the domain").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync("routed.example is added.");
        var made = (await site.Api.GetAsync($"{site.Path}/domains/routed.example"))["route"]!;
        foreach (var (name, value) in Flat(JsonNode.Parse(route)!)) Assert.Equal(value, Flat(made).Single(one => one.Name == name).Value);
    }

    /// <summary>Every value with its path: <c>$.smartHost.port</c>.</summary>
    static IEnumerable<(string Name, string Value)> Flat(JsonNode node) =>
        node is JsonObject members ? members.SelectMany(member => member.Value is null ? [] : Flat(member.Value)) : [(node.GetPath().Replace("$.route", "$", StringComparison.Ordinal), node.ToJsonString())];
}
