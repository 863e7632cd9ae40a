using Microsoft.Playwright;
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
            var page = await browser.OpenLoggedInAsync(server, new(Width, dark));
            foreach (var (name, path) in pages)
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
        await site.SendAsync("master@aurora.example", Mail("Weather routing for Monday"), Mail("Crew change in Bergen"));
        await TurnHost.CollectAsync(site, vessel, Stop);
        await site.SendAsync("master@aurora.example", Mail("Port papers"), Mail("Spare parts: order 4711"), Mail("Re: Crew change in Bergen"));
        await site.SendAsync("office@harbour.example", Mail("Tide tables"));
        await site.SendAsync("scanner@north.depot.example", Mail("Scan 0001"), Mail("Scan 0002"));
        await site.SendAsync("accounts@hub.example", Mail("Invoice 2026-118"));
        await site.SendAsync("someone@far-away.example", Mail("Offer"), Mail("Offer, second version"));
        var waiting = await server.Api.ListAsync($"{site.Path}/messages?domain=aurora.example");
        var message = waiting[0]["id"]!.GetValue<string>();
        return
        [
            ("overview", "/?range=1h"), ("held-mail", "/held"), ("held-accounts", "/held/accounts"), ("held-domain", $"/held/{site.Id}/aurora.example"),
            ("queue", $"/queue?site={site.Id}"), ("messages", $"/messages?site={site.Id}"), ("message", $"/messages/{message}"),
            ("sessions", "/sessions"), ("sites", "/sites"), ("site", $"/sites/{site.Id}"), ("site-new", "/sites/new"), ("site-edit", $"/sites/{site.Id}/edit"),
            ("site-delete", $"/sites/{site.Id}/delete"), ("domains", $"/sites/{site.Id}/domains"), ("domain", $"/sites/{site.Id}/domains/aurora.example"),
            ("domain-new", $"/sites/{site.Id}/domains/new"), ("accounts", "/accounts"), ("account", $"/accounts/{vessel.Username}"),
        ];
    }

    static byte[] Mail(string subject) => System.Text.Encoding.ASCII.GetBytes(
        $"From: Operations <operations@hub.example>\r\nTo: somebody\r\nSubject: {subject}\r\nMessage-ID: <{Guid.NewGuid():N}@hub.example>\r\n\r\nGood morning,\r\nplease see below.\r\n");
}
