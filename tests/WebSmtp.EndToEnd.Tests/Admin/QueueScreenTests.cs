using Microsoft.Data.Sqlite;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>What can be done with a message in the browser, and what the message's page and the queue show afterwards.</summary>
public sealed class QueueScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_held_message_is_frozen_and_released_after_a_question_each()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("frozen.example");
        await site.SendAsync("somebody@frozen.example", SampleMail.Plain("one"));
        var page = await OpenOnlyMessageAsync(site);
        await Expect(Acts(page)).ToHaveTextAsync(["Freeze", "Return", "Delete"]);

        await page.Button("Freeze").ClickAsync();
        await Expect(Question(page)).ToContainTextAsync("It is neither tried nor collected until somebody releases it.");
        await page.Keyboard.PressAsync("Escape");
        await Expect(Question(page)).ToHaveCountAsync(0);
        await Expect(Recipient(page)).ToContainTextAsync("held");
        await ConfirmAsync(page, "Freeze", "Freeze the message", "The message is frozen.");
        await Expect(Recipient(page)).ToContainTextAsync("frozen");
        await Expect(LastStep(page)).ToContainTextAsync("frozen");
        await Expect(LastStep(page)).ToContainTextAsync("by admin from 127.0.0.1");
        await Expect(Acts(page)).ToHaveTextAsync(["Release", "Return", "Delete"]);

        await ConfirmAsync(page, "Release", "Release the message", "The message is released.");
        await Expect(Recipient(page)).ToContainTextAsync("held");
        await Expect(LastStep(page)).ToContainTextAsync("released");
        await Expect(Acts(page)).ToHaveTextAsync(["Freeze", "Return", "Delete"]);
        Assert.Equal(1, await site.HeldAsync("frozen.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_message_that_waits_for_its_next_try_is_tried_now()
    {
        var busy = true;
        await using var sink = new RecordingSink(new()
        {
            ReplyTo = command =>
                Volatile.Read(ref busy) && command.StartsWith("RCPT", StringComparison.Ordinal) ? "450 4.2.1 Come back later" : null,
        });
        await using var site = await server.NewSiteAsync();
        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "busy.example",
              "route": { "type": "smartHost", "smartHost": { "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none" } } }
            """);
        await site.SendAsync("somebody@busy.example", SampleMail.Plain("one"));
        await Eventually.EqualAsync(1, async () => (await site.Api.ListAsync($"{site.Path}/messages")).Count(
            message => message["recipients"]![0]!["state"]!.GetValue<string>() is "retry"));
        var page = await OpenOnlyMessageAsync(site);
        await Expect(Recipient(page)).ToContainTextAsync("450 4.2.1 Come back later");
        await Expect(Acts(page)).ToHaveTextAsync(["Freeze", "Try now", "Return", "Delete"]);
        Volatile.Write(ref busy, false);

        await ConfirmAsync(page, "Try now", "Try it now", "The message is tried now.");

        Assert.Single(await sink.Host.WaitForAsync(1, Stop)).AssertSameAs(SampleMail.Plain("one"), "one");
        await Expect(Recipient(page)).ToContainTextAsync("delivered");
        await Expect(LastStep(page)).ToContainTextAsync("delivered");
        await page.ReloadAsync();
        await Expect(Recipient(page)).ToContainTextAsync("delivered");
        await Expect(Acts(page)).ToHaveCountAsync(0);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_message_that_is_returned_fails_and_its_sender_is_told()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("returned.example");
        await site.HoldAsync("away.example");
        await site.SendAsync("somebody@returned.example", SampleMail.Plain("one"));
        var page = await OpenOnlyMessageAsync(site);

        await ConfirmAsync(page, "Return", "Return the message", "The message is returned.");

        await Expect(Recipient(page)).ToContainTextAsync("failed");
        await Expect(Recipient(page)).ToContainTextAsync("550 5.7.1 returned by admin");
        await Expect(page.GetByText("content gone: all recipients are settled")).ToBeVisibleAsync();
        await Expect(Acts(page)).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Download" })).ToHaveCountAsync(0);
        await Eventually.EqualAsync(1, () => site.HeldAsync("away.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_queue_follows_a_message_that_is_frozen_and_deleted()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("followed.example");
        await site.HoldAsync("away.example");
        await site.SendAsync("somebody@followed.example", SampleMail.Plain("one"));
        var queue = await browser.OpenLoggedInAsync(site.Server);
        await queue.GoLiveAsync($"/queue?site={site.Id}");
        var row = queue.Locator("tr[data-domain='followed.example']");
        await Expect(row.Locator(".badge")).ToHaveTextAsync(["held"]);
        var page = await OpenOnlyMessageAsync(site);

        await ConfirmAsync(page, "Freeze", "Freeze the message", "The message is frozen.");
        await Expect(row.Locator(".badge")).ToHaveTextAsync(["frozen"]);
        await ConfirmAsync(page, "Delete", "Delete the message", "The message is deleted.");
        await Expect(row).ToHaveCountAsync(0);
        await Expect(queue.GetByText("Nothing waits")).ToBeVisibleAsync();
        await Expect(Recipient(page)).ToContainTextAsync("deleted");
        await Expect(Acts(page)).ToHaveCountAsync(0);
        await page.GotoAsync($"/messages?site={site.Id}");
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(0);
        await page.GotoAsync($"/messages?site={site.Id}&history=true");
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("deleted");
        Assert.Equal(0, await site.HeldAsync("away.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Destinations_are_put_in_order_and_found_by_name_in_the_address()
    {
        await using var site = await server.NewSiteAsync();
        foreach (var domain in new[] { "c-first.example", "b-many.example", "a-last.example" }) await site.HoldAsync(domain);
        await site.SendAsync("somebody@c-first.example", SampleMail.Plain("one"));
        await site.SendAsync("somebody@b-many.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        await site.SendAsync("somebody@a-last.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        var names = page.Locator("tr[data-domain] .row-link");

        await page.GoLiveAsync($"/queue?site={site.Id}");
        await Expect(names).ToHaveTextAsync(["a-last.example", "b-many.example", "c-first.example"]);
        await page.GetByRole(AriaRole.Link, new() { Name = "Most first" }).ClickAsync();
        await Expect(names).ToHaveTextAsync(["b-many.example", "a-last.example", "c-first.example"]);
        await page.GetByRole(AriaRole.Link, new() { Name = "Oldest first" }).ClickAsync();
        await Expect(names).ToHaveTextAsync(["c-first.example", "b-many.example", "a-last.example"]);
        await page.GetByLabel("Domain contains").FillAsync("ST.exam");
        await page.Keyboard.PressAsync("Enter");
        await Expect(names).ToHaveTextAsync(["c-first.example", "a-last.example"]);
        Assert.EndsWith($"/queue?site={site.Id}&sort=oldest&domain=ST.exam", page.Url, StringComparison.Ordinal);
        await page.ReloadAsync();
        await Expect(names).ToHaveTextAsync(["c-first.example", "a-last.example"]);
        await page.GetByLabel("Domain contains").FillAsync("none-such");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("No destination matches")).ToBeVisibleAsync();
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_destination_is_stopped_after_a_question_and_released(bool script)
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("stopped.example");
        await site.SendAsync("somebody@stopped.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var page = await browser.OpenLoggedInAsync(site.Server, new(JavaScript: script));
        await page.GotoAsync($"/queue?site={site.Id}");
        if (script) await page.LiveAsync();

        await page.Button("Stop stopped.example").ClickAsync();
        await Expect(Question(page)).ToContainTextAsync("2 messages are frozen");
        Assert.Equal(2, (await site.Api.ListAsync($"{site.Path}/messages?state=held")).Count);
        await page.Button("Stop the destination").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("stopped.example is stopped");
        await Expect(Question(page)).ToHaveCountAsync(0);
        Assert.Equal(2, (await site.Api.ListAsync($"{site.Path}/messages?state=frozen")).Count);

        await page.Button("Release stopped.example").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("stopped.example goes on.");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_a_sender_wants_to_be_told_is_shown_and_explained()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("told.example");
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SayAsync("MAIL FROM:<sender@away.example>");
            await talk.ExpectAsync("250 *");
            await talk.SayAsync("RCPT TO:<somebody@told.example> NOTIFY=FAILURE,DELAY");
            await talk.ExpectAsync("250 *");
            await talk.SayAsync("DATA");
            await talk.ExpectAsync("354 *");
            await talk.SayContentAsync(SampleMail.Plain("one"));
            await talk.ExpectAsync("250 *");
        }
        var page = await OpenOnlyMessageAsync(site);

        await Expect(Recipient(page)).ToContainTextAsync("reports wanted: failure, delay");
        await page.GetByText("DSN: what is a sender told?").ClickAsync();
        await Expect(page.GetByText("A delivery status notification")).ToBeVisibleAsync();
        await page.GotoAsync($"{site.Path}/edit/delivery");
        await Expect(page.GetByText("DSN: what is a sender told?")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_act_that_suits_only_some_recipients_is_not_offered()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("mixed.example");
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", ["a@mixed.example", "b@mixed.example"], SampleMail.Plain("one"));
        }
        var message = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"];
        await site.Api.PostAsync($"/messages/{message}/freeze?recipient=b@mixed.example");

        var page = await OpenOnlyMessageAsync(site);

        await Expect(Recipient(page).Locator(".badge")).ToHaveTextAsync(["held", "frozen"]);
        await Expect(Acts(page)).ToHaveTextAsync(["Return", "Delete"]);
        await page.Button("Delete").ClickAsync();
        await Expect(Question(page)).ToContainTextAsync("2 recipients");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_cannot_be_done_is_said_and_nothing_is_changed()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("late.example");
        await site.SendAsync("somebody@late.example", SampleMail.Plain("one"));
        await site.Api.PostAsync($"{site.Path}/queues/late.example/hold");
        await Eventually.EqualAsync(1, async () => (await site.Api.ListAsync($"{site.Path}/messages?state=frozen")).Count);
        var page = await OpenOnlyMessageAsync(site);

        // Its destination is stopped.
        await ConfirmAsync(page, "Release", "Release the message", "late.example");
        await Expect(page.Answer()).ToHaveAttributeAsync("role", "alert");
        await Expect(Recipient(page)).ToContainTextAsync("frozen");

        // Somebody else was faster: the question is open, the buttons of before are gone.
        await page.Button("Return").ClickAsync();
        await site.Api.DeleteAsync($"/messages/{Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]}");
        await Expect(Recipient(page)).ToContainTextAsync("deleted");
        await Expect(Acts(page)).ToHaveCountAsync(0);
        await page.Button("Return the message").ClickAsync();
        await Expect(page.Answer()).ToHaveAttributeAsync("role", "alert");
        await Expect(Recipient(page)).ToContainTextAsync("deleted");
    }

    [Fact(Timeout = Limits.Long)]
    public async Task A_viewer_is_offered_nothing_and_an_open_page_of_before_does_nothing()
    {
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(own);
        await site.HoldAsync("seen.example");
        await site.SendAsync("somebody@seen.example", SampleMail.Plain("one"));
        // Without a script, which would load the page anew as soon as the server is there again.
        var open = await browser.OpenLoggedInAsync(own, new(JavaScript: false));
        await open.GotoAsync($"/messages/{Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]}");
        await Expect(Acts(open)).ToHaveTextAsync(["Freeze", "Return", "Delete"]);
        await own.StopAsync(Stop);
        await MakeViewerAsync(own);
        await own.StartAgainAsync(Stop);

        var page = await OpenOnlyMessageAsync(site);
        await Expect(page.GetByText("Content is not shown to viewers.")).ToBeVisibleAsync();
        await Expect(Recipient(page)).ToContainTextAsync("held");
        await Expect(Acts(page)).ToHaveCountAsync(0);
        await Expect(page.Locator("main form[method=post]")).ToHaveCountAsync(0);
        await page.GoLiveAsync($"/queue?site={site.Id}");
        await Expect(page.Locator("tr[data-domain='seen.example'] .badge")).ToHaveTextAsync(["held"]);
        await Expect(page.Locator("main [data-live] button")).ToHaveCountAsync(0);
        await Expect(page.Locator("main form[method=post]")).ToHaveCountAsync(0);

        await open.Button("Delete").ClickAsync();
        await open.Button("Delete the message").ClickAsync();
        await Expect(open.Heading("That could not be taken")).ToBeVisibleAsync();
        Assert.Equal(1, await site.HeldAsync("seen.example"));
    }

    /// <summary>The page of the one message that waits at a site.</summary>
    async Task<IPage> OpenOnlyMessageAsync(TestSite site)
    {
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"/messages?site={site.Id}");
        await page.Locator("tbody .row-link").ClickAsync();
        // The list lives as well.
        await page.Locator(".strip[data-interactive=true]").WaitForAsync();
        return page;
    }

    static async Task ConfirmAsync(IPage page, string act, string confirm, string answer)
    {
        await page.Button(act).ClickAsync();
        await page.Button(confirm).ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync(answer);
        await page.LiveAsync();
    }

    /// <summary>The buttons that ask what they would do.</summary>
    static ILocator Acts(IPage page) => page.Locator("main button[command=show-modal]");

    static ILocator Question(IPage page) => page.GetByRole(AriaRole.Dialog);

    static ILocator Recipient(IPage page) => page.Locator("section[aria-labelledby=recipients] tbody tr");

    static ILocator LastStep(IPage page) => page.Locator(".timeline li").Last;

    // There is no screen for users yet: the database is changed under the stopped server.
    static async Task MakeViewerAsync(WebSmtpProcess server)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(server.DataDirectory, "websmtp.db")};Pooling=False");
        await database.OpenAsync(Stop);
        await using var change = database.CreateCommand();
        change.CommandText = "UPDATE AdminUsers SET Role = 'viewer'";
        Assert.Equal(1, await change.ExecuteNonQueryAsync(Stop));
    }
}
