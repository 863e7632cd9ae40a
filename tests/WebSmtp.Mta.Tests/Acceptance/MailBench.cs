using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Statistics;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Administration;
using WebSmtp.Mta.Tests.Collection;
using WebSmtp.Mta.Tests.Delivery;
using WebSmtp.Mta.Tests.Queue;
using WebSmtp.Mta.Tests.SmartHosts;
using WebSmtp.Mta.Tests.Trace;
using WebSmtp.Mta.Trace;
using WebSmtp.Mta.Watching;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Tests.Acceptance;

/// <summary>
/// A whole transfer agent without network, database and clock: sessions come in over pipes, hosts are on a network of the
/// test's own. Site 1 has <c>hub.example</c> (dropped) and <c>test.com</c> (held; ETRN; account testserver).
/// </summary>
sealed class MailBench : IAsyncDisposable
{
    public const string Password = "correct horse";
    static readonly Dictionary<int, string> AccountNames = new() { [1] = "testserver", [2] = "other" };

    readonly Site _site = new()
    {
        Id = 1, Name = "Default", Mailroot = "mailroot/1", Endpoints = [new("127.0.0.1", 2525)],
        Domains =
        [
            new() { SiteId = 1, Name = "hub.example", Kind = DomainKind.Default, Route = new() { Type = RouteType.Drop } },
            Held("test.com"),
        ],
    };
    readonly List<Task> _sessions = [];
    readonly CancellationToken _stop;
    int _sessionId;

    /// <param name="stop">The test's time is over: sessions end.</param>
    public MailBench(CancellationToken stop, Func<string, Stream>? createFile = null)
    {
        _stop = stop;
        Directory.CreateDirectory(DataDirectory);
        Network = new(Time);
        Queue = new(Time);
        var data = new DataDirectory(DataDirectory, []);
        Spool = createFile is null ? new(Queue, data, NullLogger<Spool>.Instance) : new(Queue, data, NullLogger<Spool>.Instance, createFile);
        Ids = new(Time, 0);
        Traffic = new(Time);
        Planner = new(SmartHosts);
        Routes = new(Events, Time, NullLogger<RouteStates>.Instance);
        var tokens = new OAuthTokens(
            TokenEndpoint, new(SmartHosts, Usage, new(), NullLogger<RefreshTokens>.Instance), Accounts, Time, NullLogger<OAuthTokens>.Instance);
        var files = new ProtocolFiles(data, Time, NullLogger<ProtocolFiles>.Instance);
        var budget = new ConversationBudget();
        ProtocolLog = new(files, budget, Events, Time);
        Conversations = new(budget, Events, Time);
        History = new(budget, Time);
        Watch = new(Sessions, History, ProtocolLog, Conversations, Events, Time);
        Outbound = new(
            Network, new OwnListeners(Sites), Sites, Network, Spool, Routes, new(Usage, Time), new(Accounts, tokens, Time), new(Accounts), Watch, Time,
            NullLogger<Outbound>.Instance);
        var reports = new SenderReports(Sites, Spool, Ids, Time, NullLogger<SenderReports>.Instance);
        Settling = new(Queue, Spool, reports, Traffic, Events, Time, NullLogger<Settling>.Instance);
        Collections = new(Sites, Queue, Records, Settling, Outbound, Events, Ids, Time, NullLogger<Collections>.Instance);
        Scheduler = new(Sites, Queue, Spool, Settling, Outbound, Planner, Events, Ids, Time, NullLogger<Scheduler>.Instance);
        Rejections = new(Trace, Ids, Traffic, Time, NullLogger<RejectionLog>.Instance);
        var audit = Audit = AuditRecord.Audit(Time, Events);
        Operations = new(Ids, Events, audit, Time, NullLogger<Operations>.Instance);
        var work = new QueueWork(Queue, Spool, Settling, Sites, Scheduler, Ids, Events, Time, NullLogger<QueueWork>.Instance);
        QueueOperations = new(Queue, Spool, work, Operations, Sites, SmartHosts, Events, audit, Time, NullLogger<QueueOperations>.Instance);
        var accounts = new AccountOperations(Accounts, Sites, Accounts, new(), audit, new(), NullLogger<AccountOperations>.Instance);
        var space = new FreeSpace(Time, NullLogger<FreeSpace>.Instance, _ => FreeBytes);
        var dropQuota = new DropQuota(Spool, Time, NullLogger<DropQuota>.Instance);
        Sinks = new(Sites, Queue, Spool, Ids, new(Queue), dropQuota, space, accounts, Collections, Scheduler, Rejections, Traffic, Events, Time, NullLogger<MailSinkFactory>.Instance);
        HeldMail = new(Sites, Queue, Records, Collections, audit);
        Configure(_ => { });
    }

    public string DataDirectory { get; } = Path.Combine(Path.GetTempPath(), "websmtp-tests-" + Path.GetRandomFileName());
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    public FakeQueueStore Queue { get; }
    public FakeCollectionStore Records { get; } = new();
    public FakeAccounts Accounts { get; } = new();
    public FakeNetwork Network { get; }
    public SiteRegistry Sites { get; } = new();
    public EventStream Events { get; } = new();
    public Traffic Traffic { get; }
    public SmartHostRegistry SmartHosts { get; } = new();
    public FakeTokenEndpoint TokenEndpoint { get; } = new();
    public FakeSmartHostStore Usage { get; } = new();
    public RoutePlanner Planner { get; }
    public RouteStates Routes { get; }
    public SessionRegistry Sessions { get; } = new();
    public SessionHistory History { get; }
    public ProtocolLog ProtocolLog { get; }
    public Conversations Conversations { get; }
    public SessionWatch Watch { get; }
    public Outbound Outbound { get; }
    public MessageIds Ids { get; }
    public Spool Spool { get; }
    public Settling Settling { get; }
    public Collections Collections { get; }
    public Scheduler Scheduler { get; }
    public MailSinkFactory Sinks { get; }
    public HeldMail HeldMail { get; }
    /// <summary>The session that began last.</summary>
    public ServerSession LastSession { get; private set; } = null!;
    public FakeTraceStore Trace { get; } = new();
    public RejectionLog Rejections { get; }
    public MemoryAuditStore AuditRecord { get; } = new();
    public Audit Audit { get; }
    public Operations Operations { get; }
    public QueueOperations QueueOperations { get; }
    public long FreeBytes { get; set; } = long.MaxValue;
    public SiteSnapshot Site => Sites.Find(1)!.Site;

    /// <summary>What the client says it is; null: a transport without addresses.</summary>
    public IPAddress Client { get; set; } = IPAddress.Parse("192.0.2.99");

    public ServerSessionOptions Options { get; set; } = new() { HostName = "hub.example", RequireTlsForPlainAuth = false };

    public static MailDomain Held(string name, params int[] accounts) => new()
    {
        SiteId = 1, Name = name, Kind = DomainKind.Remote, Route = new() { Type = RouteType.Hold, Etrn = true },
        TurnMappings = [.. (accounts.Length == 0 ? [1] : accounts).Select(account => new TurnMapping { SiteId = 1, Domain = name, AccountId = account })],
    };

    /// <summary>Changes the site; sessions that run keep what they have.</summary>
    public void Configure(Action<Site> change, SiteState state = SiteState.Running)
    {
        change(_site);
        var snapshot = new SiteSnapshot(_site, Path.Combine(DataDirectory, "mailroot", "1"), 2, AccountNames);
        Sites.Replace(new Dictionary<int, SiteView> { [1] = new(snapshot, state, null, []) });
    }

    public void ConfigureRoute(string domain, Func<DomainRoute, DomainRoute> change) =>
        Configure(site => site.Domains.Single(one => one.Name == domain).Route = change(site.Domains.Single(one => one.Name == domain).Route));

    /// <summary>A session that was greeted.</summary>
    public async Task<Talk> ConnectAsync()
    {
        var pipes = new PipePair();
        var session = new ServerSession($"s{Interlocked.Increment(ref _sessionId)}", pipes.Far, new IPEndPoint(Client, 40000),
            new IPEndPoint(IPAddress.Loopback, 2525), Options, Sinks.Create(Site), Time);
        LastSession = session;
        var running = Task.Run(async () =>
        {
            await session.RunAsync(_stop);
            await PipePair.CloseAsync(pipes.Far);
        });
        lock (_sessions) _sessions.Add(running);
        var talk = new Talk(Options.Tls is EndpointTls.Implicit ? await TlsAsync(pipes.Near) : pipes.Near);
        await talk.ReplyAsync();
        return talk;
    }

    static async Task<IDuplexPipe> TlsAsync(IDuplexPipe pipe)
    {
        var tls = new SslStream(new ReadWriteStream(pipe), false, (_, certificate, _, _) => certificate?.Subject == "CN=hub.example");
        await tls.AuthenticateAsClientAsync("hub.example");
        return new StreamPipe(tls);
    }

    sealed class StreamPipe(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(stream);
        public PipeWriter Output { get; } = PipeWriter.Create(stream);
    }

    /// <summary>From now on sessions begin under TLS, as on an endpoint with implicit TLS.</summary>
    public void UseTls()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=hub.example", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Options = Options with
        {
            Tls = EndpointTls.Implicit,
            TlsOptions = new() { ServerCertificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null) },
        };
    }

    /// <summary>A session that said EHLO, logged in where an account is given.</summary>
    public async Task<Talk> HelloAsync(string? account = null)
    {
        var talk = await ConnectAsync();
        await talk.AskAsync("EHLO client.example", "250");
        if (account is not null) await LogInAsync(talk, account, Password);
        return talk;
    }

    public static async Task LogInAsync(Talk talk, string account, string password, string expected = "235")
    {
        var challenge = Convert.FromBase64String((await talk.AskAsync("AUTH CRAM-MD5"))[4..]);
#pragma warning disable CA5351
        var digest = Convert.ToHexStringLower(HMACMD5.HashData(Encoding.UTF8.GetBytes(password), challenge));
#pragma warning restore CA5351
        await talk.AskAsync(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{account} {digest}")), expected);
    }

    /// <summary>A message that came in on a connection of its own.</summary>
    public async Task ReceiveAsync(string content, params string[] to) => await ReceiveAsync(content, "", to);

    public async Task ReceiveAsync(string content, string parameters, string[] to)
    {
        await using var talk = await HelloAsync();
        Assert.StartsWith("250 2.6.0", await talk.SendAsync("a@sender.example", to, content, parameters), StringComparison.Ordinal);
    }

    /// <summary>So many short messages to different mailboxes, <c>u1@</c> and so on.</summary>
    public async Task ReceiveManyAsync(int count, string domain = "test.com", int first = 1)
    {
        await using var talk = await HelloAsync();
        for (var n = first; n < first + count; n++) await talk.SendAsync("a@sender.example", [$"u{n}@{domain}"], $"Subject: {n}\r\n\r\nbody {n}\r\n");
    }

    /// <summary>Waits until the condition holds, which the collections' records are asked after each change.</summary>
    public Task WhenRecordedAsync(Func<IReadOnlyList<CollectionRecord>, bool> condition)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Records.Changed = () =>
        {
            if (condition(Records.All)) met.TrySetResult();
        };
        Records.Changed();
        return InTimeAsync(met.Task);
    }

    public Task WhenEndedAsync(int collections = 1) => WhenRecordedAsync(all => all.Count(record => record.EndedAt is not null) >= collections);

    /// <summary>Waits until the condition holds, which the queue is asked after each settling.</summary>
    public Task WhenSettledAsync(Func<bool> condition)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Queue.Settled = () =>
        {
            if (condition()) met.TrySetResult();
        };
        Queue.Settled();
        return InTimeAsync(met.Task);
    }

    /// <summary>A test that waits in vain says how things stand.</summary>
    async Task InTimeAsync(Task met)
    {
        try
        {
            await met.WaitAsync(TimeSpan.FromSeconds(45));
        }
        catch (TimeoutException)
        {
            Assert.Fail(string.Join('\n', [.. Queue.Recipients.Select(recipient => $"{recipient.Address} {recipient.State} {recipient.Attempts} {recipient.LastReply} {recipient.Lease}"),
                .. Records.All.Select(record => $"{record.By} {record.Domain}: {record.End}"), .. Network.Dialed]));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Operations.StopAsync();
        await Collections.StopAsync(TimeSpan.Zero);
        await Scheduler.StopAsync(new CancellationToken(true));
        Collections.Dispose();
        Rejections.Dispose();
        Scheduler.Dispose();
        Directory.Delete(DataDirectory, recursive: true);
    }
}

/// <summary>Two pipes as a stream, for TLS.</summary>
sealed class ReadWriteStream(IDuplexPipe pipe) : Stream
{
    readonly Stream _read = pipe.Input.AsStream();
    readonly Stream _write = pipe.Output.AsStream();
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() => _write.Flush();
    public override Task FlushAsync(CancellationToken cancellationToken) => _write.FlushAsync(cancellationToken);
    public override int Read(byte[] buffer, int offset, int count) => _read.Read(buffer, offset, count);
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _read.ReadAsync(buffer, cancellationToken);
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _write.WriteAsync(buffer, cancellationToken);
    public override void Write(byte[] buffer, int offset, int count) => _write.Write(buffer, offset, count);
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>Accounts in memory whose secrets are kept as they are.</summary>
sealed class FakeAccounts : IAccountStore, ISecretProtector
{
    readonly Account[] _accounts =
    [
        new() { Id = 1, Username = "testserver", PasswordHash = "", ChallengeSecret = Encoding.UTF8.GetBytes(MailBench.Password) },
        new() { Id = 2, Username = "other", PasswordHash = "", ChallengeSecret = Encoding.UTF8.GetBytes(MailBench.Password) },
    ];

    public Exception? Trouble { get; set; }

    public Task<Account?> FindAsync(string username, CancellationToken stop) => Trouble is null
        ? Task.FromResult(_accounts.SingleOrDefault(account => account.Username.Equals(username, StringComparison.OrdinalIgnoreCase)))
        : Task.FromException<Account?>(Trouble);

    public byte[] Protect(byte[] secret) => secret;
    public byte[]? Unprotect(byte[] protectedSecret) => protectedSecret;
    public Task<IReadOnlyList<Account>> ListAsync(string? afterUsername, int limit, CancellationToken stop) => throw new NotSupportedException();
    public Task<long> CountAsync(CancellationToken stop) => throw new NotSupportedException();
    public Task<IReadOnlyDictionary<string, int>> FindIdsAsync(IReadOnlyCollection<string> usernames, CancellationToken stop) => throw new NotSupportedException();
    public Task<IReadOnlyDictionary<int, string>> NamesAsync(IReadOnlyCollection<int> ids, CancellationToken stop) => throw new NotSupportedException();
    public Task<bool> AddAsync(Account account, CancellationToken stop) => throw new NotSupportedException();
    public Task<bool> UpdateAsync(Account account, CancellationToken stop) => throw new NotSupportedException();
    public Task DeleteAsync(int id, CancellationToken stop) => throw new NotSupportedException();
}
