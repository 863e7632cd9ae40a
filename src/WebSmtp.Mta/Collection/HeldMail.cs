using System.Collections.Concurrent;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Mta.Collection;

/// <summary>
/// What waits for one held domain and who fetches it: a row of the held mail screen. <paramref name="Last"/> is null
/// when it was never collected; <paramref name="Running"/> are collections that run now; <paramref name="Habit"/> is null
/// while it is not known how often its host comes; <paramref name="ByAccount"/> has those who came lately.
/// </summary>
public sealed record HeldDomain(
    int SiteId, string SiteName, DomainSnapshot Domain, long Messages, long Bytes, DateTimeOffset? Oldest,
    CollectionRecord? Last, IReadOnlyList<CollectionRecord> Running, CollectionHabit? Habit, IReadOnlyDictionary<string, AccountVisits> ByAccount)
{
    /// <summary>So many of the messages are frozen, and so not collected. Not counted on above <see cref="MostFrozen"/>.</summary>
    public long Frozen { get; init; }

    /// <summary>A higher <see cref="Frozen"/> stands for more.</summary>
    public const int MostFrozen = 10_000;

    /// <summary>The host stays away longer than it nearly ever did.</summary>
    public bool IsOverdue(DateTimeOffset now) => Running.Count is 0 && Habit?.OverdueAt < now;
}

/// <summary>The view on held mail, and the operator's own trigger. Thread-safe.</summary>
public sealed class HeldMail(SiteRegistry sites, IQueueStore queue, ICollectionStore records, Collections collections, Audit audit)
{
    static readonly Lately Nothing = new(default, null, new Dictionary<string, AccountVisits>());

    readonly ConcurrentDictionary<(int SiteId, string Domain), Lately> _lately = new();

    /// <summary>What was learned from the last collections of a domain.</summary>
    /// <param name="Of">How it stood with them then.</param>
    sealed record Lately((long Newest, DateTimeOffset? EndedAt, int Running) Of, CollectionHabit? Habit, IReadOnlyDictionary<string, AccountVisits> ByAccount);

    /// <summary>All held domains of all sites, or of one.</summary>
    public async Task<IReadOnlyList<HeldDomain>> ListAsync(int? siteId, CancellationToken stop)
    {
        var held = new List<HeldDomain>();
        foreach (var (_, view) in sites.Sites.OrderBy(pair => pair.Key))
        {
            if (siteId is not null && siteId != view.Site.Id) continue;
            var rules = view.Site.Domains.Where(rule => rule.IsHeld).OrderBy(rule => rule.BaseName, StringComparer.Ordinal).ToList();
            if (rules.Count == 0) continue;
            var last = await records.LastAsync(view.Site.Id, stop);
            var running = collections.Running(view.Site.Id);
            foreach (var rule in rules) held.Add(await LookAsync(view.Site, rule, last, running, stop));
        }
        return held;
    }

    /// <summary>One domain; null when it is not held or not there.</summary>
    public async Task<HeldDomain?> FindAsync(int siteId, string domain, CancellationToken stop)
    {
        if (sites.Find(siteId)?.Site is not { } site || site.FindDomain(domain) is not { IsHeld: true } rule) return null;
        return await LookAsync(site, rule, await records.LastAsync(siteId, stop), collections.Running(siteId), stop);
    }

    /// <summary>Where a held domain's mail waits, most first: a wildcard's mail waits at its subdomains.</summary>
    /// <param name="limit">So many are looked at; the total counts all.</param>
    public async Task<Page<HeldDestination>> DestinationsAsync(int siteId, string domain, int limit, CancellationToken stop)
    {
        if (sites.Find(siteId)?.Site is not { } site || site.FindDomain(domain) is not { IsHeld: true } rule) return new([], null, 0);
        var all = (await new CollectionScope(rule).LiveAsync(queue, site, stop)).Where(destination => destination.Messages > 0).ToList();
        var shown = new List<HeldDestination>();
        foreach (var one in all.OrderByDescending(one => one.Messages).ThenBy(one => one.Domain, StringComparer.Ordinal).Take(limit))
            shown.Add(new(one.Domain, one.Messages, one.Bytes, await queue.FindOldestAsync(siteId, one.Domain, stop)));
        return new(shown, null, all.Count);
    }

    /// <summary>Its collections, newest first. Of those that run, how they stand now: it is written down only now and then.</summary>
    public async Task<IReadOnlyList<CollectionRecord>> HistoryAsync(int siteId, string domain, int limit, CancellationToken stop, long before = long.MaxValue)
    {
        var written = await records.ListAsync(siteId, domain, before, limit, stop);
        var running = collections.Running(siteId);
        return [.. written.Select(record => running.FirstOrDefault(now => now.Id == record.Id) ?? record)];
    }

    /// <summary>How many collections of a domain are known.</summary>
    public Task<int> CountHistoryAsync(int siteId, string domain, CancellationToken stop) => records.CountAsync(siteId, domain, stop);

    /// <summary>One collection of a domain, with what was said in it; null when it is not (or no longer) known.</summary>
    public async Task<CollectionStory?> CollectionAsync(int siteId, string domain, long id, CancellationToken stop)
    {
        if (await records.FindAsync(id, stop) is not { } record || record.SiteId != siteId
            || !string.Equals(record.Domain, domain, StringComparison.OrdinalIgnoreCase)) return null;
        var running = collections.Running(siteId).FirstOrDefault(one => one.Id == id);
        if (running is not null && collections.Transcript(id) is { } saidNow) return new(running, saidNow);
        return new(record, await records.TranscriptAsync(id, stop) is { } text ? ConversationCopy.Parse(text) : null);
    }

    /// <summary>Starts what ETRN would start; the value says how many messages wait. Refused when the domain is not held.</summary>
    public Task<Result<DequeueStarted>> DequeueAsync(int siteId, string domain, Actor actor, CancellationToken stop) =>
        audit.ActAsync<DequeueStarted>(actor, Role.Operator, "dequeue", $"sites/{siteId}/domains/{domain}", async _ =>
        {
            if (sites.Find(siteId) is not { Site: var site, State: var state }) return Problem.NotFound($"There is no site {siteId}.");
            if (site.FindDomain(domain) is not { } rule) return Problem.NotFound($"Site {siteId} has no domain '{domain}'.");
            if (!rule.IsHeld) return Problem.Conflict($"Mail for '{rule.Name}' is not held, so there is nothing to dequeue.");
            if (state is not (SiteState.Running or SiteState.Paused))
                return Problem.Conflict($"Site '{site.Name}' ({siteId}) is {state.ToString().ToLowerInvariant()}, so it sends no mail; start it first.");
            return new DequeueStarted(await collections.DequeueAsync(site, rule, actor.Name, actor.From, stop));
        });

    async Task<HeldDomain> LookAsync(
        SiteSnapshot site, DomainSnapshot rule, IReadOnlyDictionary<string, CollectionRecord> last,
        IReadOnlyList<CollectionRecord> running, CancellationToken stop)
    {
        var (messages, bytes, frozen) = (0L, 0L, 0L);
        DateTimeOffset? oldest = null;
        foreach (var destination in await new CollectionScope(rule).LiveAsync(queue, site, stop))
        {
            if (destination.Messages == 0) continue;
            messages += destination.Messages;
            bytes += destination.Bytes;
            if (frozen <= HeldDomain.MostFrozen) frozen += await queue.CountFrozenAsync(site.Id, destination.Domain, stop);
            if (await queue.FindOldestAsync(site.Id, destination.Domain, stop) is { } since && (oldest is null || since < oldest)) oldest = since;
        }
        var newest = last.GetValueOrDefault(rule.Name);
        IReadOnlyList<CollectionRecord> now = [.. running.Where(record => string.Equals(record.Domain, rule.Name, StringComparison.OrdinalIgnoreCase))];
        var lately = newest is null ? Nothing : await LatelyAsync(site.Id, rule.Name, (newest.Id, newest.EndedAt, now.Count), stop);
        return new(site.Id, site.Name, rule, messages, bytes, oldest, newest, now, lately.Habit, lately.ByAccount) { Frozen = frozen };
    }

    /// <summary>Learned anew when a collection began or ended.</summary>
    async Task<Lately> LatelyAsync(int siteId, string domain, (long, DateTimeOffset?, int) of, CancellationToken stop)
    {
        var key = (siteId, domain);
        if (_lately.TryGetValue(key, out var known) && known.Of == of) return known;
        var history = await records.ListAsync(siteId, domain, long.MaxValue, CollectionHabit.Remembered, stop);
        return _lately[key] = new(of, CollectionHabit.Of(history), history.Where(record => record.Account is not null && record.Method is not CollectionMethod.Operator)
            .GroupBy(record => record.Account!, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => new AccountVisits(group.First(), [.. group.Select(record => record.StartedAt)]), StringComparer.OrdinalIgnoreCase));
    }
}

/// <summary>Where mail of a held domain waits.</summary>
public sealed record HeldDestination(string Domain, long Messages, long Bytes, DateTimeOffset? Oldest);

/// <summary>When an account came for a domain.</summary>
/// <param name="Last">Its newest collection.</param>
/// <param name="At">When its last ones began, newest first.</param>
public sealed record AccountVisits(CollectionRecord Last, IReadOnlyList<DateTimeOffset> At);

/// <summary>A collection and its conversation; null where that was not kept.</summary>
public sealed record CollectionStory(CollectionRecord Record, ConversationCopy? Said);

/// <summary>A run that an operator started.</summary>
public sealed record DequeueStarted(long Messages);
