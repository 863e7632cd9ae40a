using System.Collections.Frozen;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Mta.Sites;

/// <summary>
/// A site as sessions and deliveries see it: complete, resolved, immutable. A change makes a new one; who has the old
/// one keeps it.
/// </summary>
public sealed class SiteSnapshot
{
    readonly FrozenDictionary<string, DomainSnapshot> _domains;
    readonly FrozenDictionary<string, IReadOnlyList<DomainSnapshot>> _turnDomains;

    /// <param name="mailroot">Full path.</param>
    /// <param name="accountNames">Names of the accounts in the site's TURN mappings, by id.</param>
    public SiteSnapshot(Site site, string mailroot, int serviceVersion, IReadOnlyDictionary<int, string> accountNames)
    {
        Id = site.Id;
        Name = site.Name;
        AutoStart = site.AutoStart;
        Desired = site.Desired;
        IsDraining = site.Draining;
        StateBy = site.StateBy;
        StateSince = site.StateSince;
        Version = site.Version;
        Endpoints = [.. site.Endpoints];
        Folders = new(mailroot);
        ConfiguredMailroot = site.Mailroot;
        ConfiguredFqdn = site.Fqdn;
        ServiceVersion = serviceVersion;
        Settings = SettingValues.ForSite(site.Settings);
        ExplicitSettings = SettingsInput.Written(site.Settings);
        var defaultDomain = site.Domains.Find(domain => domain.Kind is DomainKind.Default);
        DefaultDomain = defaultDomain?.Name ?? "localhost";
        _domains = site.Domains.ToFrozenDictionary(
            domain => domain.Name, domain => new DomainSnapshot(domain, defaultDomain, Settings, accountNames), StringComparer.OrdinalIgnoreCase);
        HostName = site.Fqdn ?? DefaultDomain;
        EtrnNames = site.EtrnNames.ToFrozenDictionary(name => name.Name, name => (IReadOnlyList<string>)[.. name.Domains], StringComparer.OrdinalIgnoreCase);
        _turnDomains = _domains.Values
            .SelectMany(domain => domain.TurnAccounts, (domain, account) => (domain, account))
            .GroupBy(pair => pair.account, pair => pair.domain, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(group => group.Key, group => (IReadOnlyList<DomainSnapshot>)[.. group], StringComparer.OrdinalIgnoreCase);
    }

    public int Id { get; }
    public string Name { get; }
    public bool IsDefault => Id == Site.DefaultId;
    public bool AutoStart { get; }
    public DesiredState Desired { get; }

    /// <summary>It is paused until nothing is left to deliver; mail comes in by no door.</summary>
    public bool IsDraining { get; }

    /// <summary>Who said what it should be, and when; null: nobody did yet.</summary>
    public string? StateBy { get; }
    public DateTimeOffset? StateSince { get; }
    public long Version { get; }
    public IReadOnlyList<SiteEndpoint> Endpoints { get; }
    public MailrootFolders Folders { get; }

    /// <summary>The mail root as the administrator wrote it.</summary>
    public string ConfiguredMailroot { get; }
    public string? ConfiguredFqdn { get; }

    /// <summary>The name in greeting, EHLO and Received.</summary>
    public string HostName { get; }
    public string DefaultDomain { get; }
    public SettingValues Settings { get; }

    /// <summary>The JSON object of what was set, without defaults and secrets.</summary>
    public string ExplicitSettings { get; }

    /// <summary>At 1 only the default site runs, and ETRN, TURN and ATRN are off.</summary>
    public int ServiceVersion { get; }
    public IReadOnlyCollection<DomainSnapshot> Domains => _domains.Values;
    public IReadOnlyDictionary<string, IReadOnlyList<string>> EtrnNames { get; }

    /// <summary>The rule for a destination: its own, else the longest wildcard above it; null when no rule speaks of it.</summary>
    public DomainSnapshot? RuleFor(string domain)
    {
        if (_domains.TryGetValue(domain, out var rule)) return rule;
        var wildcards = _domains.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> pattern = stackalloc char[256];
        for (var dot = domain.IndexOf('.', StringComparison.Ordinal); dot >= 0 && domain.Length - dot < pattern.Length; dot = domain.IndexOf('.', dot + 1))
        {
            pattern[0] = '*';
            domain.AsSpan(dot).CopyTo(pattern[1..]);
            if (wildcards.TryGetValue(pattern[..(domain.Length - dot + 1)], out rule)) return rule;
        }
        return null;
    }

    /// <summary>The names that <see cref="RuleFor"/> looks for, in its order.</summary>
    public static IEnumerable<string> RuleNames(string domain)
    {
        yield return domain;
        for (var dot = domain.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = domain.IndexOf('.', dot + 1)) yield return "*" + domain[dot..];
    }

    /// <summary>The rule with exactly this name, wildcard names included.</summary>
    public DomainSnapshot? FindDomain(string name) => _domains.GetValueOrDefault(name);

    /// <summary>Domains of an ETRN name that ETRN does not release: allowed, as a plan, since they may be made later.</summary>
    public IReadOnlyList<string> NotReleasedBy(string etrnName) =>
        [.. EtrnNames.GetValueOrDefault(etrnName, []).Where(domain => RuleFor(domain) is not { IsHeld: true, Route.Etrn: true })];

    /// <summary>What is spoken now on a socket that was bound for <paramref name="bound"/>; null when the site gave it up.</summary>
    public SiteEndpoint? FindEndpoint(SiteEndpoint bound) =>
        Endpoints.FirstOrDefault(endpoint => EndpointOverlap.IsSame(endpoint, bound));

    /// <summary>The domains that an account may TURN, without case.</summary>
    public IReadOnlyList<DomainSnapshot> TurnDomainsOf(string account) => _turnDomains.GetValueOrDefault(account) ?? [];
}

/// <summary>A domain rule as sessions and deliveries see it.</summary>
public sealed class DomainSnapshot
{
    /// <param name="defaultDomain">The site's default domain, whose route and overrides an alias shares.</param>
    public DomainSnapshot(MailDomain domain, MailDomain? defaultDomain, SettingValues site, IReadOnlyDictionary<int, string> accountNames)
    {
        var ruling = domain.Kind is DomainKind.Alias && defaultDomain is not null ? defaultDomain : domain;
        SiteId = domain.SiteId;
        Name = domain.Name;
        Kind = domain.Kind;
        Route = ruling.Route;
        Version = domain.Version;
        ConfiguredAllowRelay = domain.AllowRelay;
        AllowRelay = domain.AllowRelay ?? Route.Type is RouteType.Drop or RouteType.Hold;
        Settings = site.WithDomain(ruling.Overrides);
        ExplicitOverrides = domain.Overrides;
        TurnAccounts = [.. domain.TurnMappings.Select(mapping => accountNames.GetValueOrDefault(mapping.AccountId)).OfType<string>()
            .Order(StringComparer.OrdinalIgnoreCase)];
    }

    public int SiteId { get; }
    public string Name { get; }
    public DomainKind Kind { get; }
    public DomainRoute Route { get; }
    public long Version { get; }
    public bool? ConfiguredAllowRelay { get; }

    /// <summary>Anyone who may connect may send here.</summary>
    public bool AllowRelay { get; }

    /// <summary>The site's settings with this domain's overrides.</summary>
    public SettingValues Settings { get; }

    /// <summary>The JSON object of what was overridden.</summary>
    public string ExplicitOverrides { get; }

    /// <summary>Names of the accounts that may TURN or ATRN it.</summary>
    public IReadOnlyList<string> TurnAccounts { get; }

    public bool IsWildcard => Name.StartsWith("*.", StringComparison.Ordinal);
    public bool IsHeld => Route.Type is RouteType.Hold;

    /// <summary>For a wildcard: the domain whose subdomains it covers; else the name.</summary>
    public string BaseName => IsWildcard ? Name[2..] : Name;
}

/// <summary>The folders of a mail root.</summary>
public sealed record MailrootFolders(string Root)
{
    public string Pickup => Path.Combine(Root, "Pickup");

    /// <summary>Files of Pickup that are being sent: the same volume, so that taking one is a rename.</summary>
    internal string Taken => Path.Combine(Pickup, ".taken");
    public string Queue => Path.Combine(Root, "Queue");
    public string Drop => Path.Combine(Root, "Drop");
    public string Badmail => Path.Combine(Root, "Badmail");
    public IEnumerable<string> All => [Pickup, Queue, Drop, Badmail];

    /// <summary>The folders' names below the root.</summary>
    public static readonly IReadOnlyList<string> Names = [nameof(Pickup), nameof(Queue), nameof(Drop), nameof(Badmail)];
}
