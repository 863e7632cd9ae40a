using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Network;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Listening;

/// <summary>Turns a site's snapshot into what a session must know. Thread-safe.</summary>
sealed class SessionOptionsFactory(ServerCertificate certificate)
{
    // One set for each snapshot; it goes with the snapshot.
    readonly ConditionalWeakTable<SiteSnapshot, ServerSessionOptions> _bySite = [];
    readonly SslServerAuthenticationOptions _tls = new()
    {
        ServerCertificateContext = certificate.Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
    };

    /// <summary>The endpoint is looked up again in the snapshot: TLS and ODMR may have changed since it was bound.</summary>
    public ServerSessionOptions For(SiteSnapshot site, SiteEndpoint bound, IPAddress client)
    {
        var endpoint = site.FindEndpoint(bound) ?? bound;
        var shared = _bySite.GetValue(site, Shared);
        return shared with
        {
            Tls = endpoint.Tls,
            TlsOptions = endpoint.Tls is EndpointTls.None ? null : _tls,
            Odmr = endpoint.Odmr,
            RequireTlsForPlainAuth = shared.RequireTlsForPlainAuth && !IPAddress.IsLoopback(client),
            RepairBareLineEndings = site.Settings.Get(SettingsTable.RepairLineEndingsFrom).Any(range => range.Contains(client)),
        };
    }

    static ServerSessionOptions Shared(SiteSnapshot site)
    {
        var settings = site.Settings;
        var on = site.ServiceVersion >= 2;
        return new()
        {
            HostName = site.HostName,
            Banner = settings.Get(SettingsTable.Banner),
            EtrnEnabled = on && settings.Get(SettingsTable.EtrnEnabled),
            TurnEnabled = on && settings.Get(SettingsTable.TurnEnabled),
            AtrnEnabled = on && settings.Get(SettingsTable.AtrnEnabled),
            EtrnNeedsAuth = settings.Get(SettingsTable.EtrnRequiresAuth),
            AnonymousAllowed = settings.Get(SettingsTable.AnonymousAllowed),
            AuthMechanisms = settings.Get(SettingsTable.AuthMechanisms),
            RequireTlsForPlainAuth = settings.Get(SettingsTable.RequireTlsForAuth),
            MaxMessageSize = settings.Get(SettingsTable.MaxMessageSize),
            MaxTextLine = settings.Get(SettingsTable.MaxTextLine),
            MaxSessionSize = settings.Get(SettingsTable.MaxSessionSize),
            MaxRecipients = (int)settings.Get(SettingsTable.MaxRecipientsPerMessage),
            MaxTransactions = (int)settings.Get(SettingsTable.MaxMessagesPerSession),
            MaxErrors = (int)settings.Get(SettingsTable.MaxErrors),
            InactivityTimeout = settings.Get(SettingsTable.InactivityTimeout),
        };
    }
}
