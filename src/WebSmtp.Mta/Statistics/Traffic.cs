using System.Collections.Concurrent;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Trace;

namespace WebSmtp.Mta.Statistics;

/// <summary>How much mail a site moved within some time.</summary>
/// <param name="Accepted">Messages that came into the queue: the site's own reports are among them.</param>
/// <param name="AcceptedBytes">Their size.</param>
/// <param name="Refused">Transactions and connections that were refused.</param>
/// <param name="Delivered">Recipients that were handed on, dropped or collected.</param>
/// <param name="Deferred">Recipients that were put off, each time.</param>
/// <param name="Failed">Recipients that were given up.</param>
public readonly record struct TrafficCount(long Accepted, long AcceptedBytes, long Refused, long Delivered, long Deferred, long Failed)
{
    public static TrafficCount operator +(TrafficCount a, TrafficCount b) => new(
        a.Accepted + b.Accepted, a.AcceptedBytes + b.AcceptedBytes, a.Refused + b.Refused,
        a.Delivered + b.Delivered, a.Deferred + b.Deferred, a.Failed + b.Failed);

    /// <summary>Alike.</summary>
    public static TrafficCount Add(TrafficCount a, TrafficCount b) => a + b;
}

/// <summary>
/// Counts what happens, for the charts: what is counted in a minute waits here until it is written down. Counting costs
/// a few interlocked additions. Thread-safe.
/// </summary>
public sealed class Traffic(TimeProvider time)
{
    readonly ConcurrentDictionary<(int SiteId, long Minute), Counters> _minutes = new();
    Counters? _last;
    long _version;

    internal void Accepted(int siteId, long bytes)
    {
        var now = Now(siteId);
        Interlocked.Increment(ref now.Accepted);
        Interlocked.Add(ref now.AcceptedBytes, bytes);
    }

    internal void Refused(int siteId) => Interlocked.Increment(ref Now(siteId).Refused);

    internal void Settled(int siteId, Settlement result)
    {
        switch (TraceKinds.Of(result.Trace.Event))
        {
            case TraceKind.Delivered:
                Interlocked.Increment(ref Now(siteId).Delivered);
                break;
            case TraceKind.Failed:
                Interlocked.Increment(ref Now(siteId).Failed);
                break;
            case TraceKind.Deferred:
                Interlocked.Increment(ref Now(siteId).Deferred);
                break;
        }
    }

    /// <summary>Raised whenever something was written down.</summary>
    internal long Version => Interlocked.Read(ref _version);

    /// <summary>What is counted and not yet written down.</summary>
    internal IReadOnlyList<TrafficSample> Waiting() => [.. _minutes.Select(pair => pair.Value.Sample())];

    /// <summary>What is to be written down now: the minutes that are over, with one of grace for who counts just then; or all.</summary>
    internal IReadOnlyList<TrafficSample> ToWrite(bool all)
    {
        var minute = Minutes.Of(time.GetUtcNow());
        return [.. Waiting().Where(sample => all || sample.Minute < minute - 1)];
    }

    /// <summary>They are written down.</summary>
    internal void Written(IReadOnlyList<TrafficSample> samples)
    {
        foreach (var sample in samples) _minutes.TryRemove((sample.SiteId, sample.Minute), out _);
        Interlocked.Increment(ref _version);
    }

    Counters Now(int siteId)
    {
        var minute = Minutes.Of(time.GetUtcNow());
        if (_last is { } last && last.SiteId == siteId && last.Minute == minute) return last;
        return _last = _minutes.GetOrAdd((siteId, minute), NewCounters);
    }

    static Counters NewCounters((int SiteId, long Minute) key) => new() { SiteId = key.SiteId, Minute = key.Minute };

    sealed class Counters
    {
        public int SiteId;
        public long Minute, Accepted, AcceptedBytes, Refused, Delivered, Deferred, Failed;

        public TrafficSample Sample() => new(SiteId, Minute, new(
            Interlocked.Read(ref Accepted), Interlocked.Read(ref AcceptedBytes), Interlocked.Read(ref Refused),
            Interlocked.Read(ref Delivered), Interlocked.Read(ref Deferred), Interlocked.Read(ref Failed)));
    }
}

/// <summary>A site's traffic within one minute, or within several from that one on.</summary>
/// <param name="SiteId">0: of all sites together.</param>
/// <param name="Minute">Minutes since 1970, UTC.</param>
public readonly record struct TrafficSample(int SiteId, long Minute, TrafficCount Count)
{
    public DateTimeOffset At => Minutes.Start(Minute);
}

/// <summary>Time in whole minutes since 1970, UTC: what statistics are counted by.</summary>
public static class Minutes
{
    public static long Of(DateTimeOffset at) => at.ToUnixTimeSeconds() / 60;
    public static DateTimeOffset Start(long minute) => DateTimeOffset.FromUnixTimeSeconds(minute * 60);
}
