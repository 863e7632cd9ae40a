using System.Text;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>The page of a message: where it will go, what was said about it, and what is in it, however much that is.</summary>
public sealed class MessageReadingScreenTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_next_hop_the_conversation_the_text_and_the_raw_headers_are_shown()
    {
        await using var sink = new RecordingSink(new() { ReplyTo = command => command.StartsWith("RCPT", StringComparison.Ordinal) ? "450 4.2.1 Come back later" : null });
        await using var site = await server.NewSiteAsync();
        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "read.example", "kind": "remote", "allowRelay": true,
              "route": { "type": "smartHost", "smartHost": { "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none" } } }
            """);
        await site.SendAsync("somebody@read.example", SampleMail.Text(
            "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Folded: first\r\n\tsecond\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Transfer-Encoding: quoted-printable\r\n\r\n<b>Gr=C3=BC=C3=9Fe</b> =\r\nfrom far\r\n"));
        await Eventually.EqualAsync(1, async () => (await site.Api.ListAsync($"{site.Path}/messages?state=retry")).Count);
        var id = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GoLiveAsync($"/messages/{id}");
        await Expect(page.Locator("td[data-label='Will go via']")).ToHaveTextAsync($"smart host [127.0.0.1]:{sink.Port}");
        var said = page.Locator("section[aria-labelledby=said] [data-transcript]");
        await Expect(said).ToContainTextAsync("RCPT TO:<somebody@read.example>");
        await Expect(said.Locator("li.error").First).ToContainTextAsync("450 4.2.1 Come back later");

        await TabAsync("Text");
        await Expect(page.GetByLabel("Text", new() { Exact = true }).And(page.Locator("pre"))).ToContainTextAsync("<b>Grüße</b> from far");
        await TabAsync("Headers");
        await Expect(page.Locator(".reading dl")).ToContainTextAsync("first second");
        await page.GetByText("As they stand").ClickAsync();
        await Expect(page.GetByLabel("Headers as they stand")).ToContainTextAsync("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=");
        Assert.Contains("X-Folded: first\n\tsecond", (await page.GetByLabel("Headers as they stand").TextContentAsync())!.ReplaceLineEndings("\n"), StringComparison.Ordinal);

        Task TabAsync(string name) => page.GetByRole(AriaRole.Navigation, new() { Name = "Parts of the message" }).GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).ClickAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_subject_cannot_turn_the_direction_of_writing_and_a_download_is_kept_nowhere()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("turned.example");
        await site.SendAsync("somebody@turned.example", SampleMail.Text("Subject: =?utf-8?q?invoice=E2=80=AEfdp.exe?=\r\n\r\ntext\r\n"));
        var id = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GoLiveAsync($"/messages/{id}");
        Assert.Equal("invoicefdp.exe", await page.Locator("h1").TextContentAsync());
        await page.GotoAsync($"/messages?site={site.Id}");
        Assert.Equal("invoicefdp.exe", await page.Locator($"tr[data-message='{id}'] a.subject").TextContentAsync());

        var content = await page.Context.APIRequest.GetAsync($"/messages/{id}/content");
        Assert.Equal(200, content.Status);
        Assert.Contains("no-store", content.Headers["cache-control"], StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Long)]
    public async Task Ten_megabytes_of_nested_tables_and_a_thousand_nested_parts_leave_the_page_alive()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("deep.example");
        var line = string.Concat(Enumerable.Repeat("<table><tr><td>", 60)) + "\r\n";
        var tables = new StringBuilder("Subject: tables\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<h1>Deep</h1>\r\n");
        while (tables.Length < 10_000_000) tables.Append(line);
        var parts = new StringBuilder("Subject: parts\r\nMIME-Version: 1.0\r\n");
        for (var depth = 0; depth < 1000; depth++) parts.Append($"Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n");
        parts.Append("Content-Type: text/plain\r\n\r\nat the bottom\r\n");
        await site.SendAsync("somebody@deep.example", SampleMail.Text(tables.ToString()), SampleMail.Text(parts.ToString()));
        var messages = await site.Api.ListAsync($"{site.Path}/messages");
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GotoAsync($"/messages/{messages[0]["id"]}?tab=html");
        await Expect(page.FrameLocator("iframe.html-frame").GetByText("Deep")).ToBeVisibleAsync();
        await Expect(page.FrameLocator("iframe.html-frame").Locator("table")).ToHaveCountAsync(50);
        await Expect(page.GetByText("The message is larger than what is shown here.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Attachments" }).ClickAsync();
        await Expect(page.Locator(".reading")).ToContainTextAsync("No attachments");

        foreach (var tab in new[] { "text", "html", "headers", "source" })
        {
            Assert.Equal(200, (await page.GotoAsync($"/messages/{messages[1]["id"]}?tab={tab}"))!.Status);
            await Expect(page.Locator(".reading")).Not.ToContainTextAsync("cannot be shown");
        }
        await Expect(page.Locator("pre.source")).ToContainTextAsync("at the bottom");
    }
}
