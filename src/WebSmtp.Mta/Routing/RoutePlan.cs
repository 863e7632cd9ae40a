using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Routing;

/// <summary>
/// Where the mail of one destination goes at this moment. The same plan is shown to people, simulated, and carried out.
/// </summary>
/// <param name="Rule">The domain rule that decided; null: none speaks of the destination.</param>
/// <param name="Hops">For dns and smartHost: what to try, in order. Empty where the smart hosts that are named are gone.</param>
/// <param name="Settings">The rule's, or the site's.</param>
public sealed record RoutePlan(RouteType Type, string? Rule, IReadOnlyList<RouteHop> Hops, SettingValues Settings)
{
    /// <summary>What people call it: the names of its hops in order, <c>primary, backup</c> or <c>example.com</c>.</summary>
    public string Name => Hops.Count == 0 ? Type.ToString().ToLowerInvariant() : string.Join(", ", Hops.Select(hop => hop.Route));
}

/// <summary>One thing to try.</summary>
public abstract record RouteHop
{
    /// <summary>What it is called in the list of routes.</summary>
    public abstract string Route { get; }

    /// <summary>Somebody here chose it: that it cannot be found says nothing about the recipient.</summary>
    public virtual bool IsChosen => false;

    /// <summary>The hosts of a domain, by MX; an address literal is a host itself.</summary>
    /// <param name="IsDetour">An operator sent mail for another domain there.</param>
    public sealed record Domain(string Name, bool IsDetour = false) : RouteHop
    {
        public override string Route => Name;
        public override bool IsChosen => IsDetour;
    }

    /// <summary>A smart host; the name is null where it is given inline.</summary>
    public sealed record Via(string? Name, SmartHostTarget Target, SmartHostLimits Limits) : RouteHop
    {
        public override bool IsChosen => true;
        public override string Route => Name ?? (Target.Host.Contains(':', StringComparison.Ordinal) && Target.Host[0] is not '['
            ? $"[{Target.Host}]:{Target.Port}"
            : $"{Target.Host}:{Target.Port}");
    }
}

/// <summary>Finds the plan. Thread-safe; asks nobody.</summary>
public sealed class RoutePlanner(SmartHostRegistry smartHosts)
{
    /// <summary>A kept smart host; null when there is none of that name.</summary>
    internal SmartHost? FindSmartHost(string name) => smartHosts.Find(name);

    /// <summary>An entry of the queue: as an operator sent it, while that smart host is kept, else as its domain is routed.</summary>
    public RoutePlan Plan(SiteSnapshot site, Recipient recipient)
    {
        if (recipient.ViaSmartHost is not { } name || smartHosts.Find(name) is not { } host)
        {
            if (recipient.ViaDomain is not { } detour) return Plan(site, recipient.Domain);
            var plan = Plan(site, detour);
            return plan with { Hops = [.. plan.Hops.Select(hop => hop is RouteHop.Domain domain ? domain with { IsDetour = true } : hop)] };
        }
        var settings = site.RuleFor(recipient.Domain)?.Settings ?? site.Settings;
        return new(RouteType.SmartHost, null, [Kept(host)], settings);
    }

    /// <summary>The most specific domain rule first, then the site's smart host, then MX.</summary>
    public RoutePlan Plan(SiteSnapshot site, string domain)
    {
        var rule = site.RuleFor(domain);
        var settings = rule?.Settings ?? site.Settings;
        if (rule is not null)
        {
            IReadOnlyList<RouteHop> hops = rule.Route switch
            {
                { Type: RouteType.Dns } => [new RouteHop.Domain(domain)],
                { Type: RouteType.SmartHost, SmartHost: { } host } => Hosts(host),
                _ => [],
            };
            return new(rule.Route.Type, rule.Name, hops, settings);
        }
        return settings.Get(SettingsTable.SmartHost) switch
        {
            { Mode: SmartHostMode.Always } host => new(RouteType.SmartHost, null, Hosts(host), settings),
            { } host => new(RouteType.Dns, null, [new RouteHop.Domain(domain), .. Hosts(host)], settings),
            null => new(RouteType.Dns, null, [new RouteHop.Domain(domain)], settings),
        };
    }

    /// <summary>Names of hosts that are gone are left out.</summary>
    IReadOnlyList<RouteHop> Hosts(SmartHostRoute route) => route.Target is { } target
        ? [new RouteHop.Via(null, target, new())]
        : [.. route.Use.Select(smartHosts.Find).OfType<SmartHost>().Select(Kept)];

    static RouteHop Kept(SmartHost host) => new RouteHop.Via(host.Name, host.Target, host.Limits);
}
