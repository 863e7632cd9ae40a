using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Admin.SmartHosts;

/// <summary>A kept smart host as typed. Secrets are never filled in: left empty, the stored ones stay.</summary>
public sealed record KeptSmartHostForm
{
    public static readonly IReadOnlyList<(string, string)> TlsChoices =
    [
        ("", "as is usual"), ("Verify", "always, and the certificate must be right"), ("Implicit", "from the first byte (port 465)"),
        ("Require", "always, with any certificate"), ("Opportunistic", "where it is offered (without a log-in)"), ("None", "never"),
    ];

    public static readonly IReadOnlyList<(string, string)> PresetChoices =
    [
        ("microsoft365", "Microsoft 365"), ("google", "Google"), ("", "another provider"),
    ];

    public string Name { get; init; } = "";
    public string Host { get; init; } = "";
    public string Port { get; init; } = "";
    public string Tls { get; init; } = "";
    public string Authority { get; init; } = "";
    public string Certificate { get; init; } = "";
    public bool DropCertificate { get; init; }
    public SmartHostAuthType Auth { get; init; }
    public string Username { get; init; } = "";
    public string Password { get; init; } = "";
    public string Preset { get; init; } = "";
    public string Tenant { get; init; } = "";
    public string TokenEndpoint { get; init; } = "";
    public string ClientId { get; init; } = "";
    public string ClientSecret { get; init; } = "";
    public string RefreshToken { get; init; } = "";
    public string Scope { get; init; } = "";
    public string Connections { get; init; } = "";
    public string PerMinute { get; init; } = "";
    public string PerDay { get; init; } = "";

    public static KeptSmartHostForm Of(SmartHost host) => new()
    {
        Name = host.Name,
        Host = host.Target.Host,
        Port = host.Target.Port.ToString(CultureInfo.InvariantCulture),
        Tls = host.Target.Tls.ToString(),
        Authority = host.Target.CertificateAuthority ?? "",
        Auth = host.Target.Auth.Type,
        Username = host.Target.Auth.Username ?? "",
        TokenEndpoint = host.Target.Auth.TokenEndpoint ?? "",
        ClientId = host.Target.Auth.ClientId ?? "",
        Scope = host.Target.Auth.Scope ?? "",
        Connections = Text(host.Limits.Connections),
        PerMinute = Text(host.Limits.PerMinute),
        PerDay = Text(host.Limits.PerDay),
    };

    public static KeptSmartHostForm Read(IFormCollection form)
    {
        return new()
        {
            Name = Text("name"), Host = Text("host"), Port = Text("port"), Tls = Text("tls"), Authority = Text("certificateAuthority"),
            Certificate = Text("clientCertificate"), DropCertificate = Text("dropCertificate") is "true",
            Auth = Enum.TryParse<SmartHostAuthType>(Text("auth.type"), out var type) ? type : SmartHostAuthType.None,
            Username = Text("auth.username"), Password = form["auth.password"].ToString(), Preset = Text("auth.preset"), Tenant = Text("auth.tenant"),
            TokenEndpoint = Text("auth.tokenEndpoint"), ClientId = Text("auth.clientId"), ClientSecret = Text("auth.clientSecret"),
            RefreshToken = Text("auth.refreshToken"), Scope = Text("auth.scope"),
            Connections = Text("limits.connections"), PerMinute = Text("limits.perMinute"), PerDay = Text("limits.perDay"),
        };

        string Text(string name) => form[name].ToString().Trim();
    }

    /// <summary>What does not belong to the kind of log-in is left out, as the form does not show it.</summary>
    public Result<SmartHostConfiguration> ToConfiguration()
    {
        var complaints = new Complaints();
        var oauth = Auth is SmartHostAuthType.OAuth2ClientCredentials or SmartHostAuthType.OAuth2RefreshToken;
        var target = new SmartHostInput
        {
            Host = Given(Host),
            Port = Number(Port, "port", 65535),
            Tls = Enum.TryParse<HostTls>(Tls, out var tls) ? tls : null,
            CertificateAuthority = Given(Authority),
            ClientCertificate = DropCertificate ? "" : Given(Certificate),
            Auth = new()
            {
                Type = Auth,
                Username = Auth is SmartHostAuthType.None ? null : Username,
                Password = Auth is SmartHostAuthType.Password ? Given(Password) : null,
                Preset = oauth ? Given(Preset) : null,
                Tenant = oauth && Preset is "microsoft365" ? Given(Tenant) : null,
                TokenEndpoint = oauth && Preset.Length == 0 ? Given(TokenEndpoint) : null,
                ClientId = oauth ? ClientId : null,
                ClientSecret = oauth ? Given(ClientSecret) : null,
                RefreshToken = Auth is SmartHostAuthType.OAuth2RefreshToken ? Given(RefreshToken) : null,
                Scope = oauth && Preset.Length == 0 ? Given(Scope) : null,
            },
        };
        var limits = new SmartHostLimits(Number(Connections, "limits.connections"), Number(PerMinute, "limits.perMinute"), Number(PerDay, "limits.perDay"));
        if (complaints.ToProblem() is { } wrong) return wrong;
        return new SmartHostConfiguration(Name, target, limits);

        int? Number(string text, string field, int most = int.MaxValue)
        {
            if (text.Length == 0) return null;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most) return number;
            complaints.Add(field, $"'{text}' is not allowed; give a whole number from 1 to {most.ToString(CultureInfo.InvariantCulture)}, or leave it empty.");
            return null;
        }
    }

    static string? Given(string text) => text.Length > 0 ? text : null;
    static string Text(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}
