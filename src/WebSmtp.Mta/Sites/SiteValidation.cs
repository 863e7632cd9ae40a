using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Sites;

/// <summary>A site as an administrator wants it, after it was found right: in the form that is stored.</summary>
sealed record ValidSite(
    string Name, List<SiteEndpoint> Endpoints, string? Mailroot, string? DefaultDomain, string? Fqdn, bool AutoStart, string Settings);

/// <summary>Judges what an administrator wrote about a site, and complains about everything that is wrong.</summary>
sealed class SiteValidation(Mailroots mailroots, SmartHostRules smartHosts)
{
    const int MaxNameLength = 100;
    const int MaxEndpoints = 16;

    /// <param name="current">The site that is changed; null when one is made.</param>
    /// <param name="all">All sites that there are.</param>
    public ValidSite Check(SiteConfiguration wanted, Site? current, IReadOnlyList<Site> all, Complaints complaints)
    {
        var others = all.Where(site => site.Id != current?.Id).ToList();
        CheckName(wanted.Name, others, complaints);
        var endpoints = CheckEndpoints(wanted.Endpoints, complaints);
        if (current is null || !current.Endpoints.SequenceEqual(endpoints)) smartHosts.CheckEndpoints(endpoints, all, complaints);
        var smartHostBefore = current is null ? null : SettingValues.ForSite(current.Settings).Get(SettingsTable.SmartHost);
        if (wanted.Mailroot is not null && wanted.Mailroot != current?.Mailroot) CheckMailroot(wanted.Mailroot, others, complaints);
        return new(
            wanted.Name, endpoints, wanted.Mailroot,
            CheckDefaultDomain(wanted.DefaultDomain, current, complaints), CheckFqdn(wanted.Fqdn, complaints),
            wanted.AutoStart, SettingsInput.Read(
                wanted.Settings, "settings", (host, field) => smartHosts.Route(host, smartHostBefore, field, endpoints, complaints), complaints));
    }

    static void CheckName(string name, List<Site> others, Complaints complaints)
    {
        if (name.Length is 0 or > MaxNameLength || name.Any(char.IsControl) || name.Trim().Length != name.Length)
        {
            complaints.Add("name", $"A name has 1 to {MaxNameLength} characters, no control characters, and no blank at its ends.");
        }
        else if (others.Find(site => site.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } owner)
        {
            complaints.Add("name", $"The name '{name}' is taken by site {owner.Id}.");
        }
    }

    static List<SiteEndpoint> CheckEndpoints(IReadOnlyList<SiteEndpoint> wanted, Complaints complaints)
    {
        if (wanted.Count is 0 or > MaxEndpoints)
            complaints.Add("endpoints", $"A site has 1 to {MaxEndpoints} endpoints.");
        var valid = new List<SiteEndpoint>();
        foreach (var (index, endpoint) in wanted.Take(MaxEndpoints).Index())
        {
            var field = $"endpoints[{index}]";
            if (CheckEndpoint(endpoint, field, complaints) is not { } checkedEndpoint) continue;
            if (valid.Find(other => EndpointOverlap.Overlaps(other, checkedEndpoint)) is { } other)
            {
                var explanation = EndpointOverlap.Explain(checkedEndpoint, other);
                complaints.Add(field, $"{EndpointOverlap.Show(checkedEndpoint)} is already another endpoint of this site{explanation}.");
            }
            valid.Add(checkedEndpoint);
        }
        return valid;
    }

    static SiteEndpoint? CheckEndpoint(SiteEndpoint endpoint, string field, Complaints complaints)
    {
        var address = EndpointOverlap.ReadAddress(endpoint.Address);
        if (address is null)
        {
            complaints.Add($"{field}.address",
                $"'{endpoint.Address}' is not an IP address; give one of this machine's, 0.0.0.0 for all IPv4 addresses, or :: for all addresses.");
        }
        var validPort = endpoint.Port is >= 1 and <= 65535;
        if (!validPort) complaints.Add($"{field}.port", $"{endpoint.Port} is not a port; give a number from 1 to 65535.");
        if (!Enum.IsDefined(endpoint.Tls)) complaints.Add($"{field}.tls", "Give one of none, startTls, requireStartTls, implicit.");
        if (endpoint.Certificate is not null)
            complaints.Add($"{field}.certificate", "There are no managed certificates yet; without a name, the certificate made at first run is used.");
        if (endpoint.ProxyProtocol)
            complaints.Add($"{field}.proxyProtocol", "The PROXY protocol is not spoken yet; leave it off.");
        return address is not null && validPort ? endpoint with { Address = address.ToString() } : null;
    }

    void CheckMailroot(string mailroot, List<Site> others, Complaints complaints)
    {
        if (mailroots.Judge(mailroot) is { } refusal)
            complaints.Add("mailroot", refusal);
        else if (others.Find(site => mailroots.Overlap(mailroot, site.Mailroot)) is { } other)
            complaints.Add("mailroot", $"'{mailroot}' is, contains, or is inside the mail root of site '{other.Name}' ({other.Id}).");
    }

    static string? CheckDefaultDomain(string? wanted, Site? current, Complaints complaints)
    {
        if (wanted is null) return null;
        if (!DomainName.TryParse(wanted, out var domain))
            complaints.Add("defaultDomain", $"'{wanted}' is not a domain.");
        else if (current?.Domains.Find(other => other.Name == domain) is { Kind: DomainKind.Remote })
            complaints.Add("defaultDomain", $"'{domain}' is a remote domain of this site; delete it first.");
        return domain;
    }

    static string? CheckFqdn(string? wanted, Complaints complaints)
    {
        if (wanted is null) return null;
        if (!DomainName.TryParse(wanted, out var domain)) complaints.Add("fqdn", $"'{wanted}' is not a domain name.");
        return domain;
    }
}
