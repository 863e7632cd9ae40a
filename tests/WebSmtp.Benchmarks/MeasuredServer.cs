using System.Globalization;

namespace WebSmtp.Benchmarks;

/// <summary>A server that mail is sent to, on loopback.</summary>
abstract class MeasuredServer : IAsyncDisposable
{
    // Of /proc: USER_HZ, 100 on every Linux that .NET runs on.
    const double TicksPerSecond = 100;

    public abstract string Name { get; }
    public int Port { get; protected init; }

    /// <summary>The process that all of its others descend from.</summary>
    protected int RootProcess { get; set; }

    /// <summary>Seconds of CPU that the server and its children, living and gone, have used.</summary>
    public double CpuSeconds()
    {
        var processes = Directory.GetDirectories("/proc").Select(path => Read(Path.Combine(path, "stat"))).OfType<ProcessStat>()
            .ToLookup(process => process.Parent);
        var ours = new Stack<ProcessStat>([Read($"/proc/{RootProcess.ToString(CultureInfo.InvariantCulture)}/stat") ?? throw new BenchmarkException($"{Name} has ended.")]);
        double ticks = 0;
        while (ours.TryPop(out var process))
        {
            ticks += process.Ticks;
            foreach (var child in processes[process.Id]) ours.Push(child);
        }
        return ticks / TicksPerSecond;
    }

    public abstract ValueTask DisposeAsync();

    // Null: not a process, or gone meanwhile.
    static ProcessStat? Read(string file)
    {
        try
        {
            if (!char.IsAsciiDigit(file["/proc/".Length])) return null;
            var text = File.ReadAllText(file);
            // The name, in brackets, may hold anything.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new(
                int.Parse(text[..text.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture),
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    sealed record ProcessStat(int Id, int Parent, long Ticks);
}
