using System.Net;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Collectors;

/// <summary>What a site takes from a provider that it collects from, and how its session behaves.</summary>
static class CollectedMail
{
    /// <summary>
    /// Mail for what is the site's own (its default domain, aliases, folders, held domains) and for what the collector asks
    /// for. Never what any client may relay by its address: a provider is trusted to bring our mail, not to send others'.
    /// </summary>
    public static RecipientRule For(SiteSnapshot site, Collector collector)
    {
        return Refuse;

        Reply? Refuse(DomainSnapshot? rule, MailAddress to) => rule switch
        {
            { Route.Type: RouteType.Refuse } => new(550, 5, 7, 1, $"Mail for <{to}> is not taken"),
            { Route.Type: RouteType.Drop or RouteType.Hold } or { Kind: DomainKind.Default or DomainKind.Alias } => null,
            _ when collector.Domains.Exists(domain => Asks(domain, to.Domain)) => null,
            _ => new(550, 5, 7, 1, $"Unable to relay for <{to}>: {site.HostName} collects no mail for this domain"),
        };
    }

    /// <summary>With an <c>@</c> in front, ETRN means the subdomains as well.</summary>
    static bool Asks(string asked, string domain) => asked is ['@', .. var parent]
        ? Asks(parent, domain) || domain.EndsWith("." + parent, StringComparison.OrdinalIgnoreCase)
        : asked.Equals(domain, StringComparison.OrdinalIgnoreCase);

    /// <summary>Nothing but mail is wanted of the other side; how much of it is its own affair.</summary>
    public static ServerSessionOptions OptionsFor(SiteSnapshot site, IPAddress provider)
    {
        var settings = site.Settings;
        return new()
        {
            HostName = site.HostName,
            Banner = settings.Get(SettingsTable.Banner),
            EtrnEnabled = false,
            TurnEnabled = false,
            AtrnEnabled = false,
            AuthMechanisms = [],
            MaxMessageSize = settings.Get(SettingsTable.MaxMessageSize),
            MaxTextLine = settings.Get(SettingsTable.MaxTextLine),
            MaxRecipients = (int)settings.Get(SettingsTable.MaxRecipientsPerMessage),
            MaxErrors = (int)settings.Get(SettingsTable.MaxErrors),
            InactivityTimeout = settings.Get(SettingsTable.InactivityTimeout),
            RepairBareLineEndings = settings.Get(SettingsTable.RepairLineEndingsFrom).Any(range => range.Contains(provider)),
        };
    }
}
