using System.Globalization;
using System.Net;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.Benchmarks;

/// <summary>The program on a data directory that stays.</summary>
sealed class QueueServer : IAsyncDisposable
{
    public const string Password = "only-for-benchmarks", Key = "benchmark-key-0123456789abcdef0123456789";

    readonly RunningProgram _program;

    QueueServer(RunningProgram program, string url)
    {
        _program = program;
        Http = new(new SocketsHttpHandler { CookieContainer = new(), UseCookies = true }) { BaseAddress = new(url), Timeout = TimeSpan.FromMinutes(5) };
    }

    /// <summary>Keeps its cookies.</summary>
    public HttpClient Http { get; }

    public static async Task<QueueServer> StartAsync(string data, string? database, CancellationToken stop)
    {
        var url = $"http://127.0.0.1:{FreePorts.Next().ToString(CultureInfo.InvariantCulture)}";
        var log = Path.Combine(data, "benchmark.log");
        var server = new QueueServer(RunningProgram.Start("/bin/sh", ["-c", $"exec \"{ProgramFiles.Executable}\" > \"{log}\" 2>&1"], new Dictionary<string, string?>
        {
            ["DOTNET_ROOT"] = ProgramFiles.DotnetRoot,
            ["WEBSMTP_DATA"] = data,
            ["WEBSMTP_URLS"] = url,
            ["WEBSMTP_SMTP_PORT"] = FreePorts.Next().ToString(CultureInfo.InvariantCulture),
            ["WEBSMTP_API_KEY"] = Key,
            ["WEBSMTP_ADMIN_PASSWORD"] = Password,
            ["WEBSMTP_DATABASE"] = database,
        }), url);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!await server.IsReadyAsync(limit.Token))
        {
            if (server._program.HasExited) throw new BenchmarkException($"WebSmtp did not start:\n{await File.ReadAllTextAsync(log, stop)}");
            await pace.WaitForNextTickAsync(limit.Token);
        }
        return server;
    }

    /// <summary>Memory that the process has in use, and has had at most, in bytes.</summary>
    public (long Now, long Peak) Memory()
    {
        var lines = File.ReadAllLines($"/proc/{_program.Id.ToString(CultureInfo.InvariantCulture)}/status");
        return (Of("VmRSS:"), Of("VmHWM:"));

        long Of(string name) => 1024 * long.Parse(
            Array.Find(lines, line => line.StartsWith(name, StringComparison.Ordinal))!.Split(' ', '\t', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    async Task<bool> IsReadyAsync(CancellationToken stop)
    {
        try
        {
            using var answer = await Http.GetAsync("readyz", stop);
            return answer.StatusCode is HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_program.HasExited) _program.Terminate();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await _program.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Disposing kills it.
        }
        await _program.DisposeAsync();
    }
}
