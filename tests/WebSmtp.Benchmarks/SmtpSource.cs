using System.Diagnostics;
using System.Globalization;
using WebSmtp.EndToEnd.Tests.Programs;

namespace WebSmtp.Benchmarks;

/// <summary>Postfix's load generator.</summary>
static class SmtpSource
{
    const string Program = "/usr/sbin/smtp-source";
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Sends so many messages; returns how long it took. Every one must be taken.</summary>
    /// <param name="reuse">Many messages on each connection, or a connection for each message.</param>
    public static async Task<TimeSpan> SendAsync(MeasuredServer server, int messages, int sessions, int size, bool reuse, CancellationToken stop)
    {
        if (!File.Exists(Program)) throw new BenchmarkException("smtp-source is not installed (Debian package postfix).");
        string[] arguments =
        [
            "-s", Text(sessions), "-m", Text(messages), "-l", Text(size), "-f", "sender@away.example", "-t", $"user@{WebSmtpServer.Domain}",
            .. reuse ? (string[])["-d"] : [], $"127.0.0.1:{Text(server.Port)}",
        ];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Limit);
        var watch = Stopwatch.StartNew();
        await using var program = RunningProgram.Start(Program, arguments);
        var finished = await program.WaitAsync(limit.Token);
        watch.Stop();
        if (finished.ExitCode != 0) throw new BenchmarkException($"smtp-source to {server.Name}: {finished}");
        return watch.Elapsed;
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
