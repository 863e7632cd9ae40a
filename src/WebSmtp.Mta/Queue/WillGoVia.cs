using System.Globalization;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Queue;

/// <summary>A route in a few words, for the queue view.</summary>
public static class WillGoVia
{
    /// <summary><c>MX of example.com</c>, <c>smart host primary, backup</c>, <c>held until collected</c>.</summary>
    public static string Describe(RoutePlan plan) => plan switch
    {
        { Type: RouteType.Drop } => "Drop folder",
        { Type: RouteType.Hold } => "held until collected",
        { Type: RouteType.Refuse } => "refused by its domain rule",
        { Hops: [] } => "smart host that is not kept any more",
        _ => string.Join(", then ", Parts(plan.Hops)),
    };

    static IEnumerable<string> Parts(IReadOnlyList<RouteHop> hops)
    {
        foreach (var domain in hops.OfType<RouteHop.Domain>()) yield return domain.Name is ['[', ..] ? domain.Name : $"MX of {domain.Name}";
        var smartHosts = hops.OfType<RouteHop.Via>().Select(via =>
            via.Name ?? string.Create(CultureInfo.InvariantCulture, $"{via.Target.Host}:{via.Target.Port}")).ToList();
        if (smartHosts.Count > 0) yield return $"smart host {string.Join(", ", smartHosts)}";
    }
}
