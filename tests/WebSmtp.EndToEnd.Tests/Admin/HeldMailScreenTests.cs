using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Collecting;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Holding mail for a domain and watching it being collected, in the browser.</summary>
public sealed class HeldMailScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_account_and_a_held_domain_are_made_and_its_mail_is_collected_with_them()
    {
        await using var site = await server.NewSiteAsync();
        var account = new MailAccount(TestSite.Unique("branch"), "collects its own mail");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync("/accounts/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(account.Username);
        await page.GetByLabel("Password").FillAsync(account.Password);
        await page.Button("Create account").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync($"{account.Username} is made.");
        // Some more, so that they are typed and not ticked.
        var others = new List<MailAccount>();
        for (var i = 0; i < 12; i++) others.Add(await site.AddAccountAsync("other"));

        await page.GotoAsync($"/sites/{site.Id}/domains/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("made.example");
        await page.Button("Next").ClickAsync();
        await Expect(page.GetByLabel("Held until collected")).ToBeCheckedAsync();
        await page.Button("Next").ClickAsync();
        await page.GetByLabel("Accounts by name").FillAsync($"{account.Username}, {others[0].Username}");
        await page.GetByLabel("Messages").FillAsync("1000");
        await page.Button("Next").ClickAsync();
        await page.Button("Add the domain").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("made.example is added.");
        await Expect(page.Locator("tr[data-domain='made.example']")).ToContainTextAsync(account.Username);

        await site.SendAsync("somebody@made.example", SampleMail.Plain("one"));
        await TurnHost.CollectAsync(site, account, Stop);
        await page.GoLiveAsync($"/held/{site.Id}/made.example");
        await Expect(page.Locator(".timeline")).ToContainTextAsync($"TURN by {account.Username}");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Held_mail_arrives_and_is_collected_before_the_eyes_of_who_watches()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync("watched");
        await site.HoldAsync("watched.example", account);
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/held?site={site.Id}");
        var row = page.Locator("tr[data-domain='watched.example']");
        await Expect(row).ToContainTextAsync("never");
        // Gone if the page were loaded anew.
        await page.EvaluateAsync("window.same = true");

        await site.SendAsync("somebody@watched.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        await Expect(row.Locator(".figure")).ToHaveTextAsync("2");

        await TurnHost.CollectAsync(site, account, Stop);
        await Expect(row.Locator(".figure")).ToHaveTextAsync("0");
        await Expect(row).ToContainTextAsync($"{account.Username} from 127.0.0.1 by TURN");
        Assert.True(await page.EvaluateAsync<bool>("window.same === true"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task How_full_each_limit_is_stands_beside_what_waits()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("nearly.example", route: """{ "maxMessages": 2, "maxBytes": 102400 }""");
        await site.SendAsync("somebody@nearly.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GoLiveAsync($"/held?site={site.Id}");

        var row = page.Locator("tr[data-domain='nearly.example']");
        await Expect(row).ToContainTextAsync("50% of 2");
        await Expect(row).ToContainTextAsync("% of 100 KiB");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_name_for_ETRN_says_what_it_does_not_release_and_is_deleted_only_when_confirmed()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"{site.Path}/domains");
        await page.GetByLabel("Name, without the #").FillAsync("both");
        await page.GetByLabel("Domains, with spaces between").FillAsync("held.example planned.example");
        await page.Button("Save name").ClickAsync();
        await Expect(page.GetByText("Not held with ETRN here, so not released: planned.example")).ToBeVisibleAsync();

        await page.Button("Delete #both").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("ETRN #both");
        await page.Button("Delete the name").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync("ETRN #both is deleted.");
        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "held.example" })).ToHaveCountAsync(0);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_domains_page_has_its_messages_and_the_note_for_the_other_side()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync("noted");
        await site.HoldAsync("noted.example", account);
        await site.SendAsync("somebody@noted.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/held/{site.Id}/noted.example");

        await Expect(page.Locator("[data-held-messages]")).ToHaveTextAsync("1 message");
        var notes = page.Locator("pre");
        await Expect(notes.First).ToContainTextAsync($"protocol ODMR service {site.Port}");
        await Expect(notes.First).ToContainTextAsync($"user \"{account.Username}\"");
        await Expect(page.Locator("pre", new() { HasText = "protocol ETRN" })).ToContainTextAsync("fetchdomains noted.example");

        await page.Locator("tbody .row-link").ClickAsync();
        await Expect(page.GetByText("sender@away.example")).ToBeVisibleAsync();
        await Expect(page.Locator(".timeline")).ToContainTextAsync("held");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_note_names_the_port_for_each_way_of_asking()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync("noted");
        await site.HoldAsync("noted.example", account);
        var odmr = FreePorts.Next();
        await site.Api.PatchAsync(site.Path, $$"""{ "endpoints": [ {{TestSite.Endpoint(odmr, odmr: true)}}, {{TestSite.Endpoint(site.Port)}} ] }""");
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GotoAsync($"/held/{site.Id}/noted.example");

        await Expect(page.Locator("pre", new() { HasText = "protocol ODMR" })).ToContainTextAsync($"service {odmr}");
        await Expect(page.Locator("pre", new() { HasText = "protocol ETRN" })).ToContainTextAsync($"service {site.Port}");
        await Expect(page.Locator("pre", new() { HasText = "--method atrn" })).ToContainTextAsync($"--port {odmr}");
        await Expect(page.Locator("pre", new() { HasText = "TURN                or" })).ToContainTextAsync($"port {site.Port}");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_wildcards_page_shows_its_own_domains_however_many_others_have_mail()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("*.others.example");
        await site.HoldAsync("*.wild.example");
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", [.. Enumerable.Range(0, 501).Select(n => $"somebody@d{n}.others.example"), "somebody@van.wild.example"], SampleMail.Plain("one"));
        }
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GoLiveAsync($"/held/{site.Id}/*.wild.example");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "van.wild.example" })).ToBeVisibleAsync();
        await page.GoLiveAsync($"/held/{site.Id}/*.others.example");
        await Expect(page.GetByText("401 others of its domains have mail, too.")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_message_is_downloaded_and_deleted_after_a_question()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("deleted.example");
        await site.SendAsync("somebody@deleted.example", SampleMail.Plain("gone soon"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"/messages?site={site.Id}&domain=deleted.example");
        await page.Locator("tbody .row-link").ClickAsync();
        await page.Locator(".strip[data-interactive=true]").WaitForAsync();

        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download" }).ClickAsync());
        Assert.EndsWith(".eml", download.SuggestedFilename, StringComparison.Ordinal);
        await using (var content = await download.CreateReadStreamAsync())
        {
            using var text = new StreamReader(content);
            Assert.StartsWith("Received: ", await text.ReadToEndAsync(Stop), StringComparison.Ordinal);
        }

        await page.Button("Delete").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("The sender is not told.");
        await page.Keyboard.PressAsync("Escape");
        Assert.Equal(1, await site.HeldAsync("deleted.example"));
        await page.Button("Delete").ClickAsync();
        await page.Button("Delete the message").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("The message is deleted.");
        Assert.Equal(0, await site.HeldAsync("deleted.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Each_number_on_the_overview_leads_to_a_list_with_that_count()
    {
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(own);
        await site.HoldAsync("counted.example");
        await site.SendAsync("somebody@counted.example", SampleMail.Plain("one"), SampleMail.Plain("two"), SampleMail.Plain("three"));
        var page = await browser.OpenLoggedInAsync(own);
        await page.GoLiveAsync("/");
        await Expect(page.Locator("#verdict")).ToHaveTextAsync("All is well");

        ILocator Tile(string label) => page.Locator(".tile", new() { HasText = label }).Locator(".tile-value");
        await Expect(Tile("Held").First).ToHaveTextAsync("3");
        await Expect(Tile("To be sent")).ToHaveTextAsync("0");
        await Expect(Tile("Sites running")).ToHaveTextAsync("2 of 2");

        await page.GoLiveAsync("/queue");
        await Expect(page.Locator("[data-count]")).ToHaveTextAsync("3");
        await page.GoLiveAsync("/held");
        await Expect(page.Locator(".list-head strong")).ToHaveTextAsync("3");
        await page.GoLiveAsync("/sites");
        await Expect(page.Locator("tbody tr[data-state=running]")).ToHaveCountAsync(2);

        // One that was tried and one that was not: both are to be sent.
        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "closed.example", "kind": "remote", "allowRelay": true,
              "route": { "type": "smartHost", "smartHost": { "host": "127.0.0.1", "port": {{FreePorts.Next()}}, "tls": "none" } } }
            """);
        await site.SendAsync("somebody@closed.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        await page.GoLiveAsync("/");
        await Expect(Tile("To be sent")).ToHaveTextAsync("2");
        await page.GetByRole(AriaRole.Link, new() { Name = "To be sent" }).ClickAsync();
        await Expect(page.Locator("[data-count]")).ToHaveTextAsync("2");

        await page.GoLiveAsync("/?range=1h");
        var accepted = page.Locator("[data-chart=In] .chart-key a").First;
        await Expect(accepted).ToHaveTextAsync("5");
        await accepted.ClickAsync();
        await Expect(page.Locator("[data-count]")).ToHaveTextAsync("5");
        await page.GoLiveAsync("/?range=1h");
        // Of what went out, each number has its list; nothing was delivered here, and the two that wait were put off, each at every try.
        foreach (var what in new[] { "delivered", "put off", "failed" })
        {
            await page.GotoAsync("/?range=1h");
            var number = page.Locator("[data-chart=Out] .chart-key li", new() { HasText = what }).GetByRole(AriaRole.Link);
            var count = int.Parse(await number.InnerTextAsync(), System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(what is "put off" ? count >= 1 : count is 0, $"{count} {what}");
            await number.ClickAsync();
            await page.WaitForURLAsync("**/trace?what=*");
            await Expect(page.Locator("table.traced tbody tr")).ToHaveCountAsync(count);
        }

        await using var client = await site.ConnectAsync();
        await client.GreetAsync();
        await page.GoLiveAsync("/");
        var row = page.Locator("section[aria-labelledby=sites] li", new() { HasText = "5 waiting" });
        await row.GetByRole(AriaRole.Link, new() { Name = "1 session" }).ClickAsync();
        await Expect(page.Locator(".list-head strong")).ToHaveTextAsync("1");
        await page.GoLiveAsync("/");
        await row.GetByRole(AriaRole.Link, new() { Name = "5 waiting" }).ClickAsync();
        await Expect(page.Locator("[data-count]")).ToHaveTextAsync("5");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Without_a_script_the_lists_and_the_buttons_work()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("plain.example");
        await site.SendAsync("somebody@plain.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(site.Server, new(JavaScript: false));
        await page.GotoAsync($"/held?site={site.Id}");
        await Expect(page.Locator("tr[data-domain='plain.example'] .figure")).ToHaveTextAsync("1");
        await page.Locator("tr[data-domain='plain.example'] a").ClickAsync();
        await page.Locator("tbody .row-link").ClickAsync();
        await Expect(page.GetByText("sender@away.example")).ToBeVisibleAsync();

        await page.GotoAsync($"/sites/{site.Id}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("is paused");
        Assert.Equal("paused", (await site.Api.GetAsync(site.Path))["state"]!.GetValue<string>());
    }
}
