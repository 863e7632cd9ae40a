namespace WebSmtp.Mta.SmartHosts;

/// <summary>What an administrator writes about a kept smart host.</summary>
/// <param name="Limits">0 as well as null means no limit.</param>
public sealed record SmartHostConfiguration(string Name, SmartHostInput Target, SmartHostLimits Limits);

/// <summary>
/// A host and how it is logged in to, as an administrator writes it. What is left out has its default. Of secrets, null
/// keeps the one that is there, an empty text takes it away.
/// </summary>
public sealed record SmartHostInput
{
    public string? Host { get; init; }
    public int? Port { get; init; }
    public HostTls? Tls { get; init; }
    public string? CertificateAuthority { get; init; }

    /// <summary>A secret: it has the key in it.</summary>
    public string? ClientCertificate { get; init; }
    public SmartHostAuthInput Auth { get; init; } = new();

    /// <summary>Secrets must not get into a log by way of a record's own text.</summary>
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>A log-in as an administrator writes it.</summary>
public sealed record SmartHostAuthInput
{
    public SmartHostAuthType Type { get; init; } = SmartHostAuthType.None;
    public string? Username { get; init; }
    public string? Password { get; init; }
    public string? TokenEndpoint { get; init; }
    public string? ClientId { get; init; }
    public string? ClientSecret { get; init; }
    public string? RefreshToken { get; init; }
    public string? Scope { get; init; }

    /// <summary>Fills in what is known of a provider: see <see cref="OAuth2Preset"/>.</summary>
    public string? Preset { get; init; }
    public string? Tenant { get; init; }

    public override string ToString() => $"{Type} {Username}";
}

/// <summary>
/// What an administrator writes where a smart host is asked for: a host of its own, with a log-in by password or none, or
/// names of kept ones.
/// </summary>
public sealed record SmartHostChoice
{
    public SmartHostInput? Target { get; init; }
    public IReadOnlyList<string>? Use { get; init; }
    public SmartHostMode Mode { get; init; } = SmartHostMode.Always;

    /// <summary>A host of its own; who gives a user name wants to log in.</summary>
    public static SmartHostChoice Inline(
        string? host, int? port, HostTls? tls, string? username, string? password, string? certificateAuthority, SmartHostMode mode = SmartHostMode.Always,
        string? clientCertificate = null) => new()
        {
            Target = new()
            {
                Host = host,
                Port = port,
                Tls = tls,
                CertificateAuthority = certificateAuthority,
                ClientCertificate = clientCertificate,
                Auth = new()
                {
                    Type = string.IsNullOrEmpty(username) ? SmartHostAuthType.None : SmartHostAuthType.Password,
                    Username = username,
                    Password = password,
                },
            },
            Mode = mode,
        };

    /// <summary>What is stored, as somebody would write it to keep it: without its secrets.</summary>
    public static SmartHostChoice Of(SmartHostRoute route) => route.Target is { } target
        ? Inline(target.Host, target.Port, target.Tls, target.Auth.Username, null, target.CertificateAuthority, route.Mode)
        : new() { Use = route.Use, Mode = route.Mode };
}
