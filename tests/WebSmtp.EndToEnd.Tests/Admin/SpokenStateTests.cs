using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>For those who do not see colours, or nothing: each state has a word, and counts are announced, not rows.</summary>
public sealed class SpokenStateTests(SharedServer server, Browser browser)
{
    const string Wordless =
        """
        () => [...document.querySelectorAll("main .badge, main [data-state], main .timeline-title, main .chart-key li, main [data-verdict]")]
            .filter(state => !state.innerText.trim() || state.matches(".badge") && !state.querySelector("svg[aria-hidden=true]"))
            .map(state => state.outerHTML)
        """;

    const string SpokenRows =
        """
        () => [...document.querySelectorAll(":is([aria-live]:not([aria-live=off]), [role=status], [role=log], [role=alert]) :is(tr, li)")].map(row => row.outerHTML)
        """;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Every_state_has_a_word_and_live_pages_announce_counts_and_no_rows()
    {
        await using var site = await server.NewSiteAsync();
        await AdminPages.FillAsync(site);
        var held = await browser.OpenLoggedInAsync(site.Server);
        await held.GoLiveAsync($"/held?site={site.Id}");
        await Expect(Announced(held)).ToHaveTextAsync("2 messages held for 2 domains.");
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"/messages?site={site.Id}");
        var message = await page.Locator("tr[data-message]").First.GetAttributeAsync("data-message");
        foreach (var (path, announced) in new[]
        {
            ("/", "running, "), ($"/held?site={site.Id}", "2 messages held"), ($"/held/{site.Id}/*.wild.example", "1 message held for *.wild.example."), ($"/queue?site={site.Id}", "2 messages waiting."),
            ($"/sessions?site={site.Id}", "0 sessions now."), ("/sites", "running."), ("/smarthosts", "in trouble."), ($"/log?site={site.Id}", "shown."),
            ($"/messages?site={site.Id}", null), ($"/messages/{message}", null), ("/accounts", null), ("/audit", null), ($"/sessions?ended=true&site={site.Id}", null),
        })
        {
            await page.GotoAsync(path);
            if (announced is not null)
            {
                await page.LiveAsync();
                await Expect(Announced(page)).ToContainTextAsync(announced);
            }
            Assert.Empty(await page.EvaluateAsync<string[]>(Wordless));
            Assert.Empty(await page.EvaluateAsync<string[]>(SpokenRows));
        }

        await site.SendAsync("somebody@van.wild.example", SampleMail.Plain("three"));
        await Expect(Announced(held)).ToHaveTextAsync("3 messages held for 2 domains.");
    }

    static ILocator Announced(IPage page) => page.Locator("p[role=status].visually-hidden").First;
}
