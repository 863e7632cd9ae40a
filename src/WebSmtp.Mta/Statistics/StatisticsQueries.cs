using System.Collections.Concurrent;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Statistics;

/// <summary>Traffic over some time, in steps of equal length; steps in which nothing happened are there too.</summary>
/// <param name="Step">Length of a step.</param>
/// <param name="Items">By step, oldest first; the last is not over yet.</param>
/// <param name="Total">Of all steps.</param>
/// <param name="Before">Of as many steps before the first one.</param>
public sealed record TrafficHistory(TimeSpan Step, IReadOnlyList<TrafficSample> Items, TrafficCount Total, TrafficCount Before);

/// <summary>
/// What the charts show. What is written down is asked for once a minute, however many look; what was counted since is
/// added. Thread-safe.
/// </summary>
public sealed class StatisticsQueries(Traffic traffic, IStatisticsStore store, SiteRegistry sites, TimeProvider time)
{
    /// <summary>So many steps at most in one answer.</summary>
    public const int MaxSteps = 750;

    const int MaxKept = 100, MaxBacklog = 2000;

    static readonly int[] StepMinutes = [1, 5, 15, 30, 60, 120, 360, 720, 1440];

    readonly ConcurrentDictionary<(int? SiteId, long From, long Version, int Step), Task<IReadOnlyList<TrafficSample>>> _kept = new();

    /// <summary>The traffic of a site, or of all together, over the last while. Refused when that cannot be told.</summary>
    /// <param name="siteId">Null: all sites.</param>
    /// <param name="range">At most as long as it is kept.</param>
    /// <param name="step">Null: one that makes about a hundred.</param>
    public async Task<Result<TrafficHistory>> TrafficAsync(int? siteId, TimeSpan range, TimeSpan? step, CancellationToken stop)
    {
        if (siteId is { } id && sites.Find(id) is null) return Problem.NotFound($"There is no site {id}.");
        if (range < TimeSpan.FromMinutes(10) || range > StatisticsUpkeep.TrafficFor)
            return Problem.Invalid("range", $"'{range}' is not allowed: from 10 minutes to {StatisticsUpkeep.TrafficFor.TotalDays:0} days.");
        var total = (long)range.TotalMinutes;
        var minutes = step is { } wanted ? (int)Math.Clamp(wanted.TotalMinutes, 0, 1440) : StepMinutes.First(each => each is 1440 || total / each <= 120);
        if (minutes < 1 || step is { } length && length.Ticks % TimeSpan.TicksPerMinute is not 0 || total / minutes > MaxSteps)
            return Problem.Invalid("step", $"'{step}' is not allowed: whole minutes, a day at most, and at most {MaxSteps} steps in all.");

        var count = (int)Math.Max(1, total / minutes);
        var last = Minutes.Of(time.GetUtcNow()) / minutes * minutes;
        var first = last - (count - 1L) * minutes;
        var written = await WrittenAsync(siteId, first - (long)count * minutes, last + minutes, minutes, stop);
        var sums = written.Concat(traffic.Waiting().Where(sample => siteId is null || sample.SiteId == siteId))
            .GroupBy(sample => sample.Minute / minutes * minutes)
            .ToDictionary(group => group.Key, group => group.Select(sample => sample.Count).Aggregate(TrafficCount.Add));
        var items = Enumerable.Range(0, count).Select(at => first + (long)at * minutes)
            .Select(minute => new TrafficSample(siteId ?? 0, minute, sums.GetValueOrDefault(minute))).ToList();
        return new TrafficHistory(
            TimeSpan.FromMinutes(minutes), items, items.Select(item => item.Count).Aggregate(TrafficCount.Add),
            sums.Where(sum => sum.Key < first).Select(sum => sum.Value).Aggregate(default(TrafficCount), TrafficCount.Add));
    }

    /// <summary>How much waited for a held domain over the last while: a sample for each change, oldest first, and how it is now.</summary>
    public async Task<IReadOnlyList<BacklogSample>> BacklogAsync(int siteId, string domain, TimeSpan range, CancellationToken stop) =>
        await store.ListBacklogAsync(siteId, domain, Minutes.Of(time.GetUtcNow() - range), MaxBacklog, stop);

    /// <summary>Asked for again only after something was written down.</summary>
    async Task<IReadOnlyList<TrafficSample>> WrittenAsync(int? siteId, long from, long to, int step, CancellationToken stop)
    {
        var key = (siteId, from, traffic.Version, step);
        if (_kept.Count > MaxKept) _kept.Clear();
        var asked = _kept.GetOrAdd(key, _ => store.SumTrafficAsync(siteId, from, to, step, CancellationToken.None));
        try
        {
            return await asked.WaitAsync(stop);
        }
        catch when (asked.IsFaulted)
        {
            _kept.TryRemove(new(key, asked));
            throw;
        }
    }
}
