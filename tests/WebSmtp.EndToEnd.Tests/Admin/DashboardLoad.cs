using System.Diagnostics;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>
/// What ten open dashboards cost the mail: <c>tests/dashboards</c> prints it. Rounds without and with them take turns, and the
/// browser has only the time that nobody else wants, for it would be on other machines. Not a test: a timing asserts nothing.
/// </summary>
public sealed class DashboardLoad(Browser browser, ITestOutputHelper output)
{
    const int Rounds = 9, Messages = 6000, Dashboards = 10;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Is_measured_in_pairs()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        await site.HoldAsync("held.example");
        for (var n = 0; n < 3; n++) await SendAsync(site);

        var (without, with) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            without.Add(await SendAsync(site));
            var pages = await Task.WhenAll(Enumerable.Range(0, Dashboards).Select(_ => browser.OpenLoggedInAsync(server)));
            await RunProcessesAsync("renice", "-n", "19");
            await Task.WhenAll(pages.Select(page => page.GoLiveAsync("/")));
            await RunProcessesAsync("renice", "-n", "19");
            with.Add(await SendAsync(site));
            foreach (var page in pages) await page.Context.CloseAsync();
        }
        output.WriteLine($"Messages of 10240 octets a second, 20 sessions, {Rounds} pairs, medians:");
        output.WriteLine($"without dashboards {Median(without):0}, with {Dashboards} {Median(with):0}: {100 * (Median(with) / Median(without) - 1):+0.0;-0.0} %");
        output.WriteLine($"pair by pair: {string.Join(", ", without.Zip(with, (one, other) => $"{100 * (other / one - 1):+0;-0} %"))}");
    }

    static async Task<double> SendAsync(TestSite site)
    {
        var began = Stopwatch.GetTimestamp();
        var sent = await Tool.RunAsync(Tool.Need("smtp-source", "postfix"),
            ["-d", "-s", "20", "-m", $"{Messages}", "-l", "10240", "-f", "sender@away.example", "-t", "user@held.example", $"127.0.0.1:{site.Port}"], Stop);
        Assert.True(sent.ExitCode == 0, sent.ToString());
        return Messages / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>For each process of the browser.</summary>
    static async Task RunProcessesAsync(string program, params string[] arguments)
    {
        var browsers = Process.GetProcessesByName("chromium").Select(process => process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await Tool.RunAsync(Tool.Need(program), [.. arguments, "-p", .. browsers], Stop);
    }

    static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
