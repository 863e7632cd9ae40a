using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Watching;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Collection;

/// <summary>
/// The one place that takes held mail away: on new connections (ETRN, an operator) or on the one that asked (TURN, ATRN).
/// Leases see to it that no two collections offer the same entry. Thread-safe.
/// </summary>
public sealed class Collections : IDisposable
{
    /// <summary>Runs over new connections at the same time; more wait for their turn.</summary>
    const int MostEtrnRuns = 8;

    /// <summary>Destinations that are asked whether somebody else has their mail.</summary>
    const int MostLookedAt = 100;

    readonly CollectionContext _context;
    readonly ConcurrentDictionary<CollectionRun, byte> _runs = new();
    readonly ConcurrentDictionary<(int SiteId, string Rule), (EtrnRun Run, Task Ended)> _etrnRuns = new();
    readonly Lock _starting = new();
    readonly SemaphoreSlim _places = new(MostEtrnRuns);
    readonly CancellationTokenSource _stopping = new();
    volatile bool _ending;

    public Collections(
        SiteRegistry sites, IQueueStore queue, ICollectionStore records, Settling settling, Outbound outbound, EventStream events,
        MessageIds ids, TimeProvider time, ILogger<Collections> log) =>
        _context = new(sites, queue, records, settling, outbound, events, time, ids.NodePrefix, log, _stopping.Token);

    /// <summary>Collections that run now, as copies of their records.</summary>
    public IReadOnlyList<CollectionRecord> Running(int siteId) =>
        [.. _runs.Keys.Where(run => run.Site.Id == siteId).SelectMany(run => run.Snapshot())];

    /// <summary>What was said so far in a collection that runs; null when none of that number does.</summary>
    public ConversationCopy? Transcript(long recordId) => _runs.Keys.FirstOrDefault(run => run.Has(recordId))?.Said.Copy();

    /// <summary>
    /// Begins nothing more and ends what runs, after the message that is on its way, or (on new connections) when
    /// <paramref name="grace"/> is over; what was not settled is held again. Waits for none that was turned: their sessions
    /// end with them.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        lock (_starting) _ending = true;
        foreach (var run in _runs.Keys) run.Stop("The server was stopped.");
        var ended = Task.WhenAll(_etrnRuns.Values.Select(run => run.Ended));
        await ended.WaitAsync(grace, _context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopping.CancelAsync();
        await ended;
    }

    public void Dispose()
    {
        _places.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Answers ETRN and starts what it asks for. RFC 1985 section 5.</summary>
    internal async Task<Reply> EtrnAsync(SiteSnapshot site, EtrnTarget target, string? account, string from, CancellationToken stop)
    {
        var node = Acceptance.ReceivedField.Clean(target.Name);
        var scopes = EtrnScopes.Find(site, target);
        if (scopes.Count == 0) return new(458, 4, 1, 2, $"Unable to queue messages for node {node}");
        var held = scopes.Where(scope => scope.Rule is { IsHeld: true, Route.Etrn: true }).ToList();
        if (held.Count == 0) return new(459, 4, 7, 1, $"Node {node} not allowed: its mail is not held for ETRN");
        if (_ending) return new(458, 4, 3, 2, $"Unable to queue messages for node {node}: the server is being stopped");
        try
        {
            var started = await StartAsync(site, held, new(CollectionMethod.Etrn, account, from), stop);
            return started switch
            {
                { New: true } => new(253, 2, 0, 0, $"OK, {started.Messages} pending messages for node {node} started"),
                { Joined: true, Messages: > 0 } => new(252, 2, 0, 0, $"OK, pending messages for node {node} started"),
                { Joined: true } => new(250, 2, 0, 0, $"OK, queuing for node {node} started"),
                _ => new(251, 2, 0, 0, $"OK, no messages waiting for node {node}"),
            };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.CannotCollect(_context.Logger, e, "ETRN");
            return new(458, 4, 3, 0, $"Unable to queue messages for node {node}");
        }
    }

    /// <summary>What ETRN does, for an operator; returns how many messages wait.</summary>
    internal async Task<long> DequeueAsync(SiteSnapshot site, DomainSnapshot rule, string by, string from, CancellationToken stop) =>
        (await StartAsync(site, [new(rule)], new(CollectionMethod.Operator, by, from), stop)).Messages;

    /// <summary>Answers TURN (and ATRN without domains) and ATRN. RFC 2645 section 5.2.</summary>
    internal async Task<TurnAnswer> TurnAsync(
        SiteSnapshot site, string account, IReadOnlyList<string>? domains, string from, CancellationToken stop)
    {
        var mapped = site.TurnDomainsOf(account).Where(rule => rule.IsHeld).ToList();
        if (mapped.Count == 0) return new(new(450, 4, 7, 1, "No domain is collected by this account"), null);
        var scopes = domains is null ? [.. mapped.Select(rule => new CollectionScope(rule))] : Named(site, mapped, domains);
        if (scopes is null) return new(new(450, 4, 7, 1, "ATRN request refused: not all of these domains are this account's"), null);

        if (_ending) return new(new(451, 4, 3, 2, "The server is being stopped, try again later"), null);
        var request = new CollectionRequest(domains is null ? CollectionMethod.Turn : CollectionMethod.Atrn, account, from);
        var run = new CollectionRun(_context, site, scopes, request);
        try
        {
            var first = await run.NextAsync(stop);
            if (first.Count > 0)
            {
                _runs.TryAdd(run, 0);
                return new(new(250, 2, 0, 0, "OK, now reversing the connection"), new TurnedCollection(this, _context, run, first));
            }
            await run.DisposeAsync();
            return new(await IsBusyAsync(site, scopes, stop)
                ? new(451, 4, 3, 2, "The mail is being delivered already, try again later")
                : new(453, 4, 2, 0, "You have no mail"), null);
        }
        catch (Exception e)
        {
            await run.DisposeAsync();
            if (e is OperationCanceledException) throw;
            Log.CannotCollect(_context.Logger, e, "TURN");
            return new(new(451, 4, 3, 0, "The queue cannot be looked up, try again later"), null);
        }
    }

    internal void Remove(CollectionRun run) => _runs.TryRemove(run, out _);

    /// <summary>Null when one is not the account's: then none is sent. RFC 2645 section 5.2.1.</summary>
    static List<CollectionScope>? Named(SiteSnapshot site, List<DomainSnapshot> mapped, IReadOnlyList<string> domains)
    {
        var scopes = new List<CollectionScope>(domains.Count);
        foreach (var domain in domains)
        {
            if (site.RuleFor(domain) is not { } rule || !mapped.Contains(rule)) return null;
            scopes.Add(new(rule, rule.IsWildcard ? domain : null));
        }
        return scopes;
    }

    /// <summary>Nothing is to be had: because somebody else is at it, and not because nothing is there (or all is frozen).</summary>
    async Task<bool> IsBusyAsync(SiteSnapshot site, IReadOnlyList<CollectionScope> scopes, CancellationToken stop)
    {
        var looked = 0;
        foreach (var scope in scopes)
        {
            foreach (var destination in await scope.LiveAsync(_context.Queue, site, stop))
            {
                // Somebody who is at it has more than a few.
                if (++looked > MostLookedAt) return false;
                var filter = new MessageFilter(site.Id, destination.Domain, RecipientState.Delivering);
                if ((await _context.Queue.ListAsync(filter, null, 1, stop)).Items.Count > 0) return true;
            }
        }
        return false;
    }

    /// <summary>One run for each rule, however many ask: those that are on their way take the new wish along.</summary>
    async Task<Started> StartAsync(SiteSnapshot site, IReadOnlyList<CollectionScope> scopes, CollectionRequest request, CancellationToken stop)
    {
        var (messages, joined, fresh) = (0L, false, false);
        foreach (var scope in scopes)
        {
            var waiting = (await scope.LiveAsync(_context.Queue, site, stop)).Sum(destination => destination.Messages);
            messages += waiting;
            lock (_starting)
            {
                var key = (site.Id, scope.Rule.Name);
                if (_etrnRuns.TryGetValue(key, out var running) && running.Run.TryJoin(scope)) joined = true;
                else if (waiting > 0 && !_ending)
                {
                    fresh = true;
                    Begin(key, site, scope, request);
                }
            }
        }
        return new(messages, fresh, joined);
    }

    void Begin((int, string) key, SiteSnapshot site, CollectionScope scope, CollectionRequest request)
    {
        var run = new CollectionRun(_context, site, [scope], request);
        var etrn = new EtrnRun(_context, run, scope);
        _runs.TryAdd(run, 0);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _etrnRuns[key] = (etrn, RunAsync(key, run, etrn, go.Task));
        go.SetResult();
    }

    async Task RunAsync((int, string) key, CollectionRun run, EtrnRun etrn, Task go)
    {
        await go;
        await etrn.RunAsync(_places, _stopping.Token);
        Remove(run);
        lock (_starting)
        {
            if (_etrnRuns.TryGetValue(key, out var mine) && mine.Run == etrn) _etrnRuns.TryRemove(key, out _);
        }
    }

    readonly record struct Started(long Messages, bool New, bool Joined);
}
