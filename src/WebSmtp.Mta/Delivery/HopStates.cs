using System.Collections.Concurrent;
using System.Net;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// Smart hosts that may not be used now: on hold because of their log-in, or over budget. Shared by all sites; a hop
/// whose settings were changed is another one. Thread-safe.
/// </summary>
sealed class HopStates(RouteStates states, TimeProvider time)
{
    static readonly TimeSpan FirstProbe = TimeSpan.FromMinutes(1), LongestProbe = TimeSpan.FromMinutes(30);
    readonly ConcurrentDictionary<string, Stop> _stops = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null: it may be used. On hold, one caller is let through as the probe when its time has come.</summary>
    public RouteTrouble? Look(RouteHop.Via hop, int siteId)
    {
        if (!_stops.TryGetValue(KeyOf(hop), out var stop)) return null;
        if (!stop.Hop.Target.Equals(hop.Target) || stop.Trouble.Condition is RouteCondition.OverBudget && stop.Hop.Limits != hop.Limits)
        {
            if (_stops.TryRemove(new(KeyOf(hop), stop))) states.Clear(null, hop.Route, siteId);
            return null;
        }
        lock (stop)
        {
            var now = time.GetUtcNow();
            if (now < stop.Trouble.Until) return stop.Trouble;
            if (stop.Trouble.Condition is RouteCondition.OnHold) (stop.Trouble, stop.IsProbed) = (stop.Trouble with { Until = now + stop.Interval }, true);
            return null;
        }
    }

    /// <summary>The log-in is refused, or there is nothing to log in with. Returns what holds from now on.</summary>
    public RouteTrouble Hold(RouteHop.Via hop, RouteTrouble trouble, int siteId)
    {
        var stop = _stops.GetOrAdd(KeyOf(hop), static (_, hop) => new(hop), hop);
        lock (stop)
        {
            var again = stop.Trouble.Condition is RouteCondition.OnHold && stop.Hop.Target.Equals(hop.Target);
            // Others that had begun before hear the same, and change nothing.
            if (again && !stop.IsProbed && stop.Trouble.Until is not null) return stop.Trouble;
            stop.IsProbed = false;
            var interval = again ? stop.Interval * 2 : FirstProbe;
            stop.Interval = interval < LongestProbe ? interval : LongestProbe;
            stop.Hop = hop;
            stop.Trouble = trouble with { Condition = RouteCondition.OnHold, Until = time.GetUtcNow() + stop.Interval };
            states.Report(null, hop.Route, RouteCondition.OnHold, trouble.Reason, stop.Trouble.Until.Value, siteId);
            return stop.Trouble;
        }
    }

    /// <summary>Its limits allow no more until then.</summary>
    public void OverBudget(RouteHop.Via hop, RouteTrouble trouble, int siteId)
    {
        var stop = _stops.GetOrAdd(KeyOf(hop), static (_, hop) => new(hop), hop);
        lock (stop) (stop.Hop, stop.Trouble) = (hop, trouble);
        states.Report(null, hop.Route, RouteCondition.OverBudget, trouble.Reason, trouble.Until!.Value, siteId);
    }

    /// <summary>It took our log-in and is within its limits.</summary>
    public void Works(RouteHop.Via hop, int siteId)
    {
        if (!_stops.TryGetValue(KeyOf(hop), out var stop)) return;
        // The last message that its limits allow says nothing about the next.
        lock (stop)
            if (stop.Trouble.Condition is RouteCondition.OverBudget && time.GetUtcNow() < stop.Trouble.Until) return;
        if (_stops.TryRemove(new(KeyOf(hop), stop))) states.Clear(null, hop.Route, siteId);
    }

    /// <summary>Those that are on hold may be asked at once.</summary>
    public void Forgive(int siteId)
    {
        foreach (var (key, stop) in _stops)
        {
            if (stop.Trouble.Condition is RouteCondition.OnHold && _stops.TryRemove(new(key, stop))) states.Clear(null, stop.Hop.Route, siteId);
        }
    }

    /// <summary>The one of this name may be asked at once, if it is on hold.</summary>
    public void Forgive(string route)
    {
        foreach (var (key, stop) in _stops)
        {
            if (stop.Trouble.Condition is RouteCondition.OnHold && string.Equals(stop.Hop.Route, route, StringComparison.OrdinalIgnoreCase)
                && _stops.TryRemove(new(key, stop))) states.Clear(null, stop.Hop.Route, Site.DefaultId);
        }
    }

    /// <summary>The log-in there works.</summary>
    public void Recovered(SmartHostTarget target)
    {
        foreach (var (key, stop) in _stops)
        {
            if (stop.Trouble.Condition is RouteCondition.OnHold && stop.Hop.Target.Equals(target) && _stops.TryRemove(new(key, stop)))
                states.Clear(null, stop.Hop.Route, Site.DefaultId);
        }
    }

    static string KeyOf(RouteHop.Via hop) => hop.Name ?? $"{hop.Target.Auth.Username} {hop.Route}";

    sealed class Stop(RouteHop.Via hop)
    {
        public RouteHop.Via Hop { get; set; } = hop;
        public TimeSpan Interval { get; set; } = FirstProbe;

        /// <summary>Somebody is let through to see whether it works.</summary>
        public bool IsProbed { get; set; }
        public RouteTrouble Trouble { get; set; } = new(RouteCondition.Ok, new(250, null, ""));
    }
}

/// <summary>
/// Hosts that could not be reached lately, by address: passed over for a while that grows, as long as there are others.
/// Bounded; thread-safe.
/// </summary>
sealed class HostHealth(TimeProvider time)
{
    const int MostHosts = 10_000;
    static readonly TimeSpan First = TimeSpan.FromSeconds(30), Longest = TimeSpan.FromMinutes(10);
    readonly ConcurrentDictionary<IPEndPoint, (DateTimeOffset Until, TimeSpan Interval)> _failed = new();

    public bool IsCoolingDown(IPEndPoint host) => _failed.TryGetValue(host, out var failed) && time.GetUtcNow() < failed.Until;

    /// <param name="atLeast">How long it is passed over in any case.</param>
    public void Failed(IPEndPoint host, TimeSpan atLeast = default)
    {
        var now = time.GetUtcNow();
        if (_failed.Count >= MostHosts)
        {
            foreach (var (old, failed) in _failed)
                if (failed.Until <= now || _failed.Count >= MostHosts) _failed.TryRemove(old, out _);
        }
        _failed.AddOrUpdate(host,
            static (_, at) => (at.Now + Longer(First, at.Least), First),
            static (_, failed, at) => (at.Now + Longer(Next(failed.Interval), at.Least), Next(failed.Interval)), (Now: now, Least: atLeast));
    }

    public void Works(IPEndPoint host)
    {
        if (!_failed.IsEmpty) _failed.TryRemove(host, out _);
    }

    static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
    static TimeSpan Next(TimeSpan interval) => interval * 2 < Longest ? interval * 2 : Longest;
}
