using System.Globalization;
using WebSmtp.EndToEnd.Tests.Programs;

namespace WebSmtp.Benchmarks;

/// <summary>Messages a second and what they cost.</summary>
/// <param name="Cpu">Seconds for 1000 messages.</param>
sealed record Row(double Rate, double Cpu);

/// <summary>Measures servers in turns, so that whatever else the machine does hits all of them; medians count.</summary>
static class Interleaved
{
    /// <param name="first">Messages of the first run, which finds out how many fit into the time and lets the just-in-time compiler finish.</param>
    /// <param name="least">Messages of a run at least.</param>
    /// <param name="send">Sends so many, and says how long it took.</param>
    public static async Task<Row[]> MeasureAsync(
        MeasuredServer[] servers, int first, int least, Options options, Func<MeasuredServer, int, Task<TimeSpan>> send, CancellationToken stop)
    {
        var counts = new int[servers.Length];
        for (var at = 0; at < servers.Length; at++)
            counts[at] = Math.Max(least, (int)(first / (await send(servers[at], first)).TotalSeconds * options.Seconds));
        var runs = servers.Select(_ => new List<Row>()).ToArray();
        for (var repeat = 0; repeat < options.Repeat; repeat++)
        {
            for (var at = 0; at < servers.Length; at++)
            {
                await SettleDiskAsync(stop);
                var before = servers[at].CpuSeconds();
                var elapsed = await send(servers[at], counts[at]);
                runs[at].Add(new(counts[at] / elapsed.TotalSeconds, (servers[at].CpuSeconds() - before) / counts[at] * 1000));
            }
        }
        return [.. runs.Select(run => new Row(Median(run.Select(row => row.Rate)), Median(run.Select(row => row.Cpu))))];
    }

    /// <summary>Rates, their ratio, and CPU, as cells of a table.</summary>
    public static string Show(Row[] rows)
    {
        var rates = string.Join(" | ", rows.Select(row => row.Rate.ToString("F0", CultureInfo.InvariantCulture)));
        var ratio = rows.Length > 1 ? string.Create(CultureInfo.InvariantCulture, $" | {rows[1].Rate / rows[0].Rate:F1}") : "";
        return $"{rates}{ratio} | {string.Join(" | ", rows.Select(row => row.Cpu.ToString("F2", CultureInfo.InvariantCulture)))}";
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
}
