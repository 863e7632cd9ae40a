using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Collecting;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Sessions, the log, collections and test messages, watched in the browser while they happen.</summary>
public sealed class WatchingScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_session_is_followed_line_by_line_and_closed()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync("watched.example");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/sessions?site={site.Id}");
        await Expect(page.Locator("tr[data-session]")).ToContainTextAsync("watched.example");
        await page.Locator("tr[data-session] a").ClickAsync();
        await Expect(page.GetByText("From now on it is shown here")).ToBeVisibleAsync();
        await page.LiveAsync();

        await talk.LogInAsync(account);
        await talk.SayAsync("MAIL FROM:<sender@away.example>");
        await talk.ExpectAsync("250 *");
        await talk.SayAsync("RCPT TO:<no one>");
        await talk.ExpectAsync("501 *");

        var said = page.Locator("[data-transcript]");
        await Expect(said).ToContainTextAsync("MAIL FROM:<sender@away.example>");
        await Expect(said.Locator("li.error")).ToContainTextAsync("501");
        await Expect(said).Not.ToContainTextAsync(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0{account.Username}\0{account.Password}")));
        await Expect(page.Locator("[data-stage]")).ToHaveTextAsync("RCPT");

        await page.Button("Close").ClickAsync();
        await page.Button("Close the session").ClickAsync();
        await talk.ExpectAsync("421 *");
        await Expect(page.Locator("[data-outcome]")).ToContainTextAsync("closed here");
        await page.GotoAsync($"/sessions?site={site.Id}&ended=true&outcome=closed");
        await Expect(page.Locator("tr[data-session]")).ToContainTextAsync("watched.example");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_log_is_filtered_paused_and_followed_again()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/log?site={site.Id}&text=noop");
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();

        await NoopAsync("one");
        var lines = page.Locator("[data-log] li");
        await Expect(lines).ToHaveCountAsync(1);
        await Expect(lines).ToContainTextAsync("NOOP one");

        await page.Button("Pause").ClickAsync();
        await Expect(page.Button("Follow")).ToBeVisibleAsync();
        await NoopAsync("two");
        await Expect(page.Locator("[data-log-waiting]")).ToContainTextAsync("1 new");
        await Expect(lines).ToHaveCountAsync(1);
        await page.Button("Follow").ClickAsync();
        await Expect(lines).ToHaveCountAsync(2);

        await lines.First.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Locator("[data-stage]")).ToHaveTextAsync("NOOP");

        async Task NoopAsync(string word)
        {
            await talk.SayAsync($"NOOP {word}");
            await talk.ExpectAsync("250 *");
        }
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_collection_is_watched_while_it_runs_and_its_transcript_is_there_afterwards()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("watched.example", account);
        await site.SendAsync("somebody@watched.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var (arrived, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var host = new MailHost
        {
            ReplyToContent = async mail =>
            {
                if (mail.Subject == "two")
                {
                    arrived.SetResult();
                    await goOn.Task.WaitAsync(Stop);
                }
                return "250 2.0.0 Taken";
            },
        };
        var collecting = TurnHost.CollectAsync(site, account, Stop, host: host);
        await arrived.Task.WaitAsync(Stop);
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/held/{site.Id}/watched.example");
        await page.GetByRole(AriaRole.Link, new() { Name = "Watch it" }).ClickAsync();
        await Expect(page.Heading("Collection")).ToBeVisibleAsync();
        await page.LiveAsync();
        await Expect(page.Locator("[data-taken]")).ToHaveTextAsync("1 of 2");
        await Expect(page.Locator("[data-transcript]")).ToContainTextAsync("from here on this server is the client");

        goOn.SetResult();
        await collecting;

        await Expect(page.Locator("[data-taken]")).ToHaveTextAsync("2 of 2");
        await Expect(page.GetByText("Took 2 of 2.")).ToBeVisibleAsync();
        await page.GoLiveAsync($"/held/{site.Id}/watched.example");
        await page.GetByText("What was said").ClickAsync();
        await Expect(page.Locator("[data-transcript] li", new() { HasText = "of content" })).ToHaveCountAsync(2);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_test_message_is_sent_and_its_conversation_shown()
    {
        await using var site = await server.NewSiteAsync();
        await using var sink = new RecordingSink(new() { ReplyTo = command => command.Contains("nobody", StringComparison.Ordinal) ? "550 5.1.1 No such user" : null });
        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "tested.example", "kind": "remote", "allowRelay": true,
              "route": { "type": "smartHost", "smartHost": { "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none" } } }
            """);
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"/test?site={site.Id}");
        await page.GetByLabel("To", new() { Exact = true }).FillAsync("not an address@");
        await page.Button("Send it").ClickAsync();
        await Expect(page.Locator(".field-error")).ToBeVisibleAsync();

        await page.GetByLabel("To", new() { Exact = true }).FillAsync("somebody@tested.example, nobody@tested.example");
        await page.GetByLabel("Subject").FillAsync("Is it well?");
        await page.Button("Send it").ClickAsync();

        await Expect(page.Locator("[data-fate] li", new() { HasText = "somebody@" })).ToContainTextAsync("delivered");
        await Expect(page.Locator("[data-fate] li", new() { HasText = "nobody@" })).ToContainTextAsync("550 5.1.1 No such user");
        await Expect(page.Locator("[data-transcript]")).ToContainTextAsync("RCPT TO:<somebody@tested.example>");
        Assert.Equal("Is it well?", Assert.Single(await sink.Host.WaitForAsync(1, Stop)).Subject);
        await page.GetByRole(AriaRole.Link, new() { Name = "The message and its history" }).ClickAsync();
        await Expect(page.Heading("Is it well?")).ToBeVisibleAsync();
    }
}
