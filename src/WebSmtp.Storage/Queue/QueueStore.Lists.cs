using System.Globalization;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Storage.Configurations;

namespace WebSmtp.Storage.Queue;

// What the queue is asked. No answer costs more the longer the queue is, but searches for text.
sealed partial class QueueStore
{
    /// <summary>Above this a total is an estimate: counting on would make the first page of a long list slow.</summary>
    const int CountLimit = 10_000;

    /// <summary>How many of a destination's oldest entries the queue view looks at.</summary>
    const int SampleSize = 50;

    /// <summary>So many destinations are put in another order than that of their names.</summary>
    const int SortLimit = 50_000;

    static readonly RecipientState[] LivingStates =
        [RecipientState.Queued, RecipientState.Held, RecipientState.Delivering, RecipientState.Frozen];

    public Task<Message?> FindAsync(MessageId id, CancellationToken stop) =>
        ReadAsync(db => db.Messages.AsSplitQuery().Include(m => m.Recipients.OrderBy(r => r.Id))
            .SingleOrDefaultAsync(m => m.Id == id.Value, stop), stop);

    static Page<T> PageOf<T>(List<T> items, int limit, Func<T, string> cursor, int total)
    {
        string? next = null;
        if (items.Count > limit)
        {
            items.RemoveRange(limit, items.Count - limit);
            next = cursor(items[^1]);
        }
        return new(items, next, total, total > CountLimit);
    }

    /// <summary>The beginning of the trace is told from the rows themselves; only what came later is stored apart.</summary>
    public Task<IReadOnlyList<TraceEvent>> TraceAsync(MessageId id, CancellationToken stop) => ReadAsync<IReadOnlyList<TraceEvent>>(async db =>
    {
        var message = await db.Messages.SingleOrDefaultAsync(m => m.Id == id.Value, stop);
        if (message is null) return [];
        var accepted = await db.Recipients.Where(r => r.MessageId == id.Value).OrderBy(r => r.Id)
            .Select(r => new { r.Address, r.OriginalRecipient, Held = EF.Property<bool>(r, RecipientConfiguration.AcceptedHeld) }).ToListAsync(stop);
        var later = await db.TraceEvents.Where(t => t.MessageId == id.Value).OrderBy(t => t.Id).ToListAsync(stop);
        return
        [
            new()
            {
                MessageId = message.Id, At = message.ReceivedAt, Event = "received", Host = message.HeloName, Tls = message.Tls,
                By = message.Account, Detail = $"From {message.ClientAddress} by {message.Protocol}, {message.Size} bytes{Because(message.Policy)}.",
            },
            .. accepted.Select(a => new TraceEvent
            {
                MessageId = message.Id, At = message.ReceivedAt, Event = a.Held ? "held" : "queued", Recipient = a.Address, Detail = GivenAs(a.Address, a.OriginalRecipient),
            }),
            .. later,
        ];
    }, stop);

    /// <summary>What the sender wrote where that is another address; null: it is not.</summary>
    static string? GivenAs(string address, string? original)
    {
        if (original?.StartsWith("rfc822;", StringComparison.OrdinalIgnoreCase) is not true || !System.Text.Ascii.IsValid(original)) return null;
        var given = Smtp.Xtext.Decode(System.Text.Encoding.ASCII.GetBytes(original["rfc822;".Length..]));
        return given is null || string.Equals(given, address, StringComparison.OrdinalIgnoreCase) ? null : $"Given as {given}.";
    }

    static string Because(string? policy) => policy is null ? "" : $", {policy}";

    public Task<long> CountLiveAsync(int siteId, CancellationToken stop) =>
        ReadAsync(db => db.Messages.LongCountAsync(m => m.SiteId == siteId && m.LiveRecipients > 0, stop), stop);

    public Task<StateCounts> CountByStateAsync(IReadOnlyCollection<int> siteIds, CancellationToken stop) => ReadAsync(async db =>
    {
        var counts = new Dictionary<RecipientState, long>();
        long? oldest = null;
        foreach (var state in (RecipientState[])[RecipientState.Queued, RecipientState.Delivering, RecipientState.Frozen])
        {
            foreach (var site in siteIds)
            {
                var entries = db.Recipients.Where(r => r.SiteId == site && r.State == state);
                counts[state] = counts.GetValueOrDefault(state) + await entries.Select(r => r.MessageId).Distinct().Take(CountLimit + 1).LongCountAsync(stop);
                if (state is not RecipientState.Queued) continue;
                var first = await entries.OrderBy(r => r.DueAt).Take(SampleSize).MinAsync(r => (long?)r.MessageId, stop);
                if (first < (oldest ?? long.MaxValue)) oldest = first;
            }
        }
        return new StateCounts(
            Bounded(RecipientState.Queued), Bounded(RecipientState.Delivering), Bounded(RecipientState.Frozen),
            CountLimit + 1, await ReceivedAtAsync(db, oldest ?? 0, stop));

        long Bounded(RecipientState state) => Math.Min(counts.GetValueOrDefault(state), CountLimit + 1);
    }, stop);

    public Task<Destination?> FindDestinationAsync(int siteId, string domain, CancellationToken stop) =>
        ReadAsync(db => db.Destinations.SingleOrDefaultAsync(d => d.SiteId == siteId && d.Domain == domain, stop), stop);

    public Task<DateTimeOffset?> FindOldestAsync(int siteId, string domain, CancellationToken stop) => ReadAsync(async db =>
    {
        long? oldest = null;
        // State by state, as the index has them: the first of each, however many wait.
        foreach (var state in LivingStates)
        {
            var first = await db.Recipients.Where(r => r.SiteId == siteId && r.State == state && r.Domain == domain)
                .MinAsync(r => (long?)r.MessageId, stop);
            if (first < (oldest ?? long.MaxValue)) oldest = first;
        }
        return await ReceivedAtAsync(db, oldest ?? 0, stop);
    }, stop);

    public Task<long> CountFrozenAsync(int siteId, string domain, CancellationToken stop) =>
        ReadAsync(db => db.Recipients.Where(r => r.SiteId == siteId && r.State == RecipientState.Frozen && r.Domain == domain)
            .Select(r => r.MessageId).Distinct().Take(CountLimit + 1).LongCountAsync(stop), stop);

    static Task<DateTimeOffset?> ReceivedAtAsync(WebSmtpDb db, long messageId, CancellationToken stop) =>
        db.Messages.Where(m => m.Id == messageId).Select(m => (DateTimeOffset?)m.ReceivedAt).SingleOrDefaultAsync(stop);

    public Task<IReadOnlyList<Destination>> FindSubdomainsAsync(int siteId, string domain, CancellationToken stop) =>
        ReadAsync<IReadOnlyList<Destination>>(async db =>
        {
            var reversed = Domains.Reverse(domain);
            var (from, to) = (reversed + ".", reversed + "/"); // '/' follows '.'
            return await db.Destinations
                .Where(d => d.SiteId == siteId && string.Compare(d.Reversed, from) >= 0 && string.Compare(d.Reversed, to) < 0)
                .OrderBy(d => d.Reversed).ToListAsync(stop);
        }, stop);

    public Task<Page<DestinationSummary>> ListDestinationsAsync(int siteId, string? cursor, int limit, CancellationToken stop) =>
        ReadAsync<Page<DestinationSummary>>(async db =>
        {
            var after = cursor ?? "";
            var all = db.Destinations.Where(d => d.SiteId == siteId);
            var stopped = db.StoppedDestinations.Where(d => d.SiteId == siteId);
            var empty = stopped.Where(d => !all.Any(one => one.Domain == d.Domain));
            var total = await all.Take(CountLimit + 1).CountAsync(stop) + await empty.Take(CountLimit + 1).CountAsync(stop);
            var rows = await all.Where(d => string.Compare(d.Domain, after) > 0).OrderBy(d => d.Domain).Take(limit + 1).ToListAsync(stop);
            var marks = await stopped.Where(d => string.Compare(d.Domain, after) > 0).OrderBy(d => d.Domain).Take(limit + 1).ToListAsync(stop);
            // One that is stopped is shown without mail too: somebody will want to let it go on.
            rows.AddRange(marks.Where(mark => !rows.Exists(row => row.Domain == mark.Domain))
                .Select(mark => new Destination { SiteId = siteId, Domain = mark.Domain, Reversed = "" }));
            rows.Sort((a, b) => string.CompareOrdinal(a.Domain, b.Domain));
            rows = [.. rows.Take(limit + 1)];
            var page = PageOf(rows, limit, d => d.Domain, total);
            var summaries = new List<DestinationSummary>(page.Items.Count);
            foreach (var row in page.Items)
                summaries.Add(await SummarizeAsync(db, row, stop) with { Stopped = marks.Find(mark => mark.Domain == row.Domain) });
            return new(summaries, page.NextCursor, page.Total, page.TotalIsEstimate);
        }, stop);

    public Task<Page<DestinationSummary>> FindDestinationsAsync(int siteId, DestinationQuery query, string? cursor, int limit, CancellationToken stop) =>
        ReadAsync<Page<DestinationSummary>>(async db =>
        {
            var text = query.Text.ToLowerInvariant();
            var skip = int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var read) ? read : 0;
            var all = db.Destinations.Where(d => d.SiteId == siteId && (text == "" || d.Domain.Contains(text)));
            var marks = await db.StoppedDestinations.Where(d => d.SiteId == siteId && (text == "" || d.Domain.Contains(text))).OrderBy(d => d.Domain).Take(CountLimit).ToListAsync(stop);
            var total = await all.Take(CountLimit + 1).CountAsync(stop);
            var names = await (query.Sort switch
            {
                DestinationSort.Oldest => ByOldestAsync(db, siteId, all, stop),
                DestinationSort.NextTry => ByNextTryAsync(db, siteId, all, stop),
                DestinationSort.Messages => all.OrderByDescending(d => d.Messages).ThenBy(d => d.Domain).Select(d => d.Domain).Skip(skip).Take(limit + 1).ToListAsync(stop),
                _ => all.OrderBy(d => d.Domain).Select(d => d.Domain).Skip(skip).Take(limit + 1).ToListAsync(stop),
            });
            if (query.Sort is DestinationSort.Oldest or DestinationSort.NextTry) names = [.. names.Skip(skip).Take(limit + 1)];
            var shown = names.Take(limit).ToList();
            var rows = await db.Destinations.Where(d => d.SiteId == siteId && EF.Parameter(shown).Contains(d.Domain)).ToDictionaryAsync(d => d.Domain, stop);
            var summaries = new List<DestinationSummary>();
            foreach (var name in shown)
                if (rows.TryGetValue(name, out var row)) summaries.Add(await SummarizeAsync(db, row, stop) with { Stopped = marks.Find(mark => mark.Domain == name) });
            if (names.Count > limit) return new(summaries, (skip + limit).ToString(CultureInfo.InvariantCulture), total, total > CountLimit);
            // Those that are stopped and have no mail come last.
            var stopped = marks.ConvertAll(mark => mark.Domain);
            var withMail = (await all.Where(d => EF.Parameter(stopped).Contains(d.Domain)).Select(d => d.Domain).ToListAsync(stop)).ToHashSet(StringComparer.Ordinal);
            var empty = marks.Where(mark => !withMail.Contains(mark.Domain)).ToList();
            summaries.AddRange(empty.Select(mark => new DestinationSummary(mark.Domain, 0, 0, null, null, null, false, false, false, false) { Stopped = mark }));
            return new(summaries, null, total + empty.Count, total > CountLimit);
        }, stop);

    /// <summary>One look at an index for each destination and state. Of very many destinations, those with the most mail.</summary>
    static async Task<List<string>> ByOldestAsync(WebSmtpDb db, int siteId, IQueryable<Destination> all, CancellationToken stop)
    {
        var first = await all.OrderByDescending(d => d.Messages).Take(SortLimit).Select(d => new
        {
            d.Domain,
            Queued = db.Recipients.Where(r => r.SiteId == siteId && r.State == RecipientState.Queued && r.Domain == d.Domain).Min(r => (long?)r.MessageId),
            Held = db.Recipients.Where(r => r.SiteId == siteId && r.State == RecipientState.Held && r.Domain == d.Domain).Min(r => (long?)r.MessageId),
            Delivering = db.Recipients.Where(r => r.SiteId == siteId && r.State == RecipientState.Delivering && r.Domain == d.Domain).Min(r => (long?)r.MessageId),
            Frozen = db.Recipients.Where(r => r.SiteId == siteId && r.State == RecipientState.Frozen && r.Domain == d.Domain).Min(r => (long?)r.MessageId),
        }).ToListAsync(stop);
        return [.. first.OrderBy(d => new[] { d.Queued, d.Held, d.Delivering, d.Frozen }.Min() ?? long.MaxValue).ThenBy(d => d.Domain, StringComparer.Ordinal).Select(d => d.Domain)];
    }

    /// <summary>By the next try of each destination's oldest message: what waits for one is mostly tried together.</summary>
    static async Task<List<string>> ByNextTryAsync(WebSmtpDb db, int siteId, IQueryable<Destination> all, CancellationToken stop)
    {
        var next = await all.OrderByDescending(d => d.Messages).Take(SortLimit).Select(d => new
        {
            d.Domain,
            Due = db.Recipients.Where(r => r.SiteId == siteId && r.State == RecipientState.Queued && r.Domain == d.Domain)
                .OrderBy(r => r.MessageId).Select(r => r.DueAt).FirstOrDefault(),
        }).ToListAsync(stop);
        return [.. next.OrderBy(d => d.Due ?? DateTimeOffset.MaxValue).ThenBy(d => d.Domain, StringComparer.Ordinal).Select(d => d.Domain)];
    }

    /// <summary>Looks at a destination's oldest entries in each state: a bounded number, however many wait.</summary>
    static async Task<DestinationSummary> SummarizeAsync(WebSmtpDb db, Destination destination, CancellationToken stop)
    {
        var queued = await SampleAsync(RecipientState.Queued);
        var held = await SampleAsync(RecipientState.Held);
        var delivering = await SampleAsync(RecipientState.Delivering);
        var frozen = await SampleAsync(RecipientState.Frozen);
        var oldest = new[] { queued, held, delivering, frozen }.Where(s => s.Count > 0).Select(s => s[0].MessageId).DefaultIfEmpty().Min();
        return new(
            destination.Domain, destination.Messages, destination.Bytes,
            Oldest: await ReceivedAtAsync(db, oldest, stop),
            NextAttempt: queued.Min(e => e.DueAt),
            LastError: queued.Concat(held).OrderBy(e => e.MessageId).Select(e => e.LastReply).FirstOrDefault(reply => reply is not null),
            AnyDelivering: delivering.Count > 0, AnyHeld: held.Count > 0, AnyFrozen: frozen.Count > 0,
            AnyRetrying: queued.Exists(e => e.Attempts > 0));

        Task<List<Sample>> SampleAsync(RecipientState state) => db.Recipients
            .Where(r => r.SiteId == destination.SiteId && r.State == state && r.Domain == destination.Domain)
            .OrderBy(r => r.MessageId).Take(SampleSize).Select(r => new Sample(r.MessageId, r.DueAt, r.LastReply, r.Attempts)).ToListAsync(stop);
    }

    sealed record Sample(long MessageId, DateTimeOffset? DueAt, string? LastReply, int Attempts);

    public Task<IReadOnlyList<string>> FindOrphansAsync(IReadOnlyCollection<string> contentPaths, CancellationToken stop) =>
        ReadAsync<IReadOnlyList<string>>(async db =>
        {
            var orphans = contentPaths.ToHashSet(StringComparer.Ordinal);
            foreach (var some in contentPaths.Chunk(MaxNamesInQuery))
            {
                orphans.ExceptWith(await db.Messages.Where(m => EF.Parameter(some).Contains(m.ContentPath)).Select(m => m.ContentPath!).ToListAsync(stop));
            }
            return [.. orphans];
        }, stop);
}
