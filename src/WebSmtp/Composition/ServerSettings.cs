using System.Globalization;
using System.Net;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Composition;

/// <summary>
/// What must be known before the database is open, from the environment. Everything else is in the database and
/// changed by administrators. Read once.
/// </summary>
sealed record ServerSettings
{
    const string DefaultUrls = "http://127.0.0.1:8025";

    /// <summary>Full path; database, mail roots, keys and certificates are below it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Further folders below which mail roots may be.</summary>
    public required IReadOnlyList<string> Mailroots { get; init; }
    public required string Urls { get; init; }
    public string? AdminPassword { get; init; }
    public string? ApiKey { get; init; }
    public required string SmtpAddress { get; init; }
    public required int SmtpPort { get; init; }

    /// <summary><c>sqlite</c> or a <c>postgresql://</c> address.</summary>
    public required string Database { get; init; }

    /// <summary>The database is SQLite.</summary>
    public bool IsEmbedded => Database is "sqlite";

    /// <summary>Empty: the system's.</summary>
    public required IReadOnlyList<IPEndPoint> DnsServers { get; init; }

    /// <summary>Reverse proxies that are believed who a client is and whether it uses TLS.</summary>
    public required IReadOnlyList<AddressRange> TrustedProxies { get; init; }

    /// <summary>Reads the environment and what was given on the command line. Throws <see cref="SettingsException"/>.</summary>
    public static ServerSettings Read(IConfiguration configuration)
    {
        var port = NullIfEmpty(configuration["WEBSMTP_SMTP_PORT"]) ?? "2525";
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var smtpPort) || smtpPort is < 1 or > 65535)
            throw new SettingsException($"WEBSMTP_SMTP_PORT is '{port}'; give a port from 1 to 65535.");
        var address = NullIfEmpty(configuration["WEBSMTP_SMTP_ADDRESS"]) ?? "127.0.0.1";
        if (!IPAddress.TryParse(address, out _))
            throw new SettingsException($"WEBSMTP_SMTP_ADDRESS is '{address}'; give an IP address of this machine, or 0.0.0.0 for all.");
        var database = NullIfEmpty(configuration["WEBSMTP_DATABASE"]) ?? "sqlite";
        if (database is not "sqlite" && !database.StartsWith("postgresql://", StringComparison.Ordinal) && !database.StartsWith("postgres://", StringComparison.Ordinal))
            throw new SettingsException("WEBSMTP_DATABASE is neither 'sqlite' nor an address of the form postgresql://user:password@host:port/name.");
        return new()
        {
            DataDirectory = DataPath(configuration),
            Mailroots = [.. (configuration["WEBSMTP_MAILROOTS"] ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Path.GetFullPath)],
            Urls = Checked(NullIfEmpty(configuration["WEBSMTP_URLS"]) ?? NullIfEmpty(configuration[WebHostDefaults.ServerUrlsKey]) ?? DefaultUrls),
            AdminPassword = Usable("WEBSMTP_ADMIN_PASSWORD", configuration, AccessOperations.JudgeFirstPassword),
            ApiKey = Usable("WEBSMTP_API_KEY", configuration, AccessOperations.JudgeKey),
            SmtpAddress = address,
            SmtpPort = smtpPort,
            Database = database,
            DnsServers = [.. (configuration["WEBSMTP_DNS"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(DnsServer)],
            TrustedProxies = (NullIfEmpty(configuration["WEBSMTP_TRUSTED_PROXIES"]) ?? "127.0.0.1,::1") is var proxies && proxies is "none" ? []
                : [.. proxies.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(TrustedProxy)],
        };
    }

    /// <summary>The data directory alone, for commands that only look for a running server.</summary>
    public static string DataPath(IConfiguration configuration) => Path.GetFullPath(NullIfEmpty(configuration["WEBSMTP_DATA"]) ?? "data");

    /// <summary>What the default site is at first run.</summary>
    public SiteConfiguration FirstSite() => new(
        "Default SMTP Site", [new SiteEndpoint(SmtpAddress, SmtpPort)], Path.Combine("mailroot", "1"), null, null, AutoStart: true, []);

    static string Checked(string urls)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            try
            {
                if (BindingAddress.Parse(url) is { Scheme: "http" or "https", Port: >= 0 and <= 65535 }) continue;
            }
            catch (FormatException)
            {
                // Refused as those that can be read and are no address of ours.
            }
            throw new SettingsException($"'{url}' in WEBSMTP_URLS is no address for the web admin; give such as {DefaultUrls}, several separated by semicolons.");
        }
        return urls;
    }

    /// <summary>What would be taken up and then never be let in is refused here; a secret is not repeated.</summary>
    static string? Usable(string name, IConfiguration configuration, Func<string, string?> judge)
    {
        var value = NullIfEmpty(configuration[name]);
        return value is not null && judge(value) is { } bad ? throw new SettingsException($"{name}: {bad}") : value;
    }

    static AddressRange TrustedProxy(string text) => AddressRange.TryParse(text, out var range)
        ? range
        : throw new SettingsException($"WEBSMTP_TRUSTED_PROXIES has '{text}'; give addresses or networks such as 192.0.2.7 or 172.16.0.0/12, separated by commas, or none.");

    static IPEndPoint DnsServer(string text)
    {
        if (IPAddress.TryParse(text, out var address)) return new(address, 53);
        if (IPEndPoint.TryParse(text, out var endPoint) && endPoint.Port > 0) return endPoint;
        throw new SettingsException($"WEBSMTP_DNS has '{text}'; give addresses as ip or ip:port, separated by commas.");
    }

    static string? NullIfEmpty(string? value) => string.IsNullOrEmpty(value) ? null : value;
}

/// <summary>A start-up setting is wrong. The message names it, its value and what is allowed.</summary>
sealed class SettingsException(string message) : Exception(message);
