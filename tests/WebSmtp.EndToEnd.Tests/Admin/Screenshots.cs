using Microsoft.Playwright;
using MimeKit;
using WebSmtp.EndToEnd.Tests.Collecting;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>
/// The pictures of the documents, light and dark: <c>tests/screenshots</c> makes them anew in <c>docs/images</c>. Not a
/// test: it runs when it is asked for.
/// </summary>
public sealed class Screenshots(Browser browser)
{
    const int Width = 1280, MostHeight = 1400;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Are_made_of_each_page()
    {
        var folder = Directory.CreateDirectory(Path.Combine(ProgramFiles.Repository, "docs", "images")).FullName;
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        var pages = await FillAsync(server);
        foreach (var dark in new[] { false, true })
        {
            await TakeAsync(await browser.OpenAsync(server, new(Width, dark)), "login", "/login");
            var page = await browser.OpenLoggedInAsync(server, new(Width, dark));
            foreach (var (name, path) in pages) await TakeAsync(page, name, path);

            async Task TakeAsync(IPage page, string name, string path)
            {
                await page.GotoAsync(path);
                if (await page.Locator("[data-live]").CountAsync() > 0) await page.LiveAsync();
                var height = Math.Min(MostHeight, await page.EvaluateAsync<int>("document.documentElement.scrollHeight"));
                await page.SetViewportSizeAsync(Width, Math.Max(800, height));
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{(dark ? "dark" : "light")}.png"), Animations = ScreenshotAnimations.Disabled });
                await page.SetViewportSizeAsync(Width, 800);
            }
        }
    }

    /// <summary>A hub with branches, mail of all kinds and some trouble, and what is to be seen of it.</summary>
    static async Task<IReadOnlyList<(string Name, string Path)>> FillAsync(WebSmtpProcess server)
    {
        var site = await TestSite.CreateAsync(server);
        await server.Api.PatchAsync(site.Path, """{ "name": "Branch offices" }""");
        var vessel = new MailAccount("vessel-aurora", "a long secret, with spaces");
        await server.Api.PostAsync("/accounts", $$"""{ "username": "{{vessel.Username}}", "password": "{{vessel.Password}}", "challengeResponse": true, "description": "MV Aurora, by satellite" }""");
        await site.HoldAsync("aurora.example", vessel, """{ "etrn": false, "maxMessages": 500, "maxAge": "P14D" }""");
        await site.HoldAsync("harbour.example", route: """{ "etrn": true, "etrnTo": "192.0.2.25:25" }""");
        await site.HoldAsync("*.depot.example", vessel);
        await site.HoldAsync("lonely.example", route: """{ "etrn": false }""");
        await server.Api.PostAsync($"{site.Path}/domains", """{ "name": "staff.hub.example", "kind": "alias" }""");
        await server.Api.PostAsync("/smarthosts", """
            { "name": "microsoft-365", "auth": { "type": "oauth2ClientCredentials", "preset": "microsoft365", "tenant": "hub.example", "username": "relay@hub.example", "clientId": "7a0e4d3c", "clientSecret": "the secret's value" } }
            """);
        await server.Api.PostAsync("/smarthosts", """{ "name": "provider", "host": "relay.provider.example", "port": 587, "auth": { "type": "password", "username": "hub", "password": "open sesame" } }""");
        await server.Api.PostAsync($"{site.Path}/collectors", """
            { "name": "head-office", "host": "odmr.provider.example", "port": 366, "method": "atrn", "username": "hub", "password": "correct horse battery", "domains": ["hub.example"], "every": "PT15M" }
            """);
        await server.Api.PostAsync("/users", """{ "username": "night.shift", "password": "a long secret, with spaces", "role": "operator" }""");
        await site.SendAsync("master@aurora.example", Mail("Weather routing for Monday"), Mail("Crew change in Bergen"));
        await TurnHost.CollectAsync(site, vessel, Stop);
        await site.SendAsync("master@aurora.example", WithPapers("Port papers"), Mail("Spare parts: order 4711"), Mail("Re: Crew change in Bergen"));
        await site.SendAsync("office@harbour.example", Mail("Tide tables"));
        await site.SendAsync("scanner@north.depot.example", Mail("Scan 0001"), Mail("Scan 0002"));
        await site.SendAsync("accounts@hub.example", Mail("Invoice 2026-118"));
        await site.SendAsync("someone@far-away.example", Mail("Offer"), Mail("Offer, second version"));
        var waiting = await server.Api.ListAsync($"{site.Path}/messages?domain=aurora.example");
        var message = waiting[0]["id"]!.GetValue<string>();
        var session = (await server.Api.ListAsync($"{site.Path}/sessions?history=true"))[0]["id"]!.GetValue<string>();
        var collection = (await server.Api.ListAsync($"{site.Path}/domains/aurora.example/collections"))[0]["id"]!.GetValue<string>();
        await server.Api.PostAsync("/messages/actions", $$"""{ "action": "freeze", "q": "site:{{site.Id}} to:office@harbour.example" }""");
        var operation = (await server.Api.ListAsync("/operations"))[0]["id"]!.GetValue<string>();
        return
        [
            ("overview", "/?range=1h"), ("held-mail", "/held"), ("held-accounts", "/held/accounts"), ("held-domain", $"/held/{site.Id}/aurora.example"),
            ("queue", $"/queue?site={site.Id}"), ("messages", $"/messages?site={site.Id}"), ("message", $"/messages/{message}"),
            ("sessions", "/sessions"), ("sites", "/sites"), ("site", $"/sites/{site.Id}"), ("site-new", "/sites/new"), ("site-edit", $"/sites/{site.Id}/edit"),
            ("site-delete", $"/sites/{site.Id}/delete"), ("domains", $"/sites/{site.Id}/domains"), ("domain", $"/sites/{site.Id}/domains/aurora.example"),
            ("domain-new", $"/sites/{site.Id}/domains/new"), ("accounts", "/accounts"), ("account", $"/accounts/{vessel.Username}"),
            ("site-access", $"/sites/{site.Id}/edit/access"), ("site-messages", $"/sites/{site.Id}/edit/messages"), ("site-delivery", $"/sites/{site.Id}/edit/delivery"),
            ("site-folders", $"/sites/{site.Id}/edit/folders"), ("site-tls", $"/sites/{site.Id}/edit/tls"),
            ("domain-overrides", $"/sites/{site.Id}/domains/aurora.example/settings/delivery"), ("domain-dns", $"/sites/{site.Id}/domains/harbour.example/dns"),
            ("held-account", $"/held/accounts/{vessel.Username}"), ("operation", $"/operations/{operation}"), ("account-new", "/accounts/new"), ("user-new", "/users/new"),
            ("smart-host-edit", "/smarthosts/provider/edit"), ("collector-edit", $"/collectors/{site.Id}/head-office/edit"), ("password", "/password"),
            ("message-text", $"/messages/{message}?tab=text"), ("message-html", $"/messages/{message}?tab=html"), ("message-attachments", $"/messages/{message}?tab=attachments"),
            ("message-headers", $"/messages/{message}?tab=headers"), ("message-source", $"/messages/{message}?tab=source"),
            ("act", $"/messages/act?act=delete&q=site:{site.Id}"), ("operations", "/operations"), ("trace", "/trace"), ("keyboard", "/keyboard"),
            ("sessions-ended", "/sessions?ended=true"), ("session", $"/sessions/{session}"), ("log", "/log"), ("test", $"/test?site={site.Id}"),
            ("collection", $"/held/{site.Id}/aurora.example/collections/{collection}"), ("simulate", $"/simulate?site={site.Id}&client=192.0.2.99&from=a@sender.example&to=master@aurora.example%20user@elsewhere.example"),
            ("smart-hosts", "/smarthosts"), ("smart-host", "/smarthosts/provider"), ("smart-host-new", "/smarthosts/new"), ("collectors", "/collectors"),
            ("collector", $"/collectors/{site.Id}/head-office"), ("collector-new", "/collectors/new"), ("routes", "/routes"), ("users", "/users"), ("user", "/users/night.shift"), ("keys", "/keys"),
            ("audit", "/audit"), ("about", "/about"), ("start", "/start"),
        ];
    }

    static byte[] Mail(string subject) => System.Text.Encoding.ASCII.GetBytes(
        $"From: Operations <operations@hub.example>\r\nTo: somebody\r\nSubject: {subject}\r\nMessage-ID: <{Guid.NewGuid():N}@hub.example>\r\n\r\nGood morning,\r\nplease see below.\r\n");

    /// <summary>With text, HTML and attachments.</summary>
    static byte[] WithPapers(string subject)
    {
        var message = new MimeMessage { Subject = subject, MessageId = $"{Guid.NewGuid():N}@hub.example" };
        message.From.Add(new MailboxAddress("Operations", "operations@hub.example"));
        message.To.Add(new MailboxAddress("Master, MV Aurora", "master@aurora.example"));
        var body = new BodyBuilder
        {
            TextBody = "Good morning,\r\n\r\nthe papers for Bergen are attached: crew list and cargo manifest.\r\n",
            HtmlBody = "<h1>Port papers</h1><p>Good morning,</p><p>the papers for <b>Bergen</b> are attached:</p><ul><li>crew list</li><li>cargo manifest</li></ul>",
        };
        body.Attachments.Add("crew-list.csv", "name,rank\r\nSolveig,master\r\n"u8.ToArray(), new("text", "csv"));
        body.Attachments.Add("manifest.pdf", new byte[48_000], new("application", "pdf"));
        message.Body = body.ToMessageBody();
        using var bytes = new MemoryStream();
        message.WriteTo(new FormatOptions { NewLineFormat = NewLineFormat.Dos }, bytes);
        return bytes.ToArray();
    }
}
