using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// Puts the queue in order at start: what a crash left behind. Then looks every minute for held mail that is older than
/// its domain lets it become, and for history whose time is over. Works in bounded steps.
/// </summary>
public sealed class QueueUpkeep(
    SiteRegistry sites, IQueueStore queue, ICollectionStore records, Spool spool, Settling settling, EventStream events,
    MessageIds ids, TimeProvider time, ILogger<QueueUpkeep> log) : IDisposable
{
    const int Step = 500;

    /// <summary>Messages that expire in one transaction: their reports are in memory together.</summary>
    const int ExpiryStep = 50;
    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;

    /// <summary>Whatever has a lower number is from before the start.</summary>
    MessageId _firstOwn;

    /// <summary>Before mail is accepted: leases of this node come back, collections that were cut off are closed.</summary>
    public async Task RecoverAsync(CancellationToken stop)
    {
        _firstOwn = ids.Next();
        await queue.RecoverAsync(ids.NodePrefix, time.GetUtcNow());
        await records.CloseInterruptedAsync(time.GetUtcNow(), stop);
    }

    public void Start() => _running = RunAsync(_stopping.Token);

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    public void Dispose() => _stopping.Dispose();

    async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            await SweepAsync(stop);
            while (await timer.WaitForNextTickAsync(stop)) await TidyAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    /// <summary>In the background, so that starting does not take longer when much is queued.</summary>
    async Task SweepAsync(CancellationToken stop)
    {
        try
        {
            foreach (var view in sites.Sites.Values)
                await spool.SweepAsync(view.Site.Folders.Queue, id => id < _firstOwn && ids.IsOfThisNode(id), stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.UpkeepFailed(log, e);
        }
    }

    internal async Task TidyAsync(CancellationToken stop)
    {
        try
        {
            foreach (var view in sites.Sites.Values)
            {
                foreach (var rule in view.Site.Domains.Where(rule => rule.IsHeld && rule.Route.MaxAge > TimeSpan.Zero))
                    await ExpireAsync(view.Site, rule, stop);
            }
            await PurgeAsync(stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.UpkeepFailed(log, e);
        }
    }

    async Task ExpireAsync(SiteSnapshot site, DomainSnapshot rule, CancellationToken stop)
    {
        var before = time.GetUtcNow() - rule.Route.MaxAge!.Value;
        foreach (var destination in await new CollectionScope(rule).LiveAsync(queue, site, stop))
        {
            if (!(await queue.FindOldestAsync(site.Id, destination.Domain, stop) < before)) continue;
            await using var lease = new LeaseKeeper(queue, ids.NodePrefix + "upkeep", time, log);
            var total = 0;
            // What could not be put into Badmail is held again: not more than was there is looked at.
            for (var looked = 0L; looked < destination.Messages; looked += ExpiryStep)
            {
                var late = await queue.LeaseOverdueAsync(lease.Lease, site.Id, destination.Domain, before, ExpiryStep, stop);
                if (late.Count == 0) break;
                List<Settlement> ends = [.. late.SelectMany(message => message.Recipients).Select(recipient => Settlements.NotCollected(recipient, lease.Owner))];
                await settling.WriteAsync(late, ends, stop);
                total += ends.Count;
            }
            if (total == 0) continue;
            Log.HeldExpired(log, total, destination.Domain, site.Id);
            events.Publish(new QueueEvent(time.GetUtcNow(), site.Id, "expired", destination.Domain));
        }
    }

    /// <summary>History is kept for as long as the site says that keeps it longest: what is gone cannot be found for anybody.</summary>
    async Task PurgeAsync(CancellationToken stop)
    {
        if (sites.Sites.Count == 0) return;
        var before = time.GetUtcNow() - sites.Sites.Values.Max(view => view.Site.Settings.Get(SettingsTable.HistoryFor));
        while (await queue.PurgeHistoryAsync(before, Step) == Step) stop.ThrowIfCancellationRequested();
        await records.PurgeAsync(before, stop);
    }
}
