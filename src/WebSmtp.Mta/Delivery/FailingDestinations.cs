using System.Collections.Concurrent;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Mta.Delivery;

/// <summary>A destination that failed as a whole, and when it is tried again.</summary>
/// <param name="Sample">One of its entries, to see whether it is still routed there.</param>
/// <param name="RetryAt">Everything that was put off waits for exactly this moment.</param>
sealed record FailingDestination(
    DestinationKey Key, Recipient Sample, RouteTrouble Trouble, int Failures, DateTimeOffset LastAt, DateTimeOffset RetryAt)
{
    /// <summary>Mail that is new makes a probe of its own, but not more often than this.</summary>
    static readonly TimeSpan FreshProbe = TimeSpan.FromMinutes(5);

    /// <summary>Nothing expires while it is us who are not let in, or who may send no more.</summary>
    public bool KeepsAll => Trouble.Condition is RouteCondition.OnHold or RouteCondition.OverBudget;

    /// <summary>Somebody wants it tried now.</summary>
    public bool Forgiven { get; init; }

    /// <summary>What comes now waits without being tried.</summary>
    public bool PutsOff(DateTimeOffset now) =>
        now < RetryAt && !Forgiven && (Trouble.Condition is RouteCondition.OnHold or RouteCondition.OverBudget || now < LastAt + FreshProbe);

    /// <summary>When an entry of it is due; null: its time is over.</summary>
    public DateTimeOffset? DueFor(Message message, Recipient recipient, DateTimeOffset now)
    {
        var due = RetryAt;
        if (!KeepsAll)
        {
            var end = Expiry.Of(message, recipient, Key.Plan.Settings);
            if (now >= end) return null;
            if (end < due) due = end;
        }
        return ReportTimes.Cap(due, now, message, recipient, Key.Plan.Settings);
    }
}

/// <summary>When the time of an entry is over.</summary>
static class Expiry
{
    /// <summary>Counted from its receipt, or from when it was no longer held back.</summary>
    public static DateTimeOffset Of(Message message, Recipient recipient, SettingValues settings)
    {
        var from = recipient.HeldBackUntil is { } until && until > message.ReceivedAt ? until : message.ReceivedAt;
        return from + settings.Get(SettingsTable.ExpireAfter);
    }
}

/// <summary>
/// Destinations that failed as a whole: one probe for each, however much mail waits, at the retry intervals. Bounded: of
/// those that are forgotten each message finds out for itself. Thread-safe.
/// </summary>
sealed class FailingDestinations(RouteStates states, TimeProvider time)
{
    const int Most = 10_000;
    readonly ConcurrentDictionary<DestinationKey, FailingDestination> _failing = new();

    public bool IsEmpty => _failing.IsEmpty;
    public IEnumerable<FailingDestination> All => _failing.Values;

    public FailingDestination? Find(DestinationKey key) => _failing.IsEmpty ? null : _failing.GetValueOrDefault(key);

    /// <summary>It failed (again); <paramref name="before"/> is what held until now.</summary>
    /// <param name="probe">The entry that was tried.</param>
    public FailingDestination Failed(DestinationKey key, RouteTrouble trouble, Recipient probe, out FailingDestination? before)
    {
        var now = time.GetUtcNow();
        before = _failing.GetValueOrDefault(key);
        // A probe ahead of its time that fails changes nothing for the others.
        var early = before is not null && now < before.RetryAt;
        // After a restart the entries remember how often they were tried.
        var failures = early ? before!.Failures : Math.Max(before?.Failures ?? 0, probe.Attempts) + 1;
        var intervals = key.Plan.Settings.Get(SettingsTable.RetryIntervals);
        var retryAt = trouble.Until ?? (early ? before!.RetryAt : now + intervals[Math.Min(failures - 1, intervals.Count - 1)]);
        // Databases keep no more than microseconds, and they are asked for exactly this moment; a limit is over by then.
        retryAt = new((retryAt.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, retryAt.Offset);
        var failing = new FailingDestination(key, probe, trouble, failures, now, retryAt);
        if (before is not null || _failing.Count < Most) _failing[key] = failing;
        states.Report(key.Site.Id, key.Name, trouble.Condition, trouble.Reason, retryAt, key.Site.Id);
        return failing;
    }

    /// <summary>What comes next to a site's destinations is tried; what waits goes on waiting until that one has arrived.</summary>
    public void Forgive(int siteId)
    {
        foreach (var (key, failing) in _failing)
            if (key.Site.Id == siteId) _failing.TryUpdate(key, failing with { Forgiven = true }, failing);
    }

    /// <summary>It works, or nobody goes there any more; returns what held until now.</summary>
    public FailingDestination? Remove(DestinationKey key)
    {
        if (_failing.IsEmpty || !_failing.TryRemove(key, out var was)) return null;
        states.Clear(key.Site.Id, key.Name, key.Site.Id);
        return was;
    }
}
