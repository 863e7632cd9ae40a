using System.Globalization;
using WebSmtp.EndToEnd.Tests.Programs;

namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>
/// The real program in a process of its own, on free ports and a data directory of its own, with a first administrator.
/// It can be killed and started again on the same data.
/// </summary>
public sealed class WebSmtpProcess : IAsyncDisposable
{
    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    readonly ServerOptions _options;
    readonly string? _temporary;
    readonly HttpClient _http;
    readonly ITestOutputHelper? _testOutput = TestContext.Current.TestOutputHelper;
    RunningProgram? _program;

    WebSmtpProcess(ServerOptions options)
    {
        _options = options;
        if (options.DataDirectory is null) _temporary = Directory.CreateTempSubdirectory("websmtp-e2e-").FullName;
        DataDirectory = options.DataDirectory ?? Path.Combine(_temporary!, "data");
        SmtpPort = options.SmtpPort ?? FreePorts.Next();
        WebUrl = new($"http://127.0.0.1:{FreePorts.Next()}/");
        _http = NewHttpClient(WebUrl);
        _http.DefaultRequestHeaders.Authorization = new("Bearer", ServerOptions.AdminKey);
        Api = new(_http);
    }

    public string DataDirectory { get; }

    /// <summary>Of the default site.</summary>
    public int SmtpPort { get; }
    public Uri WebUrl { get; }

    /// <summary>REST with the first administrator's key.</summary>
    public AdminApi Api { get; }

    /// <summary>What the process printed since its last start.</summary>
    public OutputLines Output => Program.Out;
    public OutputLines Errors => Program.Error;
    public int ProcessId => Program.Id;
    public bool IsRunning => _program is { HasExited: false };

    RunningProgram Program => _program ?? throw new InvalidOperationException("The server was never started.");

    /// <summary>Starts a server and returns when it says that it is ready.</summary>
    public static async Task<WebSmtpProcess> StartAsync(ServerOptions options, CancellationToken stop)
    {
        var server = new WebSmtpProcess(options);
        try
        {
            await server.StartAgainAsync(stop);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a server that is expected to refuse, and waits for its end.</summary>
    public static async Task<FinishedProgram> StartToFailAsync(ServerOptions options, CancellationToken stop)
    {
        await using var server = new WebSmtpProcess(options);
        server.Launch();
        return await server.Program.WaitAsync(stop);
    }

    /// <summary>An HTTP client that follows nothing by itself and has no key.</summary>
    public static HttpClient NewHttpClient(Uri address) => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address };

    /// <summary>Starts it once more on the same data and ports, after it has ended.</summary>
    public async Task StartAgainAsync(CancellationToken stop)
    {
        if (_program is not null) await _program.DisposeAsync();
        Launch();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(StartLimit);
        try
        {
            await Program.Out.WaitForAsync(line => line.StartsWith("Ready.", StringComparison.Ordinal), limit.Token);
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            throw new InvalidOperationException($"The server did not become ready.\n{Program.Out}\n{Program.Error}", e);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync(CancellationToken stop)
    {
        Program.Kill();
        await Program.WaitAsync(stop);
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopAsync(CancellationToken stop)
    {
        Program.Terminate();
        return (await Program.WaitAsync(stop)).ExitCode;
    }

    /// <summary>SIGTERM and a new start.</summary>
    public async Task RestartAsync(CancellationToken stop)
    {
        Assert.Equal(0, await StopAsync(stop));
        await StartAgainAsync(stop);
    }

    /// <summary>The environment of the program, for its other verbs: the same data directory, the same server and key.</summary>
    public IReadOnlyDictionary<string, string?> Environment()
    {
        // Nothing of the machine's own set-up may reach the server under test.
        var environment = System.Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("WEBSMTP_", StringComparison.Ordinal) || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal))
            .ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal);
        environment["DOTNET_ENVIRONMENT"] = null;
        environment["DOTNET_ROOT"] = ProgramFiles.DotnetRoot;
        environment["WEBSMTP_DATA"] = DataDirectory;
        environment["WEBSMTP_URLS"] = WebUrl.GetLeftPart(UriPartial.Authority);
        environment["WEBSMTP_SMTP_PORT"] = SmtpPort.ToString(CultureInfo.InvariantCulture);
        environment["WEBSMTP_SMTP_ADDRESS"] = _options.SmtpAddress;
        environment["WEBSMTP_ADMIN_PASSWORD"] = ServerOptions.AdminPassword;
        environment["WEBSMTP_API_KEY"] = ServerOptions.AdminKey;
        environment["WEBSMTP_DNS"] = _options.Dns?.ToString() ?? "127.0.0.1:9";
        environment["WEBSMTP_DATABASE"] = _options.Database;
        foreach (var (name, value) in _options.Environment) environment[name] = value;
        return environment;
    }

    public async ValueTask DisposeAsync()
    {
        if (_program is not null)
        {
            WriteOutput();
            await _program.DisposeAsync();
        }
        _http.Dispose();
        if (_temporary is not null) Directory.Delete(_temporary, recursive: true);
    }

    void Launch() => _program = RunningProgram.Start(
        _options.Executable ?? ProgramFiles.Executable, _options.Arguments, Environment(),
        _options.WorkingDirectory ?? _temporary);

    void WriteOutput()
    {
        try
        {
            _testOutput?.WriteLine($"--- server {WebUrl} printed\n{Program.Out}\n{Program.Error}");
        }
        catch (InvalidOperationException)
        {
            // The test is over; nobody reads it.
        }
    }
}
