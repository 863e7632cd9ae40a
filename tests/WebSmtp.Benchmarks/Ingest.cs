using System.Globalization;

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
                var rows = await Interleaved.MeasureAsync(servers, FirstMessages, sessions * 2, options,
                    (server, count) => SmtpSource.SendAsync(server, count, sessions, options.Size, reuse, stop), stop);
                Console.WriteLine($"| {sessions} | {(reuse ? "reused" : "one per message")} | {Interleaved.Show(rows)} |");
            }
        }
    }
}
