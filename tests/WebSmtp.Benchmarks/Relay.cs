using System.Diagnostics;
using System.Globalization;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.Benchmarks;

/// <summary>
/// From smtp-source over a server to smtp-sink, durably: a run is over when the sink has the last message. Beside Postfix
/// when wanted.
/// </summary>
static class Relay
{
    const int FirstMessages = 3000, WarmUpMessages = 15_000;

    public static async Task RunAsync(Options options, WorkFolder folder, CancellationToken stop)
    {
        var sinkPort = FreePorts.Next();
        await using var product = await WebSmtpServer.StartAsync(folder, stop, sinkPort);
        await using var postfix = options.Postfix ? await PostfixServer.StartAsync(folder, stop, sinkPort) : null;
        MeasuredServer[] servers = postfix is null ? [product] : [postfix, product];

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Messages of {options.Size} octets relayed to smtp-sink, {Environment.ProcessorCount} cores for all, median of {options.Repeat}:\n"));
        Console.WriteLine(postfix is null
            ? "| sessions | WebSmtp msg/s | CPU s per 1000 |\n| ---: | ---: | ---: |"
            : "| sessions | Postfix msg/s | WebSmtp msg/s | ratio | CPU s per 1000: Postfix | WebSmtp |\n| ---: | ---: | ---: | ---: | ---: | ---: |");
        // What the just-in-time compiler does once is not what a server does all day.
        await SendAsync(product, sinkPort, WarmUpMessages, options.Sessions[0], options.Size, stop);
        foreach (var sessions in options.Sessions)
        {
            var rows = await Interleaved.MeasureAsync(servers, FirstMessages, sessions * 2, options,
                (server, count) => SendAsync(server, sinkPort, count, sessions, options.Size, stop), stop);
            Console.WriteLine($"| {sessions} | {Interleaved.Show(rows)} |");
        }
    }

    static async Task<TimeSpan> SendAsync(MeasuredServer server, int sinkPort, int messages, int sessions, int size, CancellationToken stop)
    {
        const string Sink = "/usr/sbin/smtp-sink";
        if (!File.Exists(Sink)) throw new BenchmarkException("smtp-sink is not installed (Debian package postfix).");
        await using var sink = RunningProgram.Start(Sink,
            [.. Environment.UserName is "root" ? (string[])["-u", "nobody"] : [], "-M", messages.ToString(CultureInfo.InvariantCulture), $"127.0.0.1:{sinkPort.ToString(CultureInfo.InvariantCulture)}", "1000"]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        var watch = Stopwatch.StartNew();
        await SmtpSource.SendAsync(server, messages, sessions, size, reuse: true, limit.Token);
        var finished = await sink.WaitAsync(limit.Token);
        if (finished.ExitCode != 0) throw new BenchmarkException($"smtp-sink: {finished}");
        return watch.Elapsed;
    }
}
