using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Sites;

/// <summary>The default domain of its site, another name for it, or a domain that is elsewhere.</summary>
public enum DomainKind { Default, Alias, Remote }

/// <summary>Where mail for a domain goes. <see cref="Hold"/> waits for remote triggered delivery.</summary>
public enum RouteType { Drop, Dns, SmartHost, Hold, Refuse }

/// <summary>A domain below a site, as it is stored.</summary>
public sealed class MailDomain
{
    public int SiteId { get; set; }

    /// <summary>Lower case, A-label; or <c>*.example.com</c>: every subdomain, not the domain itself.</summary>
    public required string Name { get; set; }
    public DomainKind Kind { get; set; }
    public DomainRoute Route { get; set; } = new();

    /// <summary>Accounts that may TURN or ATRN this domain.</summary>
    public List<TurnMapping> TurnMappings { get; set; } = [];

    /// <summary>Null: the default of the route (true for drop and hold, false for dns and smartHost).</summary>
    public bool? AllowRelay { get; set; }

    /// <summary>Settings that override the site's, a JSON object by setting name.</summary>
    public string Overrides { get; set; } = "{}";

    /// <summary>Raised by every change; the ETag.</summary>
    public long Version { get; set; } = 1;
}

/// <summary>How mail for a domain is routed. Members that do not belong to the type are null.</summary>
public sealed record DomainRoute
{
    public RouteType Type { get; init; } = RouteType.Dns;

    /// <summary>Drop: a folder instead of the site's Drop, below the same roots as mail roots: relative to the data directory, or absolute.</summary>
    public string? Directory { get; init; }

    /// <summary>SmartHost: where mail is handed to.</summary>
    public SmartHostRoute? SmartHost { get; init; }

    /// <summary>Hold: ETRN releases it.</summary>
    public bool Etrn { get; init; }

    /// <summary>Hold: fixed <c>host:port</c> (see <see cref="HostAndPort"/>) to deliver to after ETRN, instead of the hosts from DNS.</summary>
    public string? EtrnTo { get; init; }

    /// <summary>Hold: mail older than this expires; null or zero: it waits until it is collected, <c>expireAfter</c> does not apply.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>Hold: bytes that may wait; null or 0: no limit.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>Hold: messages that may wait; null or 0: no limit.</summary>
    public long? MaxMessages { get; init; }
}

/// <summary>Which account may TURN which domain.</summary>
public sealed class TurnMapping
{
    public int SiteId { get; set; }
    public required string Domain { get; set; }
    public int AccountId { get; set; }
}
