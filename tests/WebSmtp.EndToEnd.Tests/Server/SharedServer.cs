using System.Diagnostics.CodeAnalysis;
using System.Runtime.Versioning;
using WebSmtp.EndToEnd.Tests.Dns;
using WebSmtp.EndToEnd.Tests.Server;

[assembly: AssemblyFixture(typeof(SharedServer))]
[assembly: SupportedOSPlatform("linux")]

namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>
/// One server for all tests that neither stop it nor change what holds for all sites: each test makes a site of its own
/// in it, with names of its own, so they run side by side. Started when the first test asks for it.
/// </summary>
public sealed class SharedServer : IAsyncLifetime
{
    readonly SemaphoreSlim _starting = new(1);
    WebSmtpProcess? _process;

    /// <summary>The DNS that the server asks. Tests add names of their own.</summary>
    public LoopbackDns Dns { get; } = new();

    public ValueTask InitializeAsync() => default;

    public async Task<WebSmtpProcess> ProcessAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _process ??= await WebSmtpProcess.StartAsync(new() { Dns = Dns.EndPoint }, TestContext.Current.CancellationToken);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>A running site for one test.</summary>
    public async Task<TestSite> NewSiteAsync([StringSyntax("json")] string settings = "{}", string tls = "startTls", bool odmr = false) =>
        await TestSite.CreateAsync(await ProcessAsync(), settings, tls, odmr);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        await Dns.DisposeAsync();
        _starting.Dispose();
    }
}
