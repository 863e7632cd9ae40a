using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Routing;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// How a route does. <see cref="CoolingDown"/>: its hosts could not be reached, and are tried again later.
/// <see cref="OnHold"/>: it refuses our log-in, or our credentials cannot be had; nothing bounces for it.
/// <see cref="OverBudget"/>: it was given all that its limits allow for now.
/// </summary>
public enum RouteCondition { Ok, CoolingDown, OnHold, OverBudget }

/// <summary>What people see of a route.</summary>
/// <param name="SiteId">Null: a smart host, which all sites share.</param>
/// <param name="Route">A domain, the name of a smart host, <c>host:port</c>, or several of them in order.</param>
/// <param name="Reason">One sentence; null while it is ok.</param>
/// <param name="Until">When it is tried again.</param>
public sealed record RouteState(
    int? SiteId, string Route, RouteCondition State, string? Reason, DateTimeOffset? Since, DateTimeOffset? Until);

/// <summary>
/// The routes that have trouble, for those who look; a route that is not here is well. What becomes of mail is decided
/// by those who report here. Bounded; thread-safe.
/// </summary>
public sealed class RouteStates(EventStream events, TimeProvider time, ILogger<RouteStates> log)
{
    const int MostRoutes = 10_000;
    readonly ConcurrentDictionary<Key, RouteState> _states = new();

    /// <summary>All that have trouble: on hold first, then by name.</summary>
    public IReadOnlyList<RouteState> List() =>
        [.. _states.Values.OrderByDescending(state => state.State is RouteCondition.OnHold).ThenBy(state => state.Route, StringComparer.OrdinalIgnoreCase)];

    /// <summary>The state of a smart host (no site), or of a site's route.</summary>
    public RouteState Find(string route, int? siteId = null) =>
        _states.TryGetValue(new(siteId, route), out var state) ? state : new(siteId, route, RouteCondition.Ok, null, null, null);

    /// <summary>What keeps the mail of a destination from being sent now: its own state, or that of all its smart hosts.</summary>
    public RouteState Of(RoutePlan plan, int siteId)
    {
        var own = Find(plan.Name, siteId);
        if (own.State is not RouteCondition.Ok || plan.Hops.Count == 0) return own;
        var hops = plan.Hops.Select(hop => hop is RouteHop.Via ? Find(hop.Route) : own).ToList();
        return hops.Exists(hop => hop.State is RouteCondition.Ok) ? own : hops[0];
    }

    /// <param name="noticed">The site whose mail met it.</param>
    internal void Report(int? siteId, string route, RouteCondition condition, string reason, DateTimeOffset until, int noticed)
    {
        var key = new Key(siteId, route);
        var known = _states.GetValueOrDefault(key);
        if (known is null && _states.Count >= MostRoutes) return;
        var changed = known?.State != condition;
        _states[key] = new(siteId, route, condition, reason, changed ? time.GetUtcNow() : known!.Since, until);
        if (!changed) return;
        // A site's route is on hold because a smart host is, which said so itself.
        if (condition is RouteCondition.OnHold && siteId is null) Log.RouteOnHold(log, route, reason);
        else if (condition is not RouteCondition.OnHold) Log.RouteTrouble(log, route, condition, reason, until);
        events.Publish(new RouteEvent(time.GetUtcNow(), noticed, route, condition, reason));
    }

    /// <summary>It works (again).</summary>
    internal void Clear(int? siteId, string route, int noticed)
    {
        if (!_states.TryRemove(new(siteId, route), out var known)) return;
        Log.RouteWorks(log, route, known.State);
        events.Publish(new RouteEvent(time.GetUtcNow(), noticed, route, RouteCondition.Ok, null));
    }

    /// <summary>Compared as names are.</summary>
    readonly record struct Key(int? SiteId, string Route)
    {
        public bool Equals(Key other) => SiteId == other.SiteId && string.Equals(Route, other.Route, StringComparison.OrdinalIgnoreCase);
        public override int GetHashCode() => HashCode.Combine(SiteId, StringComparer.OrdinalIgnoreCase.GetHashCode(Route));
    }
}
