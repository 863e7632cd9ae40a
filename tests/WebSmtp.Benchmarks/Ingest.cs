using System.Globalization;
using WebSmtp.EndToEnd.Tests.Programs;

namespace WebSmtp.Benchmarks;

/// <summary>Durable acceptance of held mail, in messages a second, beside Postfix when wanted.</summary>
static class Ingest
{
    // For the first run, which finds out how many fit into the time and lets the just-in-time compiler finish.
    const int FirstMessages = 10_000;

    public static async Task RunAsync(Options options, WorkFolder folder, CancellationToken stop)
    {
        await using var product = await WebSmtpServer.StartAsync(folder, stop);
        await using var postfix = options.Postfix ? await PostfixServer.StartAsync(folder, stop) : null;
        MeasuredServer[] servers = postfix is null ? [product] : [postfix, product];

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Messages of {options.Size} octets, {Environment.ProcessorCount} cores for client and server, median of {options.Repeat}:\n"));
        Console.WriteLine(postfix is null
            ? "| sessions | connections | WebSmtp msg/s | CPU s per 1000 |\n| ---: | --- | ---: | ---: |"
            : "| sessions | connections | Postfix msg/s | WebSmtp msg/s | ratio | CPU s per 1000: Postfix | WebSmtp |\n| ---: | --- | ---: | ---: | ---: | ---: | ---: |");
        foreach (var reuse in (bool[])[true, false])
        {
            foreach (var sessions in options.Sessions)
            {
                var rows = await MeasureAsync(servers, sessions, reuse, options, stop);
                var rates = string.Join(" | ", rows.Select(row => row.Rate.ToString("F0", CultureInfo.InvariantCulture)));
                var ratio = rows.Length > 1 ? string.Create(CultureInfo.InvariantCulture, $" | {rows[1].Rate / rows[0].Rate:F1}") : "";
                var cpu = string.Join(" | ", rows.Select(row => row.Cpu.ToString("F2", CultureInfo.InvariantCulture)));
                Console.WriteLine($"| {sessions} | {(reuse ? "reused" : "one per message")} | {rates}{ratio} | {cpu} |");
            }
        }
    }

    // In turns, so that whatever else the machine does hits all of them.
    static async Task<Row[]> MeasureAsync(MeasuredServer[] servers, int sessions, bool reuse, Options options, CancellationToken stop)
    {
        var counts = new int[servers.Length];
        for (var at = 0; at < servers.Length; at++)
        {
            var first = await SmtpSource.SendAsync(servers[at], FirstMessages, sessions, options.Size, reuse, stop);
            counts[at] = Math.Max(sessions * 2, (int)(FirstMessages / first.TotalSeconds * options.Seconds));
        }
        var runs = servers.Select(_ => new List<Row>()).ToArray();
        for (var repeat = 0; repeat < options.Repeat; repeat++)
        {
            for (var at = 0; at < servers.Length; at++)
            {
                await SettleDiskAsync(stop);
                var before = servers[at].CpuSeconds();
                var elapsed = await SmtpSource.SendAsync(servers[at], counts[at], sessions, options.Size, reuse, stop);
                runs[at].Add(new(counts[at] / elapsed.TotalSeconds, (servers[at].CpuSeconds() - before) / counts[at] * 1000));
            }
        }
        return [.. runs.Select(run => new Row(Median(run.Select(row => row.Rate)), Median(run.Select(row => row.Cpu))))];
    }

    // What the other server left to be written is not paid for by this one.
    static async Task SettleDiskAsync(CancellationToken stop)
    {
        await using var sync = RunningProgram.Start("/bin/sync", []);
        await sync.WaitAsync(stop);
    }

    static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    sealed record Row(double Rate, double Cpu);
}
