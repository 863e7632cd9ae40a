using System.Diagnostics;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>
/// What ten open dashboards cost the mail: <c>tests/dashboards</c> prints it. Rounds without and with them take turns, and the
/// browser has only the time that nobody else wants, for it would be on other machines. It still takes some, so what it and the
/// server use is shown too. Not a test: a timing asserts nothing.
/// </summary>
public sealed class DashboardLoad(Browser browser, ITestOutputHelper output)
{
    const int Rounds = 5, Messages = 20_000, Dashboards = 10;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Is_measured_in_pairs()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        // Not disposed of: to export its mail would take longer than all the rest.
        var site = await TestSite.CreateAsync(server);
        await site.HoldAsync("held.example");
        for (var n = 0; n < 2; n++) await SendAsync(server, site);

        var (without, with) = (new List<Round>(), new List<Round>());
        for (var round = 0; round < Rounds; round++)
        {
            without.Add(await SendAsync(server, site));
            var pages = await Task.WhenAll(Enumerable.Range(0, Dashboards).Select(_ => browser.OpenLoggedInAsync(server)));
            await LetGoFirstAsync();
            await Task.WhenAll(pages.Select(page => page.GoLiveAsync("/")));
            await LetGoFirstAsync();
            with.Add(await SendAsync(server, site));
            foreach (var page in pages) await page.Context.CloseAsync();
        }
        output.WriteLine($"Messages of 10240 octets, 20 sessions, {Rounds} pairs, medians without dashboards and with {Dashboards}:");
        Show("messages a second", without, with, round => round.PerSecond);
        Show("server's processor time for 1000 messages, in ms", without, with, round => round.Processor);
        output.WriteLine($"processors that the dashboards' browser kept busy: {Median(with.Select(round => round.Browser)):0.00}");
    }

    void Show(string what, List<Round> without, List<Round> with, Func<Round, double> value)
    {
        var (before, after) = (Median(without.Select(value)), Median(with.Select(value)));
        output.WriteLine($"{what}: {before:0}, {after:0}: {100 * (after / before - 1):+0.0;-0.0} %");
        output.WriteLine($"  pair by pair: {string.Join(", ", without.Zip(with, (one, other) => $"{100 * (value(other) / value(one) - 1):+0;-0} %"))}");
    }

    static async Task<Round> SendAsync(WebSmtpProcess server, TestSite site)
    {
        using var process = Process.GetProcessById(server.ProcessId);
        var (began, used, browsing) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime, BrowserTime());
        var sent = await Tool.RunAsync(Tool.Need("smtp-source", "postfix"),
            ["-d", "-s", "20", "-m", $"{Messages}", "-l", "10240", "-f", "sender@away.example", "-t", "user@held.example", $"127.0.0.1:{site.Port}"], Stop);
        Assert.True(sent.ExitCode == 0, sent.ToString());
        var time = Stopwatch.GetElapsedTime(began);
        process.Refresh();
        return new(Messages / time.TotalSeconds, (process.TotalProcessorTime - used).TotalMilliseconds / Messages * 1000, (BrowserTime() - browsing) / time);
    }

    static TimeSpan BrowserTime() => TimeSpan.FromTicks(Process.GetProcessesByName("chromium").Sum(process => process.TotalProcessorTime.Ticks));

    /// <summary>Everybody else, before the browser: its threads run where a processor would be idle.</summary>
    static async Task LetGoFirstAsync()
    {
        foreach (var process in Process.GetProcessesByName("chromium"))
            await Tool.RunAsync(Tool.Need("chrt", "util-linux"), ["--all-tasks", "--idle", "--pid", "0", $"{process.Id}"], Stop);
    }

    static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    /// <param name="PerSecond">Messages.</param>
    /// <param name="Processor">Of the server, in milliseconds for 1000 messages.</param>
    /// <param name="Browser">Processors that it used all the time.</param>
    sealed record Round(double PerSecond, double Processor, double Browser);
}
