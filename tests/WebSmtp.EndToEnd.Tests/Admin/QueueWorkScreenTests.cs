using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Api;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Searching the queue, acting on many messages, the keyboard, and what is in a message.</summary>
public sealed class QueueWorkScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task Messages_are_searched_paged_chosen_and_all_that_match_deleted()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("many.example");
        await site.SendAsync("somebody@many.example", Enumerable.Range(0, 52).Select(n => SampleMail.Plain($"number {n}")));
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GotoAsync("/messages");
        await page.GetByLabel("Search", new() { Exact = true }).FillAsync($"site:{site.Id} stat:held");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#q-error")).ToContainTextAsync("there is no 'stat:'");
        await page.GetByLabel("Search", new() { Exact = true }).FillAsync($"site:{site.Id} state:held newer:1d");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("[data-count]")).ToHaveTextAsync("52");
        var first = await Rows(page).First.GetAttributeAsync("data-message");
        await page.GetByRole(AriaRole.Link, new() { Name = "Next page" }).ClickAsync();
        await Expect(Rows(page)).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Link, new() { Name = "Previous page" }).ClickAsync();
        await Expect(Rows(page)).ToHaveCountAsync(50);
        Assert.Equal(first, await Rows(page).First.GetAttributeAsync("data-message"));

        await Rows(page).Nth(0).GetByRole(AriaRole.Checkbox).CheckAsync();
        await Rows(page).Nth(1).GetByRole(AriaRole.Checkbox).CheckAsync();
        await Expect(page.Locator("[data-selected]")).ToHaveTextAsync("2 chosen:");
        await page.Button("Freeze").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("2 messages: frozen.");
        await Expect(page.Locator("[data-count]")).ToHaveTextAsync("50");

        await page.GotoAsync($"/messages?q=site:{site.Id}");
        await page.GetByLabel("all 52 that match").CheckAsync();
        await page.Button("Delete…").ClickAsync();
        await Expect(page.Heading("Delete 52 messages?")).ToBeVisibleAsync();
        await Expect(page.Locator(".destroys")).ToContainTextAsync("The senders are not told.");
        await page.GetByLabel("Type 52 to go on").FillAsync("5");
        await page.Button("Delete 52 messages").ClickAsync();
        await Expect(page.Locator(".notice")).ToContainTextAsync("Type 52");
        await page.GetByLabel("Type 52 to go on").FillAsync("52");
        await page.Button("Delete 52 messages").ClickAsync();
        await Expect(page.Heading("Delete")).ToBeVisibleAsync();
        await Expect(page.Locator("[data-done]")).ToHaveTextAsync("52");
        await Expect(page.Locator(".fact .badge")).ToHaveTextAsync("done");
        Assert.Equal(0, await site.HeldAsync("many.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_act_that_could_be_done_with_none_or_some_says_so()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("stuck.example");
        await site.SendAsync("somebody@stuck.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var started = await site.Api.PostAsync("/messages/actions", $$"""{ "action": "freeze", "q": "site:{{site.Id}}" }""");
        await Eventually.EqualAsync("done", async () => (await site.Api.GetAsync($"/operations/{started["id"]}"))["state"]!.GetValue<string>());
        var page = await browser.OpenLoggedInAsync(site.Server);

        await ActAsync("Try now", 0, 1);
        await Expect(page.Answer()).ToHaveTextAsync("None of the 2 messages could be tried: It is frozen; release it.");
        await Expect(page.Answer()).ToContainClassAsync("bad");
        await Expect(page.Answer()).ToHaveAttributeAsync("role", "alert");

        await ActAsync("Release", 0);
        await Expect(page.Answer()).ToHaveTextAsync("1 message: released.");
        await Expect(page.Answer()).ToContainClassAsync("good");

        await ActAsync("Release", 0, 1);
        await Expect(page.Answer()).ToContainTextAsync("1 of 2 messages could be released, 1 could not: Mail for stuck.example is held");
        await Expect(page.Answer()).ToContainClassAsync("warning");

        async Task ActAsync(string act, params int[] rows)
        {
            await page.GotoAsync($"/messages?q=site:{site.Id}");
            foreach (var row in rows) await Rows(page).Nth(row).GetByRole(AriaRole.Checkbox).CheckAsync();
            await Expect(page.Locator("[data-selected]")).ToHaveTextAsync($"{rows.Length} chosen:");
            await page.Button(act).ClickAsync();
        }
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_value_in_the_address_that_its_page_cannot_read_is_named()
    {
        await using var site = await server.NewSiteAsync();
        var page = await browser.OpenLoggedInAsync(site.Server);
        foreach (var (path, name) in new[]
        {
            ("/queue?site=abc", "site"), ("/trace?site=abc", "site"), ("/log?site=abc", "site"), ("/log?errors=abc", "errors"), ("/test?site=abc", "site"),
            ("/held?site=abc", "site"), ("/sessions?site=abc", "site"), ("/sessions?ended=abc", "ended"), ("/collectors?site=abc", "site"),
            ("/messages?history=abc", "history"), ("/messages?site=abc", "site"),
        })
        {
            Assert.Equal((int)HttpStatusCode.BadRequest, (await page.GotoAsync(path))!.Status);
            await Expect(page.GetByText($"The address has 'abc' for '{name}'")).ToBeVisibleAsync();
        }
        await page.GetByRole(AriaRole.Link, new() { Name = "Open the page without it" }).ClickAsync();
        await Expect(page.Heading("Messages")).ToBeVisibleAsync();
        Assert.Equal((int)HttpStatusCode.OK, (await page.GotoAsync("/messages?site="))!.Status);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_trace_shows_refusals_alone()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("taken.example");
        await site.Api.PostAsync($"{site.Path}/domains", """{ "name": "closed.example", "kind": "remote", "route": { "type": "refuse" } }""");
        await site.SendAsync("somebody@taken.example", SampleMail.Plain("one"));
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SayAsync("MAIL FROM:<sender@away.example>");
            await talk.ExpectAsync("250 *");
            await talk.SayAsync("RCPT TO:<refused@closed.example>");
            await talk.ExpectAsync("550 *");
            await talk.QuitAsync();
        }
        var page = await browser.OpenLoggedInAsync(site.Server);

        await Eventually.EqualAsync(1, async () => (await site.Api.ListAsync($"{site.Path}/rejections")).Count);
        await page.GotoAsync($"/trace?site={site.Id}");
        await Expect(page.Locator("tbody tr", new() { HasText = "refused@closed.example" })).ToHaveCountAsync(1);
        await Expect(page.Locator("tbody tr", new() { HasText = "somebody@taken.example" })).Not.ToHaveCountAsync(0);
        await page.GetByLabel("What", new() { Exact = true }).SelectOptionAsync("refused");
        await page.Button("Find").ClickAsync();

        await Expect(page.Locator("tbody tr", new() { HasText = "somebody@taken.example" })).ToHaveCountAsync(0);
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("refused@closed.example");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task All_that_match_are_sent_over_a_smart_host()
    {
        await using var sink = new RecordingSink(new());
        await using var site = await server.NewSiteAsync();
        var name = TestSite.Unique("detour");
        await site.Api.PostAsync("/smarthosts", $$"""{ "name": "{{name}}", "host": "[127.0.0.1]", "port": {{sink.Port}}, "tls": "none" }""");
        await site.HoldAsync("elsewhere.example");
        await site.SendAsync("somebody@elsewhere.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GotoAsync($"/messages?q=site:{site.Id}");
        await page.GetByLabel("all 2 that match").CheckAsync();
        await page.Button("Redirect…").ClickAsync();
        await Expect(page.Heading("Redirect 2 messages?")).ToBeVisibleAsync();
        await page.Button("Redirect 2 messages").ClickAsync();
        await Expect(page.Locator(".notice").First).ToBeVisibleAsync();
        await page.GetByLabel("Over a smart host").SelectOptionAsync(name);
        await page.Button("Redirect 2 messages").ClickAsync();

        await Expect(page.Locator("[data-done]")).ToHaveTextAsync("2");
        Assert.Equal(2, (await sink.Host.WaitForAsync(2, Stop)).Count);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Without_a_script_chosen_messages_are_frozen_and_exported()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("plain.example");
        await site.SendAsync("somebody@plain.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var page = await browser.OpenLoggedInAsync(site.Server, new(JavaScript: false));

        await page.GotoAsync($"/messages?q=site:{site.Id}");
        await page.Button("Freeze").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("Choose messages first");
        await Rows(page).Nth(0).GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.Button("Freeze").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("1 message: frozen.");
        await Expect(Rows(page).First.Locator(".badge")).ToHaveTextAsync("frozen");

        await page.GetByLabel("all 2 that match").CheckAsync();
        await page.Button("Export…").ClickAsync();
        await page.Button("Export 2 messages").ClickAsync();
        await Expect(page.Heading("Export")).ToBeVisibleAsync();
        await Eventually.EqualAsync("done", async () => (await site.Api.GetAsync(new Uri(page.Url).AbsolutePath))["state"]!.GetValue<string>());
        await page.ReloadAsync();
        var folder = await page.Locator("dd.mono").InnerTextAsync();
        Assert.Equal(2, Directory.GetFiles(folder, "*.eml").Length);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Keys_choose_freeze_and_lead_and_can_be_switched_off()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("keys.example");
        await site.SendAsync("somebody@keys.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"/messages?q=site:{site.Id}");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("x");
        await Expect(page.Locator("[data-selected]")).ToHaveTextAsync("1 chosen:");
        await page.Keyboard.PressAsync("h");
        await Expect(page.Answer()).ToContainTextAsync("1 message: frozen.");
        await Expect(Rows(page).Nth(1).Locator(".badge")).ToHaveTextAsync("frozen");

        await page.Keyboard.PressAsync("/");
        await Expect(page.GetByLabel("Search", new() { Exact = true })).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("gh");
        await Expect(page.GetByLabel("Search", new() { Exact = true })).ToHaveValueAsync(new Regex("gh", RegexOptions.None, TimeSpan.FromSeconds(1)));
        await page.Locator("h1").ClickAsync();
        await page.Keyboard.PressAsync("?");
        await Expect(page.Heading("Keyboard")).ToBeVisibleAsync();
        await page.GetByLabel("Use single keys in this browser").UncheckAsync();
        await page.Locator("h1").ClickAsync();
        await page.Keyboard.TypeAsync("gt");
        await Expect(page.Heading("Keyboard")).ToBeVisibleAsync();
        await page.GetByLabel("Use single keys in this browser").CheckAsync();
        await page.Locator("h1").ClickAsync();
        await page.Keyboard.TypeAsync("gt");
        await Expect(page.Heading("Trace")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Html_of_a_message_is_shown_and_loads_and_runs_nothing()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("hostile.example");
        using var outside = new TcpListener(IPAddress.Loopback, 0);
        outside.Start();
        var html = "<h1>Hostile</h1><script>parent.document.title='owned'</script><img src=http://192.0.2.1/x.png onerror=alert(1)><img id=own src=cid:pic><iframe src=http://192.0.2.1/f></iframe><object data=http://192.0.2.1/o></object>"
            + "<form action=/logout method=post><button>Go</button></form><meta http-equiv=refresh content='0;url=/sites'><link rel=stylesheet href=//192.0.2.1/a.css>"
            + string.Concat(Enumerable.Repeat("<table><tr><td>", 20_000));
        html = html.Replace("192.0.2.1", outside.LocalEndpoint.ToString(), StringComparison.Ordinal);
        await site.SendAsync("somebody@hostile.example", Encoding.ASCII.GetBytes(
            "Subject: look\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
            + string.Join("\r\n", html.Chunk(500).Select(part => new string(part)))
            + "\r\n--b\r\nContent-Type: image/gif\r\nContent-ID: <pic>\r\nContent-Transfer-Encoding: base64\r\n\r\nR0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\r\n"
            + "--b\r\nContent-Type: text/html; name=\"../../bad.html\"\r\nContent-Disposition: attachment; filename=\"../../bad.html\"\r\n\r\n<script>1</script>\r\n--b--\r\n"));
        var id = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GotoAsync($"/messages/{id}");
        await page.GetByRole(AriaRole.Link, new() { Name = "HTML", Exact = true }).ClickAsync();

        var frame = page.FrameLocator("iframe");
        await Expect(frame.Locator("h1")).ToHaveTextAsync("Hostile");
        await Expect(frame.Locator("#own")).ToHaveAttributeAsync("src", new Regex("^data:image/gif;base64,", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Contains("look", await page.TitleAsync() + await page.Locator("h1").InnerTextAsync(), StringComparison.Ordinal);
        Assert.False(outside.Pending());
        var alone = (await page.GotoAsync($"/messages/{id}/html"))!;
        Assert.StartsWith("sandbox; default-src 'none'; img-src data:;", alone.Headers["content-security-policy"], StringComparison.Ordinal);

        Assert.False(outside.Pending());

        await page.GotoAsync($"/messages/{id}?tab=attachments");
        await Expect(page.Locator("tbody tr", new() { HasText = "bad.html" })).ToHaveCountAsync(1);
        var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("tbody tr", new() { HasText = "bad.html" }).GetByRole(AriaRole.Link).ClickAsync());
        Assert.DoesNotContain("/", download.SuggestedFilename, StringComparison.Ordinal);
        await page.GotoAsync($"/messages/{id}?tab=headers");
        await Expect(page.Locator(".reading")).ToContainTextAsync("multipart/related");
        await page.GotoAsync($"/messages/{id}?tab=source");
        await Expect(page.Locator("pre")).ToContainTextAsync("Received: ");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task One_recipient_is_returned_and_the_trace_and_the_search_find_the_message()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("traced.example");
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", ["a@traced.example", "b@traced.example"], SampleMail.Plain("one"));
        }
        var id = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync("/");
        await page.Locator("[data-find]").FillAsync($"2026-11-27 12:00 delivered {id} to somebody");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".strip code")).ToHaveTextAsync(id);

        await page.GetByRole(AriaRole.Link, new() { Name = "Act… on b@traced.example" }).ClickAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "Return" }).CheckAsync();
        await page.Button("Do it").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("b@traced.example: returned.");
        await Expect(page.Locator("section[aria-labelledby=recipients] tbody tr .badge")).ToHaveTextAsync(["held", "failed"]);

        await page.GotoAsync($"/trace?messageId={id}");
        await Expect(page.Locator("tbody tr", new() { HasText = "550 5.7.1 returned by admin" })).ToContainTextAsync("failed");
        await page.GetByLabel("Message-ID or our id").FillAsync("");
        await page.GetByLabel("Sender").FillAsync("nobody@nowhere.example");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("Searched: sender nobody@nowhere.example.")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_the_pages_do_is_done_over_rest_too()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("rest.example");
        await site.SendAsync("somebody@rest.example", SampleMail.Plain("one"), SampleMail.Plain("two"));

        Assert.Equal(2, (await site.Api.ListAsync($"/messages?q=site:{site.Id}%20state:held&sort=newest")).Count);
        (await site.Api.AskAsync("GET", "/messages?q=nonsense:1")).Problem(HttpStatusCode.BadRequest);
        (await site.Api.AskAsync("GET", $"{site.Path}/messages?sort=colour")).Problem(HttpStatusCode.BadRequest);
        var started = await site.Api.PostAsync("/messages/actions", $$"""{ "action": "freeze", "q": "site:{{site.Id}} domain:rest.example" }""");
        await Eventually.EqualAsync("done", async () => (await site.Api.GetAsync($"/operations/{started["id"]}"))["state"]!.GetValue<string>());
        Assert.Equal(2, (await site.Api.ListAsync($"{site.Path}/messages?state=frozen&largerThan=10")).Count);
        (await site.Api.AskAsync("POST", $"/operations/{started["id"]}/pause")).Problem(HttpStatusCode.Conflict);
        (await site.Api.AskAsync("POST", "/operations/0000000000000/continue")).Problem(HttpStatusCode.NotFound);
        (await site.Api.AskAsync("POST", "/messages/actions", """{ "action": "delete", "q": "" }""")).Problem(HttpStatusCode.BadRequest);
    }

    static ILocator Rows(IPage page) => page.Locator("tr[data-message]");
}
