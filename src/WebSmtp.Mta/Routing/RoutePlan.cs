using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Routing;

/// <summary>
/// Where the mail of one destination goes at this moment. The same plan is shown to people, simulated, and carried out.
/// </summary>
/// <param name="Rule">The domain rule that decided; null: none speaks of the destination.</param>
/// <param name="Hops">For dns and smartHost: what to try, in order.</param>
/// <param name="Settings">The rule's, or the site's.</param>
public sealed record RoutePlan(RouteType Type, string? Rule, IReadOnlyList<RouteHop> Hops, SettingValues Settings);

/// <summary>One thing to try.</summary>
public abstract record RouteHop
{
    /// <summary>The hosts of a domain, by MX.</summary>
    public sealed record Domain(string Name) : RouteHop;

    /// <summary>A smart host; the name is null where it is given inline.</summary>
    public sealed record Via(string? Name, SmartHostTarget Target, SmartHostLimits Limits) : RouteHop;
}

/// <summary>Finds the plan. Thread-safe; asks nobody.</summary>
public sealed class RoutePlanner(SmartHostRegistry smartHosts)
{
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
        : [.. route.Use.Select(smartHosts.Find).OfType<SmartHost>().Select(host => new RouteHop.Via(host.Name, host.Target, host.Limits))];
}
