using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Api;

/// <summary>A smart host that routes name.</summary>
/// <param name="Name">Compared without case.</param>
/// <param name="Host">Its name, or its address in brackets.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Tls">none, opportunistic, require (any certificate), verify (certificate and name) or implicit (from the first byte, verified).</param>
/// <param name="CertificateAuthority">PEM of the authorities to trust instead of the system's; null: the system's.</param>
/// <param name="HasClientCertificate">A certificate of our own is shown to it. It is never given out.</param>
/// <param name="Auth">How it is logged in to. Secrets are never given out.</param>
/// <param name="Limits">What it may be asked for.</param>
/// <param name="Status">How its log-ins go.</param>
sealed record KeptSmartHostResponse(
    string Name, string Host, int Port, HostTls Tls, string? CertificateAuthority, bool HasClientCertificate, SmartHostAuthDocument Auth,
    SmartHostLimitsDocument Limits, SmartHostStatusResponse Status)
{
    public static KeptSmartHostResponse Of(SmartHost host, SmartHostStatus status) => new(
        host.Name, host.Target.Host, host.Target.Port, host.Target.Tls, host.Target.CertificateAuthority, host.Target.ClientCertificate is not null,
        SmartHostAuthDocument.Of(host.Target.Auth), SmartHostLimitsDocument.Of(host.Limits),
        new(status.LastLogIn, status.TokenExpiresAt, status.Trouble, status.TroubleSince));
}

/// <summary>How the log-ins of a smart host go, since the program started.</summary>
/// <param name="LastLogIn">When it last took a log-in.</param>
/// <param name="TokenExpiresAt">For OAuth2: until when the token at hand is good; another is asked for in time.</param>
/// <param name="Trouble">Why mail cannot go this way now; null: nothing is known to be wrong.</param>
/// <param name="TroubleSince">When that began.</param>
sealed record SmartHostStatusResponse(DateTimeOffset? LastLogIn, DateTimeOffset? TokenExpiresAt, string? Trouble, DateTimeOffset? TroubleSince);

/// <summary>What can be written about a smart host. Secrets that are left out of a change stay; null takes them away.</summary>
/// <param name="Name">1 to 64 letters, digits, hyphens, underscores and dots.</param>
/// <param name="Host">Its name, or its address in brackets. Default: the preset's.</param>
/// <param name="Port">TCP port. Default: 465 with tls implicit, else 587 with a log-in and 25 without.</param>
/// <param name="Tls">Default: verify with a log-in, opportunistic without, implicit on port 465.</param>
/// <param name="CertificateAuthority">PEM of the authorities to trust instead of the system's.</param>
/// <param name="ClientCertificate">PEM of a certificate and its key to show; never given out.</param>
/// <param name="Auth">How it is logged in to. Default: not at all.</param>
/// <param name="Limits">What it may be asked for. Default: no limits.</param>
sealed record KeptSmartHostRequest(
    string Name, string? Host = null, int? Port = null, HostTls? Tls = null, string? CertificateAuthority = null, string? ClientCertificate = null,
    SmartHostAuthDocument? Auth = null, SmartHostLimitsDocument? Limits = null)
{
    [JsonIgnore]
    public SmartHostConfiguration Configuration => new(
        Name,
        new()
        {
            Host = Host,
            Port = Port,
            Tls = Tls,
            CertificateAuthority = CertificateAuthority,
            ClientCertificate = ClientCertificate,
            Auth = (Auth ?? new()).Input,
        },
        (Limits ?? new()).Limits);

    /// <summary>The smart host as a patch finds it: of another kind of log-in, what that kind has as well stays.</summary>
    public static KeptSmartHostRequest ForPatch(SmartHost host, JsonObject patch)
    {
        var auth = SmartHostAuthDocument.Of(host.Target.Auth);
        var members = patch["auth"] as JsonObject;
        if (members?["type"] is { } type && SmartHostAuthDocument.ReadType(type) is { } kind) auth = auth.As(kind);
        SecretNulls.Keep(members, "password", "clientSecret", "refreshToken");
        SecretNulls.Keep(patch, "clientCertificate");
        return new(
            host.Name, host.Target.Host, host.Target.Port, host.Target.Tls, host.Target.CertificateAuthority, null, auth, SmartHostLimitsDocument.Of(host.Limits));
    }
}

/// <summary>How a smart host is logged in to. Members that do not belong to the type are left out.</summary>
/// <param name="Type">none, password, oauth2ClientCredentials (RFC 6749 section 4.4) or oauth2RefreshToken (section 6).</param>
/// <param name="Username">The account, or the mailbox.</param>
/// <param name="Password">password: never given out.</param>
/// <param name="TokenEndpoint">OAuth2: the https address that hands out tokens.</param>
/// <param name="ClientId">OAuth2: the application's id.</param>
/// <param name="ClientSecret">OAuth2: the application's secret; never given out.</param>
/// <param name="RefreshToken">oauth2RefreshToken: the token that the account's owner got for the application; never given out. One that the provider gives in its place is kept.</param>
/// <param name="Scope">OAuth2: what is asked for.</param>
/// <param name="Preset">OAuth2, only written: microsoft365 or google fills in tokenEndpoint and scope, and host and port where they are left out.</param>
/// <param name="Tenant">With the preset microsoft365, only written: the directory (tenant) id, or a domain of the organization.</param>
sealed record SmartHostAuthDocument(
    SmartHostAuthType Type = SmartHostAuthType.None,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Username = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Password = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TokenEndpoint = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientSecret = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RefreshToken = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Scope = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Preset = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Tenant = null)
{
    [JsonIgnore]
    public SmartHostAuthInput Input => new()
    {
        Type = Type,
        Username = Username,
        Password = Password,
        TokenEndpoint = TokenEndpoint,
        ClientId = ClientId,
        ClientSecret = ClientSecret,
        RefreshToken = RefreshToken,
        Scope = Scope,
        Preset = Preset,
        Tenant = Tenant,
    };

    /// <summary>Null: there is no such kind, which is complained about where the document is read.</summary>
    public static SmartHostAuthType? ReadType(JsonNode type)
    {
        try
        {
            return type.Deserialize<SmartHostAuthType>(ApiJson.Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>What another kind of log-in knows of it.</summary>
    public SmartHostAuthDocument As(SmartHostAuthType kind) => kind switch
    {
        SmartHostAuthType.None => new(kind),
        SmartHostAuthType.Password => new(kind, Username),
        _ => this with { Type = kind },
    };

    public static SmartHostAuthDocument Of(SmartHostAuth auth) =>
        new(auth.Type, auth.Username, TokenEndpoint: auth.TokenEndpoint, ClientId: auth.ClientId, Scope: auth.Scope);
}

/// <summary>What one smart host may be asked for; 0: no limit.</summary>
/// <param name="Connections">At the same time.</param>
/// <param name="PerMinute">Messages in a minute.</param>
/// <param name="PerDay">Messages in a day, by UTC.</param>
sealed record SmartHostLimitsDocument(int Connections = 0, int PerMinute = 0, int PerDay = 0)
{
    [JsonIgnore]
    public SmartHostLimits Limits => new(Connections, PerMinute, PerDay);

    public static SmartHostLimitsDocument Of(SmartHostLimits limits) => new(limits.Connections ?? 0, limits.PerMinute ?? 0, limits.PerDay ?? 0);
}

/// <summary>
/// In a merge patch null takes a member away, and then nobody knows whether it was mentioned. For a secret that is the
/// difference between taking it away and keeping it, so the null becomes an empty text.
/// </summary>
static class SecretNulls
{
    public static void Keep(JsonObject? patch, params ReadOnlySpan<string> secrets)
    {
        foreach (var name in secrets)
        {
            if (patch?.TryGetPropertyValue(name, out var value) is true && value is null) patch[name] = "";
        }
    }
}

/// <summary>What a test sends.</summary>
/// <param name="From">Sender of one message; left out, none is sent.</param>
/// <param name="To">Its recipient.</param>
sealed record SmartHostTestRequest(string? From = null, string? To = null);

/// <summary>How far a test came.</summary>
/// <param name="Ok">All went well.</param>
/// <param name="Steps">In order; what follows one that failed was not tried.</param>
/// <param name="Certificate">What the host showed; null: none was seen.</param>
sealed record SmartHostTestResponse(bool Ok, IReadOnlyList<SmartHostTestStepResponse> Steps, PeerCertificateResponse? Certificate)
{
    public static SmartHostTestResponse Of(SmartHostTestResult result) => new(
        result.Ok,
        [.. result.Steps.Select(step => new SmartHostTestStepResponse(step.Step, step.Ok ? TestOutcome.Ok : TestOutcome.Failed, step.Detail, step.Reply, step.Cause))],
        result.Certificate is { } shown ? new(shown.Subject, shown.Issuer, shown.ValidFrom, shown.ExpiresAt, shown.Trouble) : null);
}

/// <summary>How a step of a test ended.</summary>
enum TestOutcome { Ok, Failed }

/// <summary>One step of a test.</summary>
/// <param name="Step">connect, greeting, hello, tls, token, logIn or message.</param>
/// <param name="Result">ok or failed.</param>
/// <param name="Detail">What was found, or what went wrong.</param>
/// <param name="Reply">The server's words, where it said some.</param>
/// <param name="Cause">For a failure: the likely cause, and what to do.</param>
sealed record SmartHostTestStepResponse(string Step, TestOutcome Result, string? Detail, string? Reply, string? Cause);

/// <summary>A certificate that a host showed.</summary>
/// <param name="Subject">Whom it is for.</param>
/// <param name="Issuer">Who vouches for it.</param>
/// <param name="ValidFrom">From when it is good.</param>
/// <param name="ExpiresAt">Until when it is good.</param>
/// <param name="Trouble">What is wrong with it; null: nothing.</param>
sealed record PeerCertificateResponse(string Subject, string Issuer, DateTimeOffset ValidFrom, DateTimeOffset ExpiresAt, string? Trouble);
