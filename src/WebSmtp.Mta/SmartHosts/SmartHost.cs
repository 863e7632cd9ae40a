using System.Text.Json.Serialization;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>
/// TLS towards a host. <see cref="Opportunistic"/>: when it is offered. <see cref="Require"/>: always, with any
/// certificate. <see cref="Verify"/>: always, and the certificate and its name must be right. <see cref="Implicit"/>: from
/// the first byte, verified. RFC 3207, RFC 8314.
/// </summary>
public enum HostTls { None, Opportunistic, Require, Verify, Implicit }

/// <summary>A host that mail is handed to, under a name that routes use. Kept in the database.</summary>
public sealed class SmartHost
{
    public int Id { get; set; }

    /// <summary>As the administrator wrote it; compared without case.</summary>
    public required string Name { get; set; }
    public required SmartHostTarget Target { get; set; }
    public SmartHostLimits Limits { get; set; } = new();

    /// <summary>Raised by every change; the ETag.</summary>
    public long Version { get; set; } = 1;
}

/// <summary>
/// How a host is reached and logged in to. A name in brackets, <c>[192.0.2.7]</c>, is an address and skips DNS.
/// </summary>
public sealed record SmartHostTarget(string Host, int Port = 25, HostTls Tls = HostTls.Opportunistic)
{
    /// <summary>PEM of the authorities to trust instead of the system's; null: the system's.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>PEM of our certificate with its key, encrypted; null: none is shown.</summary>
    public byte[]? ClientCertificate { get; init; }
    public SmartHostAuth Auth { get; init; } = new();
}

/// <summary>How we log in. RFC 4954; RFC 6749 sections 4.4 and 6 for the token.</summary>
public enum SmartHostAuthType
{
    None,
    Password,
    [JsonStringEnumMemberName("oauth2ClientCredentials")] OAuth2ClientCredentials,
    [JsonStringEnumMemberName("oauth2RefreshToken")] OAuth2RefreshToken,
}

/// <summary>A log-in towards a smart host. Members that do not belong to the type are null. Secrets are encrypted.</summary>
public sealed record SmartHostAuth
{
    public SmartHostAuthType Type { get; init; } = SmartHostAuthType.None;
    public string? Username { get; init; }
    public byte[]? Password { get; init; }
    public string? TokenEndpoint { get; init; }
    public string? ClientId { get; init; }
    public byte[]? ClientSecret { get; init; }
    public byte[]? RefreshToken { get; init; }
    public string? Scope { get; init; }
}

/// <summary>What one smart host may be asked for; null: no limit.</summary>
/// <param name="Connections">At the same time.</param>
/// <param name="PerMinute">Messages.</param>
/// <param name="PerDay">Messages, by UTC days.</param>
public sealed record SmartHostLimits(int? Connections = null, int? PerMinute = null, int? PerDay = null);

/// <summary>When a site's smart host is used: for all mail, or where the domain's own hosts could not be reached.</summary>
public enum SmartHostMode { Always, Fallback }

/// <summary>
/// What stands where a smart host is asked for: one host of its own (<see cref="Target"/>), or names of kept ones, tried in
/// order (<see cref="Use"/>). Exactly one of the two is there.
/// </summary>
public sealed record SmartHostRoute
{
    public SmartHostTarget? Target { get; init; }
    public IReadOnlyList<string> Use { get; init; } = [];

    /// <summary>Only for a site's smart host.</summary>
    public SmartHostMode Mode { get; init; } = SmartHostMode.Always;
}
