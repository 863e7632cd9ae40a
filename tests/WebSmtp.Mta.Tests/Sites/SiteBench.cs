using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Accounts;
using WebSmtp.Mta.Tests.Administration;

namespace WebSmtp.Mta.Tests.Sites;

/// <summary>The operations on sites over stores in memory and a data directory of their own.</summary>
sealed class SiteBench : IDisposable, ISiteExport, ISecretProtector
{
    public const int Deadline = 60_000;
    public static readonly Actor Administrator = new("anna", Role.Administrator, "local");
    public static readonly Actor Operator = new("otto", Role.Operator, "local");
    public static readonly Actor Viewer = new("vera", Role.Viewer, "local");

    readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("websmtp-test-");

    public SiteBench() => Restart();

    public string Data => Path.Combine(_root.FullName, "data");
    public string Elsewhere => Path.Combine(_root.FullName, "elsewhere");
    public List<string> ExtraRoots { get; } = [];
    public FakeTimeProvider Time { get; } = new();
    public MemorySiteStore Store { get; } = new();
    public MemoryAccountStore Accounts { get; } = new();
    public MemoryQueueStore Queue { get; } = new();
    public ActGate Gate { get; } = new();
    public MemoryAuditStore Record { get; } = new();
    public EventStream Events { get; } = new();
    public MemoryBinder Binder { get; private set; } = null!;
    public SessionRegistry Sessions { get; private set; } = null!;
    public SiteRegistry Registry { get; private set; } = null!;
    public SiteOperations Sites { get; private set; } = null!;
    public SmartHostRegistry SmartHosts { get; private set; } = null!;
    public SmartHostRules SmartHostRules { get; private set; } = null!;
    public CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A new process on the same database.</summary>
    public void Restart()
    {
        Directory.CreateDirectory(Data);
        Directory.CreateDirectory(Elsewhere);
        Binder = new();
        Sessions = new();
        Registry = new();
        SmartHosts = new();
        SmartHostRules = new(SmartHosts, new(Registry), this);
        Sites = new(Store, Accounts, Queue, this, Binder, Sessions, Registry, SmartHostRules, Events, new(Data, ExtraRoots), Record.Audit(Time, Events), Gate, Time,
            NullLogger<SiteOperations>.Instance);
    }

    public async Task BootAsync() => Assert.Null(await Sites.StartAllAsync(Wanted("Default SMTP Site", 2525), Stop));

    public async Task RebootAsync()
    {
        await Sites.ShutDownAsync(TimeSpan.Zero);
        Assert.Empty(Binder.Bound);
        Restart();
        await BootAsync();
    }

    public static SiteConfiguration Wanted(string name, int port, string address = "127.0.0.1") =>
        new(name, [new(address, port)], null, "hub.example", null, true, []);

    /// <summary>What is stored about a site, as the document that a change is applied to.</summary>
    public SiteConfiguration Current(int id)
    {
        var site = Registry.Sites[id].Site;
        return new(site.Name, site.Endpoints, site.ConfiguredMailroot, site.DefaultDomain, site.ConfiguredFqdn, site.AutoStart,
            JsonNode.Parse(site.ExplicitSettings)!.AsObject());
    }

    /// <summary>Makes a site and starts it; returns its id.</summary>
    public async Task<int> RunningAsync(string name, int port, string address = "127.0.0.1")
    {
        var id = await StoppedAsync(name, port, address);
        Assert.Null((await Sites.StartAsync(id, Operator, Stop)).Problem);
        return id;
    }

    /// <summary>Makes a site; returns its id.</summary>
    public async Task<int> StoppedAsync(string name, int port, string address = "127.0.0.1")
    {
        var created = await Sites.CreateAsync(Wanted(name, port, address), Administrator, Stop);
        Assert.Null(created.Problem);
        return created.Value!.Site.Id;
    }

    public SiteState State(int id) => Registry.Sites[id].State;

    /// <summary>Asserts bad input, and that the complaints are about exactly these fields.</summary>
    public static void AssertInvalid(Problem? problem, params string[] fields)
    {
        Assert.Equal(ProblemKind.Invalid, problem?.Kind);
        Assert.Equal(fields.Order(StringComparer.Ordinal), problem!.Errors.Keys.Order(StringComparer.Ordinal));
        Assert.All(problem.Errors.Values, messages => Assert.NotEmpty(messages));
    }

    public static void AssertConflict(Problem? problem, string detail)
    {
        Assert.Equal(ProblemKind.Conflict, problem?.Kind);
        Assert.Contains(detail, problem!.Detail, StringComparison.Ordinal);
    }

    /// <summary>What <see cref="ISiteExport"/> does when a test says nothing else: takes everything out of the queue.</summary>
    public Func<SiteSnapshot, (long Messages, string Folder)>? Export { get; set; }

    Task<(long Messages, string Folder)> ISiteExport.ExportSiteAsync(SiteSnapshot site, CancellationToken stop)
    {
        if (Export is { } special) return Task.FromResult(special(site));
        var mine = Queue.Messages.Where(pair => pair.Key.SiteId == site.Id).ToList();
        foreach (var (key, _) in mine) Queue.Messages.Remove(key);
        return Task.FromResult((mine.Sum(pair => pair.Value), Path.Combine(site.Folders.Root, "Export")));
    }

    // Turned over: enough to see that nothing is stored in clear.
    public byte[] Protect(byte[] secret) => [0x55, .. secret.Select(b => (byte)(b ^ 0x55))];
    public byte[]? Unprotect(byte[] protectedSecret) => protectedSecret[0] == 0x55 ? [.. protectedSecret[1..].Select(b => (byte)(b ^ 0x55))] : null;

    public void Dispose()
    {
        Gate.Dispose();
        _root.Delete(recursive: true);
    }
}
