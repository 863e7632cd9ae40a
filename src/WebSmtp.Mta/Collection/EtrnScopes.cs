using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Collection;

/// <summary>What the argument of ETRN means at a site, held or not. RFC 1985 section 5.3.</summary>
static class EtrnScopes
{
    /// <summary>Empty: nothing here goes by that name.</summary>
    public static IReadOnlyList<CollectionScope> Find(SiteSnapshot site, EtrnTarget target) => target.Kind switch
    {
        EtrnKind.Domain => Domain(site, target.Name),
        EtrnKind.Subdomains => [.. Subdomains(site, target.Name)],
        EtrnKind.NamedQueue => site.EtrnNames.TryGetValue(target.Name, out var domains)
            ? [.. domains.SelectMany(domain => site.FindDomain(domain) is { } rule ? [new(rule)] : Domain(site, domain)).Distinct()]
            : [],
    };

    static IReadOnlyList<CollectionScope> Domain(SiteSnapshot site, string name) =>
        site.RuleFor(name) is { } rule ? [new(rule, rule.IsWildcard ? name : null)] : [];

    /// <summary>A domain and all below it: rules that lie there, and the part there of a wildcard that begins above.</summary>
    static IEnumerable<CollectionScope> Subdomains(SiteSnapshot site, string name)
    {
        foreach (var rule in site.Domains)
        {
            var isName = string.Equals(rule.BaseName, name, StringComparison.OrdinalIgnoreCase);
            if (isName || CollectionScope.IsBelow(rule.BaseName, name)) yield return new(rule);
            else if (rule.IsWildcard && CollectionScope.IsBelow(name, rule.BaseName)) yield return new(rule, name, Below: true);
        }
    }
}
