using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Collection;

namespace WebSmtp.Mta.Statistics;

/// <summary>
/// Writes down once a minute what was counted, and how much waits for held domains where that has changed; forgets what
/// is too old; and raises the alarm about hosts that stay away.
/// </summary>
public sealed class StatisticsUpkeep(
    Traffic traffic, HeldMail held, OverdueHosts overdue, IStatisticsStore store, TimeProvider time, ILogger<StatisticsUpkeep> log) : IDisposable
{
    /// <summary>How long the charts reach back.</summary>
    public static readonly TimeSpan TrafficFor = TimeSpan.FromDays(35), BacklogFor = TimeSpan.FromDays(15);

    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    readonly CancellationTokenSource _stopping = new();
    readonly Dictionary<(int SiteId, string Domain), (long Messages, long Bytes)> _known = [];
    Task _running = Task.CompletedTask;
    long _purgedAt;

    public void Start() => _running = RunAsync(_stopping.Token);

    /// <summary>Writes down what is counted.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        await WriteTrafficAsync(all: true, CancellationToken.None);
    }

    public void Dispose() => _stopping.Dispose();

    async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do await MinuteAsync(stop); while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    internal async Task MinuteAsync(CancellationToken stop)
    {
        await WriteTrafficAsync(all: false, stop);
        try
        {
            var domains = await held.ListAsync(null, stop);
            overdue.Look(domains);
            await WriteBacklogAsync(domains, stop);
            await PurgeAsync(stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.StatisticsFailed(log, e);
        }
    }

    async Task WriteTrafficAsync(bool all, CancellationToken stop)
    {
        var samples = traffic.ToWrite(all);
        if (samples.Count is 0) return;
        try
        {
            await store.AddTrafficAsync(samples, stop);
            traffic.Written(samples);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.StatisticsFailed(log, e);
        }
    }

    async Task WriteBacklogAsync(IReadOnlyList<HeldDomain> domains, CancellationToken stop)
    {
        var minute = Minutes.Of(time.GetUtcNow());
        var changed = domains
            .Where(domain => _known.GetValueOrDefault((domain.SiteId, domain.Domain.Name), (-1, -1)) != (domain.Messages, domain.Bytes))
            .Select(domain => new BacklogSample(domain.SiteId, domain.Domain.Name, minute, domain.Messages, domain.Bytes)).ToList();
        if (changed.Count > 0) await store.AddBacklogAsync(changed, stop);
        _known.Clear();
        foreach (var domain in domains) _known[(domain.SiteId, domain.Domain.Name)] = (domain.Messages, domain.Bytes);
    }

    async Task PurgeAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        if (Minutes.Of(now) - _purgedAt < 60) return;
        await store.PurgeAsync(Minutes.Of(now - TrafficFor), Minutes.Of(now - BacklogFor), stop);
        _purgedAt = Minutes.Of(now);
    }
}
