using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Property sheets of sites: units, defaults and undoing, errors at the field, and somebody else's change.</summary>
public sealed class SheetScreenTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Long)]
    public async Task Each_sheet_saves_what_was_changed_in_the_words_of_people()
    {
        await using var site = await server.NewSiteAsync();
        var mailroot = $"mailroot/{TestSite.Unique("moved")}";
        await site.Api.PatchAsync(site.Path, $$"""{ "mailroot": "{{mailroot}}" }""");
        var page = await browser.OpenLoggedInAsync(site.Server);
        foreach (var (sheet, label, typed) in new[]
        {
            ("General", "Connections at once", "50"), ("Access", "Not these addresses", "192.0.2.0/24\n2001:db8::/32"), ("Messages", "Largest message", "10 MB"),
            ("Delivery", "Waits between attempts", "5 min, 1 h, PT4H"), ("Folders", "Room in a Drop folder", "2 GiB"),
        })
        {
            await OpenAsync(page, site, sheet);
            await page.GetByLabel(label, new() { Exact = true }).FillAsync(typed);
            await SaveAsync(page);
        }
        await OpenAsync(page, site, "TLS");
        await page.GetByLabel("TLS towards other hosts").SelectOptionAsync("verify");
        await SaveAsync(page);

        var now = await site.Api.GetAsync(site.Path);
        Assert.Equal((mailroot, "hub.example"), (now["mailroot"]!.GetValue<string>(), now["defaultDomain"]!.GetValue<string>()));
        var settings = now["settings"]!;
        Assert.Equal("50", settings["maxConnections"]!.ToJsonString());
        Assert.Equal("""["192.0.2.0/24","2001:db8::/32"]""", settings["denyAddresses"]!.ToJsonString());
        Assert.Equal("10000000", settings["maxMessageSize"]!.ToJsonString());
        Assert.Equal("""["PT5M","PT1H","PT4H"]""", settings["retryIntervals"]!.ToJsonString());
        Assert.Equal("2147483648", settings["dropMaxBytes"]!.ToJsonString());
        Assert.Equal("verify", settings["outboundTls"]!.GetValue<string>());

        await OpenAsync(page, site, "Messages");
        var size = page.Locator("[data-setting=maxMessageSize]");
        await Expect(size.GetByRole(AriaRole.Textbox)).ToHaveValueAsync("10 MB");
        await Expect(size).ToContainTextAsync("Default: 32 MiB");
        await size.GetByRole(AriaRole.Button, new() { Name = "Default" }).ClickAsync();
        await Expect(size.GetByRole(AriaRole.Textbox)).ToHaveValueAsync("32 MiB");
        await SaveAsync(page);
        await Expect(size).Not.ToContainTextAsync("set here");
        Assert.Equal(32 * 1024 * 1024, (await site.Api.GetAsync(site.Path))["settings"]!["maxMessageSize"]!.GetValue<long>());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_cannot_be_read_and_what_is_not_allowed_are_said_at_the_field()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server, new(JavaScript: false));
        await OpenAsync(page, site, "General");
        await page.GetByLabel("Silent sessions end after").FillAsync("soon");
        await page.Button("Save").Last.ClickAsync();
        await Expect(page.Locator(".field.has-error")).ToContainTextAsync("'soon' is not a time");

        await page.GetByLabel("Silent sessions end after").FillAsync("3 days");
        await page.Button("Save").Last.ClickAsync();
        await Expect(page.Locator(".field.has-error")).ToContainTextAsync("P1D");
        await Expect(page.GetByLabel("Silent sessions end after")).ToHaveValueAsync("3 days");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Somebody_elses_change_is_told_and_what_was_typed_is_kept()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await OpenAsync(page, site, "Messages");
        await page.GetByLabel("Recipients of a message").FillAsync("77");

        await site.Api.PatchAsync(site.Path, """{ "settings": { "maxMessageSize": 1048576, "maxRecipientsPerMessage": 5 } }""");
        await page.Button("Save").Last.ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("changed by somebody else");
        await Expect(page.GetByLabel("Largest message")).ToHaveValueAsync("1 MiB");
        await Expect(page.GetByLabel("Recipients of a message")).ToHaveValueAsync("77");
        await SaveAsync(page);
        var settings = (await site.Api.GetAsync(site.Path))["settings"]!;
        Assert.Equal(1048576, settings["maxMessageSize"]!.GetValue<long>());
        Assert.Equal(77, settings["maxRecipientsPerMessage"]!.GetValue<long>());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Smart_hosts_are_put_in_order_by_buttons_without_a_script()
    {
        await using var site = await server.NewSiteAsync();
        string[] names = [TestSite.Unique("first"), TestSite.Unique("second")];
        foreach (var name in names) await site.Api.PostAsync("/smarthosts", $$"""{ "name": "{{name}}", "host": "[192.0.2.25]" }""");
        var page = await browser.OpenLoggedInAsync(site.Server, new(JavaScript: false));
        await OpenAsync(page, site, "Delivery");
        await page.GetByLabel("Kept ones, in order").CheckAsync();
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Smart host", Exact = true }).SelectOptionAsync(names[0]);
        await page.Button("Add").ClickAsync();
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Then", Exact = true }).SelectOptionAsync(names[1]);
        await page.Button("Add").ClickAsync();
        await page.Locator("button[value=use-down-0]").ClickAsync();
        await Expect(page.Locator(".ordered-name")).ToHaveTextAsync([names[1], names[0]]);
        await SaveAsync(page);

        Assert.Equal($$"""{"use":["{{names[1]}}","{{names[0]}}"],"mode":"always"}""", (await site.Api.GetAsync(site.Path))["settings"]!["smartHost"]!.ToJsonString());
        await site.Api.PatchAsync(site.Path, """{ "settings": { "smartHost": null } }""");
        foreach (var name in names) await site.Api.DeleteAsync($"/smarthosts/{name}");
    }

    static Task OpenAsync(IPage page, TestSite site, string sheet) => page.GotoAsync($"{site.Path}/edit/{sheet.ToLowerInvariant()}");

    static async Task SaveAsync(IPage page)
    {
        await page.Button("Save").Last.ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("is changed.");
    }
}
