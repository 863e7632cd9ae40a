using System.Globalization;
using System.Net;
using System.Text;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.Benchmarks;

/// <summary>The product with its defaults, on SQLite, with one held domain that an account may TURN.</summary>
sealed class WebSmtpServer : MeasuredServer
{
    public const string Domain = "bench.example", Username = "bench", Password = "only-for-benchmarks";
    const string Key = "benchmark-key-0123456789abcdef0123456789";

    readonly RunningProgram _program;
    readonly HttpClient _http;

    WebSmtpServer(RunningProgram program, HttpClient http)
    {
        _program = program;
        _http = http;
        RootProcess = program.Id;
    }

    public override string Name => "WebSmtp";

    /// <param name="relayPort">Where the domain's mail is relayed to; null: it is held.</param>
    public static async Task<WebSmtpServer> StartAsync(WorkFolder folder, CancellationToken stop, int? relayPort = null)
    {
        if (!File.Exists(ProgramFiles.Executable)) throw new BenchmarkException($"{ProgramFiles.Executable} is missing; build the solution.");
        var port = FreePorts.Next();
        var url = $"http://127.0.0.1:{FreePorts.Next().ToString(CultureInfo.InvariantCulture)}";
        var log = Path.Combine(folder.Path, "websmtp.log");
        // Its output goes into a file as it would in service; a pipe would be read on the same cores.
        var program = RunningProgram.Start("/bin/sh", ["-c", $"exec \"{ProgramFiles.Executable}\" > \"{log}\" 2>&1"], new Dictionary<string, string?>
        {
            ["DOTNET_ROOT"] = ProgramFiles.DotnetRoot,
            ["WEBSMTP_DATA"] = folder.Below("websmtp"),
            ["WEBSMTP_URLS"] = url,
            ["WEBSMTP_SMTP_PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["WEBSMTP_API_KEY"] = Key,
            ["WEBSMTP_ADMIN_PASSWORD"] = Password,
        });
        var server = new WebSmtpServer(program, new HttpClient { BaseAddress = new(url) }) { Port = port };
        try
        {
            await server.SetUpAsync(log, relayPort, stop);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_program.HasExited) _program.Terminate();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
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

    async Task SetUpAsync(string log, int? relayPort, CancellationToken stop)
    {
        _http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await IsReadyAsync(limit.Token))
        {
            if (_program.HasExited) throw new BenchmarkException($"WebSmtp did not start:\n{await File.ReadAllTextAsync(log, stop)}");
            await pace.WaitForNextTickAsync(limit.Token);
        }
        if (relayPort is { } port)
        {
            await PostAsync("sites/1/domains", $$"""
                { "name": "{{Domain}}", "kind": "remote", "route": { "type": "smartHost", "smartHost": { "host": "[127.0.0.1]", "port": {{port.ToString(CultureInfo.InvariantCulture)}}, "tls": "none" } } }
                """, stop);
            return;
        }
        await PostAsync("accounts", $$"""{ "username": "{{Username}}", "password": "{{Password}}" }""", stop);
        await PostAsync("sites/1/domains", $$"""
            { "name": "{{Domain}}", "kind": "remote", "route": { "type": "hold", "turnAccounts": [ "{{Username}}" ] } }
            """, stop);
    }

    async Task<bool> IsReadyAsync(CancellationToken stop)
    {
        try
        {
            using var answer = await _http.GetAsync("readyz", stop);
            return answer.StatusCode is HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    async Task PostAsync(string path, string json, CancellationToken stop)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await _http.PostAsync($"api/v1/{path}", content, stop);
        if (!answer.IsSuccessStatusCode) throw new BenchmarkException($"POST {path}: {await answer.Content.ReadAsStringAsync(stop)}");
    }
}
