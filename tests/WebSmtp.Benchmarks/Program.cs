using WebSmtp.Benchmarks;

const string usage = """
    Measures WebSmtp on this machine. Everything stays on loopback and in one folder, which is deleted at the end.

      dotnet run -c Release --project tests/WebSmtp.Benchmarks -- ingest [--postfix] [options]
      dotnet run -c Release --project tests/WebSmtp.Benchmarks -- collect [options]
      dotnet run -c Release --project tests/WebSmtp.Benchmarks -- relay [--postfix] [options]
      dotnet run -c Release --project tests/WebSmtp.Benchmarks -- seed --messages 1000000 --data DIRECTORY [--database URL]
      dotnet run -c Release --project tests/WebSmtp.Benchmarks -- queue-page --data DIRECTORY [--database URL]

    ingest   Durable acceptance of held mail, sent by Postfix's smtp-source (Debian package postfix). With --postfix a
             private Postfix that holds everything is measured in the same run, interleaved (needs root).
    collect  Fills a held domain, then measures one TURN collection of all of it.
    relay    From smtp-source over the server to smtp-sink; with --postfix beside a private Postfix that relays.
    seed     Fills a data directory's database with messages that wait; it stays. queue-page then starts the server on it
             and measures opening, filtering, sorting and paging the queue, and the process's memory.

      --sessions 20,50     numbers of sessions at once (ingest; relay: 20)
      --size 10240         octets of a message (relay: 4096)
      --seconds 3          how long each single measurement should take (ingest, relay)
      --repeat 3           measurements of each kind; the median counts, a first one is thrown away (ingest, relay)
      --messages 20000     how many to collect (collect)
      --folder DIRECTORY   where the data goes; on the disk that is to be measured. Default: a new one in /var/tmp
    """;

Options options;
try
{
    options = Options.Read(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{usage}");
    return 2;
}

using var stopped = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stopped.Cancel();
};
try
{
    if (options.Benchmark is "seed" or "queue-page")
    {
        await (options.Benchmark is "seed" ? Seed.RunAsync(options, stopped.Token) : QueuePage.RunAsync(options, stopped.Token));
        return 0;
    }
    await using var folder = new WorkFolder(options.Folder);
    await (options.Benchmark switch
    {
        "ingest" => Ingest.RunAsync(options, folder, stopped.Token),
        "relay" => Relay.RunAsync(options, folder, stopped.Token),
        _ => Collect.RunAsync(options, folder, stopped.Token),
    });
    return 0;
}
catch (BenchmarkException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (OperationCanceledException)
{
    return 1;
}
