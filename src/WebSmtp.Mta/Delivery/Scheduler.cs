using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// Delivers what is due: fresh mail comes straight from its commit, the rest is leased in windows when its time has come;
/// each entry's route is worked out afresh, and it is handed to its destination. Memory follows the work in flight, not
/// the queue's length. Thread-safe.
/// </summary>
public sealed partial class Scheduler : IDisposable
{
    const int Window = 100, MostInFlight = 5000;

    /// <summary>Looked at least so often: a site may have been started.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    /// <summary>While a destination can take nothing and mail waits for it.</summary>
    static readonly TimeSpan WhileLeftOut = TimeSpan.FromSeconds(1);

    /// <summary>What a message that is on its way may take when the program stops.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    readonly SiteRegistry _sites;
    readonly IQueueStore _queue;
    readonly Spool _spool;
    readonly RoutePlanner _planner;
    readonly EventStream _events;
    readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly ConcurrentDictionary<DestinationKey, DestinationWork> _work = new();
    readonly ConcurrentDictionary<Task, byte> _workers = new();
    readonly CancellationTokenSource _ending = new();
    readonly CancellationTokenSource _stopping = new();
    LeaseKeeper? _lease;
    Task _running = Task.CompletedTask;
    int _inFlight;

    public Scheduler(
        SiteRegistry sites, IQueueStore queue, Spool spool, Settling settling, Outbound outbound, RoutePlanner planner, EventStream events,
        MessageIds ids, TimeProvider time, ILogger<Scheduler> log)
    {
        (_sites, _queue, _spool, Settling, Outbound, _planner) = (sites, queue, spool, settling, outbound, planner);
        (_events, Time, Owner, Logger) = (events, time, ids.NodePrefix + "scheduler", log);
        Drop = new(spool, log);
        Failing = new(outbound.States, time);
        settling.MailQueued = Wake;
        outbound.Credentials.Recovered = target => _ = ReleaseAsync(target);
    }

    internal Settling Settling { get; }
    internal Outbound Outbound { get; }
    internal RoutePlanner Planner => _planner;
    internal DropDelivery Drop { get; }
    internal FailingDestinations Failing { get; }
    internal ConnectionPlaces Places { get; } = new();
    internal TimeProvider Time { get; }
    internal string Owner { get; }
    internal ILogger Logger { get; }

    public Task StartAsync(CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        _lease = new(_queue, Owner, Time, Logger);
        _running = RunAsync(_lease);
        return Task.CompletedTask;
    }

    /// <summary>Something is due, or may be. Never waits.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>
    /// An operator wants mail tried now: that its routes failed lately counts no more, and smart hosts on hold are
    /// asked again. Bring the mail forward first.
    /// </summary>
    public void Forgive(int siteId)
    {
        Failing.Forgive(siteId);
        Outbound.Hops.Forgive(siteId);
        Wake();
    }

    /// <summary>A route that has trouble is not waited for: all that is queued for it is due.</summary>
    internal async Task TryNowAsync(string route, int? siteId)
    {
        if (siteId is null) Outbound.Hops.Forgive(route);
        foreach (var failing in Failing.All)
        {
            var plan = failing.Key.Plan;
            var concerns = siteId is { } id ? failing.Key.Site.Id == id && Same(failing.Key.Name, route) : plan.Hops.Any(hop => hop is RouteHop.Via && Same(hop.Route, route));
            if (!concerns) continue;
            foreach (var hop in plan.Hops.OfType<RouteHop.Via>()) Outbound.Hops.Forgive(hop.Route);
            if (Failing.Remove(failing.Key) is { } was) await BringBackAsync(was);
        }
        Wake();

        static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A smart host takes our log-in again, as a delivery or somebody's test has found: its mail goes.</summary>
    async Task ReleaseAsync(SmartHostTarget target)
    {
        Outbound.Hops.Recovered(target);
        foreach (var failing in Failing.All)
        {
            if (failing.KeepsAll && failing.Key.Plan.Hops.OfType<RouteHop.Via>().Any(hop => hop.Target.Equals(target))
                && Failing.Remove(failing.Key) is { } was) await BringBackAsync(was);
        }
    }

    /// <summary>
    /// Lets every delivery finish the message that is on its way, until <see cref="Grace"/> is over or
    /// <paramref name="hurry"/>; what is then abandoned is due again at once.
    /// </summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        await _ending.CancelAsync();
        await _running.WaitAsync(Grace, Time, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopping.CancelAsync();
        await _running;
    }

    public void Dispose()
    {
        _ending.Dispose();
        _stopping.Dispose();
    }

    async Task RunAsync(LeaseKeeper lease)
    {
        var stop = _ending.Token;
        await using var leased = lease;
        await using var timer = Time.CreateTimer(static self => ((Scheduler)self!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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
            await ReleaseReroutedAsync();
            int[] sites = [.. _sites.Sites.Values.Where(IsDelivering).Select(view => view.Site.Id)];
            if (sites.Length == 0) return Longest;
            foreach (var (domain, mayCome) in _leftOut)
                if (mayCome()) _leftOut.TryRemove(domain, out _);
            while (Volatile.Read(ref _inFlight) < MostInFlight && _leftOut.Count < MostLeftOut)
            {
                var due = await _queue.LeaseDueAsync(lease.Lease, sites, Time.GetUtcNow(), Window, [.. _leftOut.Keys], stop);
                if (due.Count == 0) break;
                await Task.WhenAll(due.Select(message => DispatchAsync(message, _stopping.Token)));
            }
            if (!_leftOut.IsEmpty || Volatile.Read(ref _inFlight) >= MostInFlight) return WhileLeftOut;
            var next = await _queue.NextDueAsync(sites, stop);
            var wait = next is null ? Longest : next.Value - Time.GetUtcNow();
            return wait < Shortest ? Shortest : wait > Longest ? Longest : wait;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.SchedulerTrouble(Logger, e);
            return Longest;
        }
    }

    static bool IsDelivering(SiteView view) => view.State is SiteState.Running or SiteState.Paused;

    internal void Publish(string what, DestinationKey key, LeasedMessage message)
    {
        if (_events.HasReaders) _events.Publish(new QueueEvent(Time.GetUtcNow(), key.Site.Id, what, message.Recipients[0].Domain));
    }

    /// <summary>A message needs no more memory.</summary>
    internal void Done(LeasedMessage message)
    {
        if (message.Content is { } content) Interlocked.Add(ref _freshBytes, -content.Length);
        if (Interlocked.Decrement(ref _inFlight) == MostInFlight / 2) Wake();
    }

    /// <summary>One worker more, where the site has a place for it.</summary>
    internal void Begin(DestinationWork work)
    {
        var site = work.Key.Site;
        if (!Places.TryTake(site.Id, site.Settings.Get(SettingsTable.MaxOutboundConnections), work)) return;
        var working = Task.Run(() => WorkAsync(work));
        _workers.TryAdd(working, 0);
        _ = working.ContinueWith(ended => _workers.TryRemove(ended, out _), TaskScheduler.Default);
    }

    async Task WorkAsync(DestinationWork work)
    {
        try
        {
            await new DeliveryWorker(this, work).RunAsync(_ending.Token, _stopping.Token);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Given back with the lease.
        }
        catch (Exception e)
        {
            // A bug of ours: what it had is given back when the program starts again; others go on.
            Log.DeliveryTrouble(Logger, e, work.Key.Name, work.Key.Site.Id);
            work.Abandoned();
        }
        if (work.IsOver) _work.TryRemove(new(work.Key, work));
        if (Places.Leave(work.Key.Site.Id) is { } next) Begin(next);
    }
}
