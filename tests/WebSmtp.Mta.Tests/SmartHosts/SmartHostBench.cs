using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Delivery;
using WebSmtp.Mta.Tests.Sites;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Tests.SmartHosts;

/// <summary>Smart hosts beside the operations on sites, with a token endpoint and a network of the test's own.</summary>
sealed class SmartHostBench : IDisposable
{
    public SmartHostBench()
    {
        Network = new(Time);
        RefreshTokens = new(Bench.SmartHosts, Store, Bench.Gate, NullLogger<RefreshTokens>.Instance);
        Tokens = new(Endpoint, RefreshTokens, Bench, Time, NullLogger<OAuthTokens>.Instance);
        Credentials = new(Bench, Tokens, Time);
        var test = new SmartHostTest(Network, Network, new(Bench.Registry), Credentials, new(Bench), Bench.Registry, TimeProvider.System);
        Hosts = new(Store, Bench.SmartHosts, Bench.SmartHostRules, Credentials, test, Bench.Registry, Bench.Record.Audit(Bench.Time), Bench.Gate, NullLogger<SmartHostOperations>.Instance);
    }

    public SiteBench Bench { get; } = new();
    public FakeTimeProvider Time => Bench.Time;
    public MemorySmartHostStore Store { get; } = new();
    public FakeTokenEndpoint Endpoint { get; } = new();
    public FakeNetwork Network { get; }
    public RefreshTokens RefreshTokens { get; }
    public OAuthTokens Tokens { get; }
    public SmartHostCredentials Credentials { get; }
    public SmartHostOperations Hosts { get; }
    public CancellationToken Stop => Bench.Stop;

    public static SmartHostConfiguration Wanted(string name = "primary", string host = "relay.example", SmartHostAuthInput? auth = null) =>
        new(name, new() { Host = host, Auth = auth ?? new() }, new());

    public static readonly SmartHostAuthInput Password = new() { Type = SmartHostAuthType.Password, Username = "relay", Password = "open sesame" };

    public static readonly SmartHostAuthInput ClientCredentials = new()
    {
        Type = SmartHostAuthType.OAuth2ClientCredentials,
        Username = "relay@hub.example",
        ClientId = "the-client",
        ClientSecret = "hush-hush",
        TokenEndpoint = "https://login.example/token",
        Scope = "mail.send",
    };

    public static readonly SmartHostAuthInput RefreshToken = ClientCredentials with { Type = SmartHostAuthType.OAuth2RefreshToken, RefreshToken = "refresh-0" };

    public async Task<SmartHost> CreateAsync(SmartHostConfiguration wanted)
    {
        var created = await Hosts.CreateAsync(wanted, SiteBench.Administrator, Stop);
        Assert.Null(created.Problem);
        return created.Value!;
    }

    /// <summary>The token that would be logged in with now.</summary>
    public async Task<string> TokenAsync(SmartHost host)
    {
        var (credentials, trouble) = await Credentials.GetAsync(host.Target, Stop);
        Assert.Null(trouble);
        return Assert.IsType<ClientCredentials.OAuthToken>(credentials).Token;
    }

    public string? Clear(byte[]? secret) => secret is null ? null : System.Text.Encoding.UTF8.GetString(Bench.Unprotect(secret)!);

    public void Dispose()
    {
        Tokens.Dispose();
        Bench.Dispose();
    }
}
