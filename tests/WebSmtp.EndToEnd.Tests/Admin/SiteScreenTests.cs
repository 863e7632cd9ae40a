using System.Globalization;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Making, starting and deleting sites in the browser.</summary>
public sealed class SiteScreenTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_site_is_made_started_paused_continued_stopped_and_deleted()
    {
        var process = await server.ProcessAsync();
        var (name, port) = (TestSite.Unique("Made in the browser "), FreePorts.Next());
        var page = await browser.OpenLoggedInAsync(process);
        await page.GotoAsync("/sites");
        await page.GetByRole(AriaRole.Link, new() { Name = "New site" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
        await page.Button("Next").ClickAsync();
        await FillPortAsync(page, port);
        await Expect(page.Locator("[data-verdict]").First).ToContainTextAsync("is free.");
        await page.Button("Next").ClickAsync();
        await Expect(page.GetByLabel("Mail root")).ToBeVisibleAsync();
        await page.Button("Check").ClickAsync();
        await Expect(page.GetByText("The folder can be made.")).ToBeVisibleAsync();
        await page.Button("Next").ClickAsync();
        await page.GetByLabel("Default domain").FillAsync("hub.example");
        await page.Button("Next").ClickAsync();
        await Expect(page.Locator(".details")).ToContainTextAsync(name);
        await page.GetByLabel("Start it now").UncheckAsync();
        await page.Button("Create site").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync($"{name} is made. It is stopped.");

        await page.GoLiveAsync("/sites");
        var row = page.Locator($"tr[data-site='{name}']");
        foreach (var (act, state, answer) in new[]
        {
            ("Start", "running", "runs."), ("Pause", "paused", "is paused"), ("Continue", "running", "runs again."), ("Stop", "stopped", "is stopped."),
        })
        {
            await row.GetByRole(AriaRole.Button, new() { Name = act }).ClickAsync();
            if (act is "Stop")
            {
                await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Nobody is connected now.");
                await Expect(row).ToHaveAttributeAsync("data-state", "running");
                await page.Button("Stop the site").ClickAsync();
            }
            await Expect(row).ToHaveAttributeAsync("data-state", state);
            await Expect(page.Answer()).ToContainTextAsync($"{name} {answer}");
        }

        await row.GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Delete" }).ClickAsync();
        await page.GetByLabel($"Type the site's name, {name}").FillAsync("something else");
        await page.Button("Delete the site").ClickAsync();
        await Expect(page.Locator(".field.has-error")).ToContainTextAsync("Type the name as it is written");
        await page.GetByLabel($"Type the site's name, {name}").FillAsync(name);
        await page.Button("Delete the site").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync($"{name} is deleted.");
        await Expect(page.Locator($"tr[data-site='{name}']")).ToHaveCountAsync(0);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_page_that_is_loaded_anew_stays_at_its_step_with_all_that_was_typed()
    {
        var page = await browser.OpenLoggedInAsync(await server.ProcessAsync());
        await page.GotoAsync("/sites/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Half made");
        await page.Button("Next").ClickAsync();
        await FillPortAsync(page, 2599);
        await page.Button("Next").ClickAsync();
        await page.GetByLabel("Mail root").FillAsync("mailroot/half");

        await page.ReloadAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Where does its mail lie?" })).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Mail root")).ToHaveValueAsync("mailroot/half");
        await page.Button("Back").ClickAsync();
        await Expect(page.Locator("[name='endpoints[0].port']")).ToHaveValueAsync("2599");
        await page.Button("Back").ClickAsync();
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Half made");

        await page.Button("Next").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Where does it listen?" })).ToBeFocusedAsync();

        // Who comes back later begins anew.
        await page.GotoAsync("/sites");
        await page.GotoAsync("/sites/new");
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_site_that_lets_strangers_through_says_so_until_it_does_not()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await site.Api.PatchAsync(site.Path, $$"""{ "endpoints": [{ "address": "0.0.0.0", "port": {{site.Port}} }] }""");
        await page.GoLiveAsync($"{site.Path}/edit/Access");
        await page.GetByLabel("Clients at these addresses").FillAsync("0.0.0.0/0");
        await page.Button("Save").Last.ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("It is an open relay: anybody at 0.0.0.0/0 may send to anybody through it.");

        await page.GoLiveAsync("/");
        await page.Locator("[data-alarm=OpenRelay]").GetByRole(AriaRole.Link, new() { Name = "To its relay list" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "See how it lets a stranger through" }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("0.0.0.0/0 has");

        await site.Api.PatchAsync(site.Path, """{ "settings": { "relay": null } }""");
        await page.GoLiveAsync("/");
        await Expect(page.Locator("[data-alarm=OpenRelay]")).ToHaveCountAsync(0);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_site_on_a_taken_address_and_port_says_who_has_it()
    {
        await using var first = await server.NewSiteAsync();
        var name = TestSite.Unique("Second ");
        var page = await browser.OpenLoggedInAsync(first.Server);
        await page.GotoAsync("/sites/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
        await page.Button("Next").ClickAsync();
        await FillPortAsync(page, first.Port);
        await page.Button("Check").ClickAsync();
        await Expect(page.Locator("[data-verdict]").First).ToContainTextAsync("is already used by site");
        foreach (var heading in new[] { "Where does its mail lie?", "Which domain is its own?", "Is it right so?" })
        {
            await page.Button("Next").ClickAsync();
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = heading })).ToBeVisibleAsync();
        }
        await page.Button("Create site").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync("could not start");
        await Expect(page.Answer()).ToContainTextAsync(first.Port.ToString(CultureInfo.InvariantCulture));
        await page.LiveAsync();
        await Expect(page.Locator(".notice.bad")).ToContainTextAsync("It could not start.");
        await page.GoLiveAsync("/");
        await Expect(page.Locator(".verdict")).ToContainTextAsync($"{name} has failed");

        await page.GoLiveAsync("/sites");
        var row = page.Locator($"tr[data-site='{name}']");
        await Expect(row).ToHaveAttributeAsync("data-state", "failed");
        await row.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync($"{name} could not start");
        await Expect(page.Answer()).ToContainTextAsync("Give it another address or port");
        var id = (await first.Api.ListAsync("/sites")).Single(site => site["name"]!.GetValue<string>() == name)["id"]!.GetValue<int>();
        await first.Api.DeleteAsync($"/sites/{id}");
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(bool script)
    {
        var page = await browser.OpenLoggedInAsync(await server.ProcessAsync(), new(JavaScript: script));
        await page.GotoAsync("/sites/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Kept as typed");
        await page.Button("Next").ClickAsync();
        await FillPortAsync(page, 99999);
        await page.Button("Next").ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nothing was changed.");
        var port = page.GetByLabel("Port").First;
        await Expect(port).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(port).ToHaveValueAsync("99999");
        await page.Button("Back").ClickAsync();
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Kept as typed");
        await page.Button("Next").ClickAsync();
        await Expect(page.GetByLabel("Port").First).ToHaveValueAsync("99999");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_default_site_says_why_it_cannot_be_deleted()
    {
        var page = await browser.OpenLoggedInAsync(await server.ProcessAsync());
        await page.GotoAsync("/sites/1");
        await Expect(page.GetByText("It cannot be deleted")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Delete" })).ToHaveCountAsync(0);
        await page.GotoAsync("/sites/1/delete");
        await Expect(page.GetByText("The default site cannot be deleted.")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_change_made_elsewhere_shows_by_itself()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/sites/{site.Id}");
        await Expect(page.Locator(".facts")).ToContainTextAsync("running");

        await site.Api.PostAsync($"{site.Path}/pause");

        await Expect(page.Locator(".facts")).ToContainTextAsync("paused");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_drain_shows_who_began_it_and_what_is_left_and_can_be_cancelled()
    {
        await using var site = await server.NewSiteAsync();
        await site.Api.PostAsync($"{site.Path}/domains", """{ "name": "stuck.example", "route": { "type": "smartHost", "smartHost": { "host": "[127.0.0.1]", "port": 9 } } }""");
        await site.SendAsync("somebody@stuck.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync(site.Path);
        await page.GetByRole(AriaRole.Button, new() { Name = "Drain" }).ClickAsync();
        await Expect(page.Locator(".facts")).ToContainTextAsync("draining");
        await Expect(page.Locator(".facts")).ToContainTextAsync("by admin");
        await Expect(page.Locator(".facts")).ToContainTextAsync("1 left");
        Assert.Equal(409, (int)(await site.Api.SendAsync(HttpMethod.Post, $"{site.Path}/messages", """{ "from": "a@hub.example", "to": ["b@hub.example"], "subject": "late" }""")).Status);
        var rest = await site.Api.GetAsync($"{site.Path}/drain");
        Assert.Equal((true, false, 1), (rest["draining"]!.GetValue<bool>(), rest["done"]!.GetValue<bool>(), rest["messages"]!.GetValue<int>()));

        await site.Api.DeleteAsync($"/messages/{(await site.Api.ListAsync($"{site.Path}/messages")).Single()["id"]!.GetValue<string>()}");
        await Expect(page.Locator(".facts")).ToContainTextAsync("drained");
        Assert.True((await site.Api.GetAsync($"{site.Path}/drain"))["done"]!.GetValue<bool>());

        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the drain" }).ClickAsync();
        await Expect(page.Locator(".facts")).ToContainTextAsync("running");
        Assert.False((await site.Api.GetAsync(site.Path))["draining"]!.GetValue<bool>());
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("")]
    [InlineData("/domains")]
    public async Task A_page_of_a_site_that_is_deleted_elsewhere_says_so_by_itself(string path)
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync(site.Path + path);

        await site.Api.DeleteAsync(site.Path);

        await Expect(page.Heading("No such site")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "All sites" })).ToBeVisibleAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_form_whose_site_was_deleted_elsewhere_is_answered_with_a_page()
    {
        await using var site = await server.NewSiteAsync();
        // With a script the page itself would say at once that the site is gone.
        var page = await browser.OpenLoggedInAsync(site.Server, new(JavaScript: false));
        await page.GotoAsync($"{site.Path}/edit");
        await site.Api.DeleteAsync(site.Path);

        await page.Button("Save").Last.ClickAsync();

        await Expect(page.Heading("That could not be taken")).ToBeVisibleAsync();
        await Expect(page.GetByText("Nothing was changed.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Open the page again" }).ClickAsync();
        await Expect(page.Heading("No such site")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Limits.Long)]
    public async Task Version_1_says_what_it_stops_before_it_does()
    {
        await using var process = await WebSmtpProcess.StartAsync(new(), TestContext.Current.CancellationToken);
        await using var site = await TestSite.CreateAsync(process);
        var page = await browser.OpenLoggedInAsync(process);
        await page.GoLiveAsync("/sites");
        var row = page.Locator("tr[data-site]").Filter(new() { Has = page.Locator($"a[href='{site.Path}']") });
        var dialog = page.GetByRole(AriaRole.Dialog);

        await page.Button("Switch to version 1").ClickAsync();
        await Expect(dialog).ToContainTextAsync("1 site will stop");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(row).ToHaveAttributeAsync("data-state", "running");

        await page.Button("Switch to version 1").ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Switch to version 1" }).ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("The service runs as version 1 now.");
        await Expect(row).ToHaveAttributeAsync("data-state", "stopped");

        await page.Button("Switch to version 2").ClickAsync();
        await Expect(row).ToHaveAttributeAsync("data-state", "running");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_client_that_connects_is_in_the_list_of_sessions_at_once()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/sessions?site={site.Id}");
        await Expect(page.GetByText("Nobody is connected")).ToBeVisibleAsync();

        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync("visitor.example");
            await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
            await talk.QuitAsync();
        }

        await Expect(page.GetByText("Nobody is connected")).ToBeVisibleAsync();
    }

    static Task FillPortAsync(IPage page, int port) =>
        page.GetByRole(AriaRole.Group, new() { Name = "Endpoint 1" }).GetByLabel("Port").FillAsync(port.ToString(CultureInfo.InvariantCulture));
}
