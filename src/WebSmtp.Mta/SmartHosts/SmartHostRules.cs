using System.Net;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>
/// Judges every smart host that an administrator writes, wherever it stands, and makes the form that is stored: defaults
/// filled in, secrets encrypted. Complains about everything that is wrong. Thread-safe.
/// </summary>
public sealed partial class SmartHostRules(SmartHostRegistry kept, OwnListeners own, ISecretProtector secrets)
{
    const int MaxNames = 10;
    const int SubmissionPort = 587, ImplicitTlsPort = 465, SmtpPort = 25;

    /// <summary>What stands where a smart host is asked for.</summary>
    /// <param name="before">What stood there: its secrets stay where no others are given.</param>
    /// <param name="field">Its name in complaints: <c>route.smartHost</c>.</param>
    /// <param name="endpoints">Where the site that it is for is about to listen.</param>
    internal SmartHostRoute Route(
        SmartHostChoice wanted, SmartHostRoute? before, string field, IReadOnlyList<SiteEndpoint> endpoints, Complaints complaints)
    {
        if (!Enum.IsDefined(wanted.Mode)) complaints.Add($"{field}.mode", "Give always or fallback.");
        if (wanted.Use is null)
        {
            return new()
            {
                Target = Target(wanted.Target ?? new(), before?.Target, new(field + ".", field + "."), endpoints, complaints),
                Mode = wanted.Mode,
            };
        }
        if (wanted.Target is not null) complaints.Add($"{field}.use", "Give either a host, or names of kept smart hosts in use; not both.");
        if (wanted.Use.Count is 0 or > MaxNames) complaints.Add($"{field}.use", $"Give 1 to {MaxNames} names of smart hosts.");
        var names = new List<string>();
        foreach (var name in wanted.Use.Take(MaxNames))
        {
            // In the form in which it is kept, so that it reads the same everywhere.
            if (kept.Find(name) is not { } host) complaints.Add($"{field}.use", $"There is no smart host '{name}'.");
            else if (OwnerOf(host.Target, endpoints) is { } owner) complaints.Add($"{field}.use", $"'{name}' is {owner}: mail would come straight back.");
            else if (names.Contains(host.Name, StringComparer.Ordinal)) complaints.Add($"{field}.use", $"'{name}' is there twice.");
            else names.Add(host.Name);
        }
        return new() { Use = names, Mode = wanted.Mode };
    }

    /// <summary>Which site of this server a host is, in words, as far as that can be said without DNS; null: none.</summary>
    internal string? OwnerOf(HostAndPort host) => own.Owner(host, []);

    string? OwnerOf(SmartHostTarget target, IReadOnlyList<SiteEndpoint> endpoints) =>
        HostAndPort.TryParseHost(target.Host, out var host) ? own.Owner(new(host, target.Port), endpoints) : null;

    /// <summary>Endpoints that a site is about to have, where mail that sites send on would come back. Complains about each.</summary>
    internal void CheckEndpoints(IReadOnlyList<SiteEndpoint> planned, IReadOnlyList<Site> sites, Complaints complaints)
    {
        foreach (var site in sites)
        {
            var routes = site.Domains.Select(domain => domain.Route.SmartHost).Append(SettingValues.ForSite(site.Settings).Get(SettingsTable.SmartHost));
            foreach (var target in routes.OfType<SmartHostRoute>().SelectMany(Targets))
            {
                if (HostAndPort.TryParseHost(target.Host, out var host) && own.LeadsTo(planned, new(host, target.Port)))
                    complaints.Add("endpoints", $"Site '{site.Name}' ({site.Id}) sends mail to the smart host {new HostAndPort(host, target.Port)}, which would be this endpoint: it would come straight back.");
            }
        }
    }

    IEnumerable<SmartHostTarget> Targets(SmartHostRoute route) =>
        route.Target is { } target ? [target] : route.Use.Select(kept.Find).OfType<SmartHost>().Select(host => host.Target);

    /// <summary>A kept smart host.</summary>
    internal SmartHostTarget Target(SmartHostInput wanted, SmartHostTarget? before, Complaints complaints) =>
        Target(wanted, before, new("", "auth."), [], complaints);

    /// <summary>How members of the host, and of its log-in, begin in complaints.</summary>
    readonly record struct Fields(string Host, string Auth);

    SmartHostTarget Target(
        SmartHostInput wanted, SmartHostTarget? before, Fields fields, IReadOnlyList<SiteEndpoint> endpoints, Complaints complaints)
    {
        var auth = Auth(wanted.Auth, before?.Auth, fields.Auth, complaints);
        var preset = wanted.Auth.Preset is { } name ? OAuth2Preset.Find(name) : null;
        var logsIn = auth.Type is not SmartHostAuthType.None;
        var port = wanted.Port ?? (wanted.Tls is HostTls.Implicit ? ImplicitTlsPort : preset?.Port ?? (logsIn ? SubmissionPort : SmtpPort));
        var tls = wanted.Tls ?? (port == ImplicitTlsPort ? HostTls.Implicit : logsIn ? HostTls.Verify : HostTls.Opportunistic);
        if (!Enum.IsDefined(tls))
            complaints.Add($"{fields.Host}tls", "Give one of none, opportunistic, require, verify, implicit.");
        else if (logsIn && tls is HostTls.Opportunistic)
            complaints.Add($"{fields.Host}tls", "A log-in needs more than opportunistic TLS: give verify, implicit or require, or none to send it in clear by choice.");
        return new(CheckHost(wanted.Host ?? preset?.Host, port, fields.Host, endpoints, complaints), port, tls)
        {
            CertificateAuthority = CheckAuthority(wanted.CertificateAuthority, fields.Host, complaints),
            ClientCertificate = CheckCertificate(wanted.ClientCertificate, before?.ClientCertificate, fields.Host, complaints),
            Auth = auth,
        };
    }

    string CheckHost(string? wanted, int port, string field, IReadOnlyList<SiteEndpoint> endpoints, Complaints complaints)
    {
        var isPort = port is >= 1 and <= 65535;
        if (!isPort) complaints.Add($"{field}port", $"{port} is not a port; give a number from 1 to 65535.");
        if (string.IsNullOrEmpty(wanted))
        {
            complaints.Add($"{field}host", "Give the host that mail is handed to: its name, or its address in brackets.");
            return "";
        }
        if (!HostAndPort.TryParseHost(wanted, out var host))
        {
            complaints.Add($"{field}host", $"'{wanted}' is neither a host name nor an address in brackets.");
            return wanted;
        }
        if (isPort && own.Owner(new(host, port), endpoints) is { } owner)
            complaints.Add($"{field}host", $"{new HostAndPort(host, port)} is {owner}: mail would come straight back. Give the host that is to have it.");
        return IPAddress.TryParse(host, out _) ? $"[{host}]" : host;
    }
}
