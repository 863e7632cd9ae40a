using System.Globalization;

namespace WebSmtp.Benchmarks;

/// <summary>What was asked for on the command line.</summary>
sealed record Options
{
    public required string Benchmark { get; init; }
    public bool Postfix { get; init; }
    public IReadOnlyList<int> Sessions { get; init; } = [20, 50];
    public int Size { get; init; }
    public double Seconds { get; init; } = 3;
    public int Repeat { get; init; } = 3;
    public int Messages { get; init; } = 20_000;
    public string? Folder { get; init; }

    /// <summary>Of seed and queue-page: not SQLite in the folder, but this.</summary>
    public string? Database { get; init; }

    /// <summary>Throws <see cref="FormatException"/> with what is wrong.</summary>
    public static Options Read(string[] args)
    {
        if (args is not ["ingest" or "collect" or "relay" or "seed" or "queue-page", ..]) throw new FormatException("Say what to measure: ingest, collect, relay or queue-page; or seed.");
        var options = new Options { Benchmark = args[0], Size = 10_240 };
        if (options.Benchmark is "relay") options = options with { Size = 4096, Sessions = [20] };
        for (var at = 1; at < args.Length; at++)
        {
            string Value() => ++at < args.Length ? args[at] : throw new FormatException($"{args[at - 1]} wants a value.");
            options = args[at] switch
            {
                "--postfix" => options with { Postfix = true },
                "--sessions" => options with { Sessions = [.. Value().Split(',').Select(Number)] },
                "--size" => options with { Size = Number(Value()) },
                "--seconds" => options with { Seconds = Number(Value()) },
                "--repeat" => options with { Repeat = Number(Value()) },
                "--messages" => options with { Messages = Number(Value()) },
                "--database" => options with { Database = Value() },
                "--folder" or "--data" => options with { Folder = Path.GetFullPath(Value()) },
                var other => throw new FormatException($"There is no option {other}."),
            };
        }
        return options;
    }

    static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"'{text}' is not a number above 0.");
}

/// <summary>It cannot be measured here; the message says why.</summary>
sealed class BenchmarkException(string message) : Exception(message);
