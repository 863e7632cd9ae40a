using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Admin;
using WebSmtp.EndToEnd.Tests.Server;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.SmartHosts;

/// <summary>The smart host of a domain in the browser.</summary>
public sealed class SmartHostFormTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_form_keeps_a_password_that_it_does_not_show_and_offers_the_kept_hosts()
    {
        await using var site = await server.NewSiteAsync();
        var name = TestSite.Unique("kept");
        await site.Api.PostAsync("/smarthosts", $$"""{ "name": "{{name}}", "host": "relay.example" }""");
        await site.Api.PostAsync($"{site.Path}/domains", """
            { "name": "far.example", "route": { "type": "smartHost", "smartHost": { "host": "relay.example", "username": "anna", "password": "open sesame" } } }
            """);
        var stored = Stored(site);
        Assert.NotNull(stored["password"]);

        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"{site.Path}/domains/far.example");
        await Expect(page.GetByLabel("User name")).ToHaveValueAsync("anna");
        await Expect(page.GetByLabel("Password")).ToHaveValueAsync("");
        await page.GetByLabel("Port").FillAsync("2587");
        await page.Button("Save").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("far.example is changed.");
        Assert.Equal(stored["password"]!.GetValue<string>(), Stored(site)["password"]!.GetValue<string>());
        Assert.Equal(2587, (await site.Api.GetAsync($"{site.Path}/domains/far.example"))["route"]!["smartHost"]!["port"]!.GetValue<int>());

        await page.GotoAsync($"{site.Path}/domains/far.example");
        await page.GetByLabel("Smart host", new() { Exact = true }).SelectOptionAsync(name);
        await page.Button("Save").ClickAsync();
        await Expect(page.Locator("table")).ToContainTextAsync($"to smart host {name}");
        await site.Api.DeleteAsync($"{site.Path}/domains/far.example");
        await site.Api.DeleteAsync($"/smarthosts/{name}");
    }

    static JsonNode Stored(TestSite site)
    {
        using var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(site.Server.DataDirectory, "websmtp.db")};Mode=ReadOnly;Pooling=False");
        database.Open();
        using var read = database.CreateCommand();
        read.CommandText = """SELECT "Route" FROM "Domains" WHERE "SiteId" = $site AND "Name" = 'far.example'""";
        read.Parameters.AddWithValue("$site", site.Id);
        return JsonNode.Parse((string)read.ExecuteScalar()!)!["smartHost"]!["target"]!["auth"]!;
    }
}
