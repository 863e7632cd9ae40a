using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.Benchmarks;

/// <summary>One TURN collection of a full held domain, by a host that throws away what it gets.</summary>
static class Collect
{
    public static async Task RunAsync(Options options, WorkFolder folder, CancellationToken stop)
    {
        await using var server = await WebSmtpServer.StartAsync(folder, stop);
        var filling = await SmtpSource.SendAsync(server, options.Messages, options.Sessions[0], options.Size, reuse: true, stop);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.Messages} messages of {options.Size} octets held, sent in {filling.TotalSeconds:F1} s."));

        using var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(IPAddress.Loopback, server.Port, stop);
        var wire = new LineStream(tcp.GetStream());
        await ExpectAsync(wire, "220", stop);
        await AskAsync(wire, "EHLO bench", "250", stop);
        await AskAsync(wire, $"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{WebSmtpServer.Username}\0{WebSmtpServer.Password}"))}", "235", stop);
        var cpu = server.CpuSeconds();
        var watch = Stopwatch.StartNew();
        await AskAsync(wire, "TURN", "250", stop);
        var (messages, octets) = await TakeAsync(wire, stop);
        watch.Stop();
        cpu = server.CpuSeconds() - cpu;
        if (messages != options.Messages) throw new BenchmarkException($"{options.Messages} messages were held and {messages} came.");
        var seconds = watch.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"collected by one TURN in {seconds:F2} s: {messages / seconds:F0} msg/s, {octets / seconds / 1e6:F1} MB/s, {cpu / messages * 1000:F2} s of CPU per 1000"));
    }

    static async Task<(int Messages, long Octets)> TakeAsync(LineStream wire, CancellationToken stop)
    {
        var (messages, octets) = (0, 0L);
        await SayAsync(wire, "220 bench", stop);
        while (true)
        {
            var line = await wire.ReadLineAsync(stop);
            if (line.IsEmpty) throw new BenchmarkException("The server broke off.");
            switch (Encoding.ASCII.GetString(line.Span[..Math.Min(4, line.Length)]).ToUpperInvariant())
            {
                case "EHLO":
                    await SayAsync(wire, "250-bench\r\n250-PIPELINING\r\n250 8BITMIME", stop);
                    break;
                case "DATA":
                    await SayAsync(wire, "354 Go on", stop);
                    for (ReadOnlyMemory<byte> part; !(part = await wire.ReadLineAsync(stop)).Span.SequenceEqual(".\r\n"u8); octets += part.Length)
                    {
                        if (part.IsEmpty) throw new BenchmarkException("The server broke off.");
                    }
                    messages++;
                    await SayAsync(wire, "250 Taken", stop);
                    break;
                case "QUIT":
                    await SayAsync(wire, "221 Bye", stop);
                    return (messages, octets);
                default:
                    await SayAsync(wire, "250 OK", stop);
                    break;
            }
        }
    }

    static async Task AskAsync(LineStream wire, string command, string code, CancellationToken stop)
    {
        await SayAsync(wire, command, stop);
        await ExpectAsync(wire, code, stop);
    }

    static async Task ExpectAsync(LineStream wire, string code, CancellationToken stop)
    {
        string line;
        do line = Encoding.ASCII.GetString((await wire.ReadLineAsync(stop)).Span);
        while (line is [_, _, _, '-', ..]);
        if (!line.StartsWith(code, StringComparison.Ordinal)) throw new BenchmarkException($"{code} was expected, and '{line.TrimEnd()}' came.");
    }

    static async Task SayAsync(LineStream wire, string line, CancellationToken stop) =>
        await wire.Stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), stop);
}
