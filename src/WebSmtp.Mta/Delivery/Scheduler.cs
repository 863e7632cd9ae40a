using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// Delivers what is due: woken by new mail and by the clock, it leases entries in windows, works out each one's route
/// afresh and hands it to its destination. Memory follows the work in flight, not the queue's length. Thread-safe.
/// </summary>
public sealed class Scheduler : IDisposable
{
    const int Window = 100, MostInFlight = 1000, MostDeliveries = 20;

    /// <summary>Looked at least so often: a site may have been started.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    /// <summary>What a message that is on its way may take when the program stops.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>When a destination has all it can take.</summary>
    static readonly TimeSpan PutBack = TimeSpan.FromMinutes(1);

    readonly SiteRegistry _sites;
    readonly IQueueStore _queue;
    readonly Spool _spool;
    readonly Settling _settling;
    readonly Outbound _outbound;
    readonly DropDelivery _drop;
    readonly EventStream _events;
    readonly TimeProvider _time;
    readonly string _owner;
    readonly ILogger _log;
    readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly ConcurrentDictionary<DestinationKey, DestinationWork> _work = new();
    readonly ConcurrentDictionary<Task, byte> _workers = new();
    readonly SemaphoreSlim _places = new(MostDeliveries);
    readonly CancellationTokenSource _ending = new();
    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;
    int _inFlight;

    public Scheduler(
        SiteRegistry sites, IQueueStore queue, Spool spool, Settling settling, Outbound outbound, EventStream events,
        MessageIds ids, TimeProvider time, ILogger<Scheduler> log)
    {
        (_sites, _queue, _spool, _settling, _outbound) = (sites, queue, spool, settling, outbound);
        (_events, _time, _owner, _log) = (events, time, ids.NodePrefix + "scheduler", log);
        _drop = new(spool, log);
        settling.MailQueued = Wake;
    }

    public Task StartAsync(CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        _running = RunAsync();
        return Task.CompletedTask;
    }

    /// <summary>Something is due, or may be. Never waits.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>
    /// Lets every delivery finish the message that is on its way, until <see cref="Grace"/> is over or
    /// <paramref name="hurry"/>; what is then abandoned is due again at once.
    /// </summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        await _ending.CancelAsync();
        await _running.WaitAsync(Grace, _time, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopping.CancelAsync();
        await _running;
    }

    public void Dispose()
    {
        _places.Dispose();
        _ending.Dispose();
        _stopping.Dispose();
    }

    async Task RunAsync()
    {
        var stop = _ending.Token;
        await using var lease = new LeaseKeeper(_queue, _owner, _time, _log);
        await using var timer = _time.CreateTimer(static self => ((Scheduler)self!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                timer.Change(await LookAsync(lease, stop), Timeout.InfiniteTimeSpan);
                await _wake.Reader.ReadAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ends.
        }
        await Task.WhenAll(_workers.Keys);
    }

    /// <summary>Takes what is due and hands it on; returns when to look again.</summary>
    async Task<TimeSpan> LookAsync(LeaseKeeper lease, CancellationToken stop)
    {
        try
        {
            int[] sites = [.. _sites.Sites.Values.Where(view => view.State is SiteState.Running or SiteState.Paused).Select(view => view.Site.Id)];
            if (sites.Length == 0) return Longest;
            while (Volatile.Read(ref _inFlight) < MostInFlight)
            {
                var due = await _queue.LeaseDueAsync(lease.Lease, sites, _time.GetUtcNow(), Window, stop);
                if (due.Count == 0) break;
                var back = new List<Settlement>();
                foreach (var message in due) Dispatch(message, lease.Owner, back);
                if (back.Count == 0) continue;
                await _settling.WriteAsync(due, back, stop);
                // The same ones would only be taken and put back again.
                if (back.Count >= due.Sum(message => message.Recipients.Count)) break;
            }
            var next = await _queue.NextDueAsync(sites, stop);
            var wait = next is null ? Longest : next.Value - _time.GetUtcNow();
            return wait < Shortest ? Shortest : wait > Longest ? Longest : wait;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.SchedulerTrouble(_log, e);
            return Longest;
        }
    }

    /// <summary>Finds the way of each recipient; what needs no delivery goes into <paramref name="back"/>.</summary>
    void Dispatch(LeasedMessage message, string owner, List<Settlement> back)
    {
        if (_sites.Find(message.Message.SiteId)?.Site is not { } site)
        {
            back.AddRange(message.Recipients.Select(recipient => Settlements.Untried(recipient, owner, _time.GetUtcNow() + PutBack, "queued")));
            return;
        }
        foreach (var group in message.Recipients.GroupBy(recipient => KeyFor(site, recipient.Domain)))
        {
            var part = message with { Recipients = [.. group] };
            var route = site.RuleFor(part.Recipients[0].Domain)?.Route.Type;
            if (route is RouteType.Hold)
            {
                back.AddRange(group.Select(recipient => Settlements.Untried(recipient, owner, null, "held")));
            }
            else if (route is RouteType.Refuse)
            {
                var refused = Attempt.Ours(part, new(550, 5, 7, 1, "Mail for this domain is not taken any more"));
                back.AddRange(refused.Outcomes.Select(outcome => Settlements.Failed(outcome, refused, owner, null, _log)));
            }
            else if (!TryHandOn(group.Key, site, part, owner))
            {
                back.AddRange(group.Select(recipient => Settlements.Untried(recipient, owner, _time.GetUtcNow() + PutBack, "queued")));
            }
        }
    }

    DestinationKey KeyFor(SiteSnapshot site, string domain)
    {
        var rule = site.RuleFor(domain);
        if (rule?.Route.Type is RouteType.Drop)
            return new(site.Id, "", null, null, rule.Route.Directory is { } folder ? _spool.Full(folder) : site.Folders.Drop);
        return rule?.Route is { Type: RouteType.SmartHost, SmartHost.Target: { } host }
            ? new(site.Id, domain, new(host.Host, host.Port), host.Tls.ToString().ToLowerInvariant(), null)
            : new(site.Id, domain, HostRoute.ForDomain(domain), (rule?.Settings ?? site.Settings).Get(SettingsTable.OutboundTls), null);
    }

    bool TryHandOn(DestinationKey key, SiteSnapshot site, LeasedMessage message, string owner)
    {
        while (true)
        {
            var work = _work.GetOrAdd(key, static (key, site) => new(key, site), site);
            if (work.TryAdd(message, out var worker, out var over))
            {
                Interlocked.Increment(ref _inFlight);
                if (worker) Begin(work, owner);
                return true;
            }
            if (!over) return false;
            _work.TryRemove(new(key, work));
        }
    }

    void Begin(DestinationWork work, string owner)
    {
        var working = Task.Run(() => WorkAsync(work, owner));
        _workers.TryAdd(working, 0);
        _ = working.ContinueWith(ended => _workers.TryRemove(ended, out _), TaskScheduler.Default);
    }

    async Task WorkAsync(DestinationWork work, string owner)
    {
        var stop = _stopping.Token;
        var worker = new DeliveryWorker(_outbound, _drop, _settling, _events, _time, owner, _log);
        try
        {
            await _places.WaitAsync(_ending.Token);
            try
            {
                await worker.RunAsync(work, () => Interlocked.Decrement(ref _inFlight), _ending.Token, stop);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Given back with the lease.
        }
        _work.TryRemove(new(work.Key, work));
        Wake();
    }
}
