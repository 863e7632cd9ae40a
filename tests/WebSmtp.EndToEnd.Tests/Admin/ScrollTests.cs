using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Where one was on a page when the server was started again.</summary>
public sealed class ScrollTests(Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task A_page_comes_back_at_the_place_to_which_it_was_scrolled()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        await site.HoldAsync("scrolled.example");
        await site.SendAsync("somebody@scrolled.example", Enumerable.Range(0, 30).Select(n => SampleMail.Plain($"{n}")));
        var overview = await browser.OpenLoggedInAsync(server, new(Width: 390));
        var held = await overview.Context.NewPageAsync();
        await ScrollAsync(overview, "/");
        await ScrollAsync(held, $"/held/{site.Id}/scrolled.example");
        var loaded = new[] { overview, held }.Select(LoadedAgainAsync).ToList();

        await server.RestartAsync(Stop);

        await Task.WhenAll(loaded).WaitAsync(Stop);
        foreach (var page in new[] { overview, held })
        {
            await page.LiveAsync();
            await Eventually.EqualAsync(700, async () => (int)Math.Round(await page.EvaluateAsync<double>("scrollY")), TimeSpan.FromSeconds(20));
        }
    }

    static Task LoadedAgainAsync(IPage page)
    {
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        page.Load += (_, _) => loaded.TrySetResult();
        return loaded.Task;
    }

    static async Task ScrollAsync(IPage page, string path)
    {
        await page.GoLiveAsync(path);
        await page.EvaluateAsync("scrollTo(0, 700)");
        await Eventually.EqualAsync(700, async () => (int)Math.Round(await page.EvaluateAsync<double>("scrollY")));
    }
}
