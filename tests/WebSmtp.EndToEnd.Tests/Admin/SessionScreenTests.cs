using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Who is connected, in and out: what is known of each, and closing them.</summary>
public sealed partial class SessionScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Bytes_tls_and_account_are_shown_and_all_of_an_address_are_closed()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        var address = IPAddress.Parse("127.0.0.71");
        await using var one = await site.ConnectAsync(address);
        await one.GreetAsync();
        await one.StartTlsAsync();
        await one.EhloAsync("secured.example");
        await one.LogInAsync(account);
        await one.SendMailAsync("sender@away.example", ["somebody@hub.example"], SampleMail.OfSize(5000));
        await using var two = await site.ConnectAsync(address);
        await two.GreetAsync("plain.example");
        await using var other = await site.ConnectAsync();
        await other.GreetAsync("other.example");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/sessions?site={site.Id}");
        await Expect(page.Locator("tr[data-session]")).ToHaveCountAsync(3);
        var row = page.Locator("tr[data-session]", new() { HasText = "secured.example" });
        await Expect(row.Locator("td[data-label=Account]")).ToHaveTextAsync(account.Username);
        await Expect(row.Locator("td[data-label=TLS]")).ToHaveTextAsync(TlsVersion());
        await Expect(row.Locator("td[data-label=Messages]")).ToHaveTextAsync("1");
        await Expect(row.Locator("td[data-label=Bytes]")).ToHaveTextAsync(ReceivedAndSent());
        await Expect(page.Locator("tr[data-session]", new() { HasText = "plain.example" }).Locator("td[data-label=TLS]")).ToHaveTextAsync("no");
        await row.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Locator(".facts")).ToContainTextAsync($"logged in as {account.Username}");
        await Expect(page.Locator(".fact", new() { HasText = "TLS" }).Locator(".fact-value")).ToHaveTextAsync(TlsVersion());
        await page.GetByRole(AriaRole.Link, new() { Name = "All of this address" }).ClickAsync();

        await page.Button("Close all of 127.0.0.71").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Each session of this address with the site ends with 421");
        await page.Button("Close them").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync("2 sessions of 127.0.0.71 are asked to end.");
        await one.ExpectAsync("421 *");
        await two.ExpectAsync("421 *");
        await other.SayAsync("NOOP");
        await other.ExpectAsync("250 *");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_connection_of_ours_is_shown_and_cut_off_and_its_mail_goes_out_later()
    {
        await using var site = await server.NewSiteAsync("""{ "retryIntervals": ["PT1S"] }""");
        var (asked, first) = (new TaskCompletionSource(), 0);
        await using var sink = new RecordingSink(new()
        {
            // The first connection never hears more than this.
            ReplyTo = command =>
            {
                if (!command.StartsWith("MAIL", StringComparison.Ordinal) || Interlocked.Increment(ref first) > 1) return null;
                asked.SetResult();
                return "250-wait";
            },
        });
        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "slow.example", "kind": "remote", "allowRelay": true,
              "route": { "type": "smartHost", "smartHost": { "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none" } } }
            """);
        await site.SendAsync("somebody@slow.example", SampleMail.Plain("one"));
        await asked.Task.WaitAsync(Stop);
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GoLiveAsync($"/sessions?site={site.Id}&direction=outbound");
        var row = page.Locator("tr[data-session]");
        await Expect(row.Locator("td[data-label=Direction]")).ToContainTextAsync("out, delivery");
        await Expect(row).ToContainTextAsync($"127.0.0.1:{sink.Port}");
        await row.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.GetByText("This server connected there")).ToBeVisibleAsync();
        await page.LiveAsync();
        await page.Button("Close").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("What was not delivered is tried again.");
        await page.Button("Close the session").ClickAsync();

        await Expect(page.Locator("[data-outcome]")).ToContainTextAsync("closed here");
        await sink.Host.WaitForAsync(1, Stop);
        await page.GotoAsync($"/sessions?site={site.Id}&ended=true&direction=outbound&outcome=closed");
        await Expect(page.Locator("tr[data-session]")).ToHaveCountAsync(1);
    }

    [GeneratedRegex("^TLS ?v?1\\.[23]", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex TlsVersion();

    [GeneratedRegex("received 5\\.\\d KiB.*sent \\d", RegexOptions.Singleline, 1000)]
    private static partial Regex ReceivedAndSent();
}
