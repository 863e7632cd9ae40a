using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Sites: how busy each is, from when on a change of its settings holds, and deleting one together with its mail.</summary>
public sealed class SiteFactsScreenTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_load_of_a_site_stands_beside_it_and_leads_to_what_it_counts()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("waiting.example");
        await site.SendAsync("somebody@waiting.example", SampleMail.Plain("one"));
        await site.SendAsync("somebody@hub.example", SampleMail.Plain("two"));
        await Eventually.EqualAsync(1, async () => (await site.Api.ListAsync($"{site.Path}/messages")).Count);
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GoLiveAsync("/sites");

        var row = page.Locator($"tr[data-site='{await NameAsync(site)}']");
        await Expect(row.Locator("td[data-label=Sessions]")).ToContainTextAsync("2 in, 1 out in 1 h");
        await Expect(row.Locator("td[data-label=Sessions] a.figure")).ToHaveTextAsync("1");
        await Expect(row.Locator("td[data-label=Waiting] a")).ToHaveTextAsync("1");
        await row.Locator("td[data-label=Waiting] a").ClickAsync();
        await Expect(page.Locator("tr[data-domain='waiting.example']")).ToBeVisibleAsync();
        await Expect(page.Locator("[data-count]")).ToHaveTextAsync("1");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_sheet_says_from_when_on_a_change_holds_and_what_is_undone_is_not_saved_yet()
    {
        await using var site = await server.NewSiteAsync("""{ "maxMessageSize": 1048576 }""");
        var page = await browser.OpenLoggedInAsync(site.Server);
        foreach (var (sheet, setting, effect) in new[]
        {
            ("general", "protocolLog", "Holds at once"), ("delivery", "retryIntervals", "Holds at the next attempt"), ("messages", "maxMessageSize", "Holds for new sessions"),
        })
        {
            await page.GotoAsync($"{site.Path}/edit/{sheet}");
            await Expect(page.Locator($"[data-setting={setting}] .setting-effect")).ToHaveTextAsync(effect);
        }

        var size = page.Locator("[data-setting=maxMessageSize]");
        await size.GetByRole(AriaRole.Button, new() { Name = "Default" }).ClickAsync();
        await Expect(size.GetByRole(AriaRole.Textbox)).ToHaveValueAsync("32 MiB");
        await Expect(size.Locator(".badge")).ToHaveTextAsync("not saved");
        await Expect(size).ToContainTextAsync("Now: 1 MiB");
        Assert.Equal(1048576, (await site.Api.GetAsync(site.Path))["settings"]!["maxMessageSize"]!.GetValue<long>());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_site_is_deleted_after_its_mail_was_exported()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("exported.example");
        await site.SendAsync("somebody@exported.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var (page, name) = (await browser.OpenLoggedInAsync(site.Server), await NameAsync(site));
        await page.GotoAsync($"{site.Path}/delete");
        await Expect(page.Locator("main legend")).ToContainTextAsync("2 messages wait.");
        await page.GetByLabel($"Type the site's name, {name}").FillAsync(name);
        await page.Button("Delete the site").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("2");

        await page.GetByLabel("Export it").CheckAsync();
        await page.Button("Delete the site").ClickAsync();

        var said = $"{name} is deleted. 2 messages exported to ";
        await Expect(page.Answer()).ToContainTextAsync(said);
        var folder = (await page.Answer().InnerTextAsync()).Split(said)[1].Split('\n')[0].TrimEnd('.', ' ');
        Assert.Equal(2, Directory.GetFiles(folder, "*.eml").Length);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_site_is_deleted_and_its_mail_is_another_sites()
    {
        await using var site = await server.NewSiteAsync();
        await using var heir = await server.NewSiteAsync();
        await site.HoldAsync("moved.example");
        await heir.HoldAsync("moved.example");
        await site.SendAsync("somebody@moved.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var (page, name) = (await browser.OpenLoggedInAsync(site.Server), await NameAsync(site));
        await page.GotoAsync($"{site.Path}/delete");
        await page.GetByLabel("Move it to another site").CheckAsync();
        await page.GetByLabel("Other site", new() { Exact = true }).SelectOptionAsync($"{heir.Id}");
        await page.GetByLabel($"Type the site's name, {name}").FillAsync(name);

        await page.Button("Delete the site").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync($"{name} is deleted. 2 messages moved to {await NameAsync(heir)}.");
        Assert.Equal(2, await heir.HeldAsync("moved.example"));
    }

    static async Task<string> NameAsync(TestSite site) => (await site.Api.GetAsync(site.Path))["name"]!.GetValue<string>();
}
