using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// Looks every minute for held mail that is older than its domain lets it become, and for history whose time is over.
/// Works in bounded steps.
/// </summary>
public sealed class Housekeeping(
    SiteRegistry sites, IQueueStore queue, ICollectionStore records, Spool spool, EventStream events, TimeProvider time, ILogger<Housekeeping> log) : IAsyncDisposable
{
    const int Step = 500;
    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;

    public void Start() => _running = RunAsync(_stopping.Token);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop)) await TidyAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ends.
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
            Log.HousekeepingFailed(log, e);
        }
    }

    async Task ExpireAsync(SiteSnapshot site, DomainSnapshot rule, CancellationToken stop)
    {
        var before = time.GetUtcNow() - rule.Route.MaxAge!.Value;
        foreach (var destination in await new CollectionScope(rule).LiveAsync(queue, site, stop))
        {
            var total = 0;
            for (var ended = Step; ended == Step && !stop.IsCancellationRequested; total += ended)
            {
                (ended, var files) = await queue.ExpireHeldAsync(site.Id, destination.Domain, before, Step);
                spool.Delete(files);
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
