using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Queue;

// Entries to lease are searched for outside the writer, which then takes those that are still free: searching never holds
// up mail that comes in. Who finds that others took all that it saw goes on behind them.
sealed partial class QueueStore
{
    /// <summary>Below the number of parameters that SQLite and PostgreSQL take.</summary>
    const int MaxNamesInQuery = 1000;

    public async Task<IReadOnlyList<LeasedMessage>> LeaseHeldAsync(
        Lease lease, int siteId, IReadOnlyCollection<string> domains, int maxMessages, CancellationToken stop) =>
        await LeaseHeldAsync(lease, siteId, domains, long.MaxValue, maxMessages, stop);

    // Ids are times: the oldest are one range of the index.
    public async Task<IReadOnlyList<LeasedMessage>> LeaseOverdueAsync(
        Lease lease, int siteId, string domain, DateTimeOffset receivedBefore, int maxMessages, CancellationToken stop) =>
        await LeaseHeldAsync(lease, siteId, [domain], MessageId.AtOrAfter(receivedBefore).Value - 1, maxMessages, stop);

    async Task<IReadOnlyList<LeasedMessage>> LeaseHeldAsync(
        Lease lease, int siteId, IReadOnlyCollection<string> domains, long last, int maxMessages, CancellationToken stop)
    {
        var after = long.MinValue;
        while (true)
        {
            var messages = await FindHeldAsync(siteId, domains, after, last, maxMessages, stop);
            if (messages.Count == 0) return [];
            var leased = await LeaseAsync(lease, RecipientState.Held, messages, stop);
            if (leased.Count > 0) return leased;
            after = messages[^1].Id;
        }
    }

    /// <summary>The oldest messages with held entries of the destinations, with those entries and no others.</summary>
    Task<List<Message>> FindHeldAsync(
        int siteId, IReadOnlyCollection<string> domains, long after, long last, int maxMessages, CancellationToken stop) => ReadAsync(async db =>
    {
        var ids = new SortedSet<long>();
        foreach (var domain in domains)
        {
            // One range of the index for each domain: none of them is read further than the oldest so far reach. In pieces,
            // as a message may have many entries; DISTINCT would sort all that wait.
            var (from, found) = (after, new HashSet<long>());
            while (found.Count < maxMessages)
            {
                var some = await db.Recipients
                    .Where(r => r.SiteId == siteId && r.State == RecipientState.Held && r.Domain == domain && r.MessageId > from && r.MessageId <= last)
                    .OrderBy(r => r.MessageId).Select(r => r.MessageId).Take(maxMessages).ToListAsync(stop);
                found.UnionWith(some);
                if (some.Count < maxMessages) break;
                from = some[^1];
            }
            ids.UnionWith(found);
            while (ids.Count > maxMessages) ids.Remove(ids.Max);
            if (ids.Count == maxMessages) last = ids.Max;
        }
        if (ids.Count == 0) return [];

        var wanted = domains.ToHashSet(StringComparer.Ordinal);
        var messages = await LoadAsync(db, ids, RecipientState.Held, stop);
        foreach (var message in messages) message.Recipients.RemoveAll(r => r.SiteId != siteId || !wanted.Contains(r.Domain));
        return messages;
    }, stop);

    public async Task<IReadOnlyList<LeasedMessage>> LeaseDueAsync(
        Lease lease, IReadOnlyCollection<int> siteIds, DateTimeOffset now, int maxMessages,
        IReadOnlyCollection<(int SiteId, string Domain)> except, CancellationToken stop)
    {
        var after = (DueAt: DateTimeOffset.MinValue, Id: 0L);
        while (true)
        {
            var (order, messages, last) = await FindDueAsync(siteIds, now, after, maxMessages, except, stop);
            if (order.Count == 0) return [];
            var leased = await LeaseAsync(lease, RecipientState.Queued, messages, stop);
            if (leased.Count > 0) return [.. leased.OrderBy(l => order.IndexOf(l.Message.Id))];
            after = last;
        }
    }

    /// <summary>The messages with the entries longest due, in that order, with all their due entries; and where the search ended.</summary>
    Task<(List<long> Order, List<Message> Messages, (DateTimeOffset, long) Last)> FindDueAsync(
        IReadOnlyCollection<int> siteIds, DateTimeOffset now, (DateTimeOffset DueAt, long Id) after, int maxMessages,
        IReadOnlyCollection<(int SiteId, string Domain)> except, CancellationToken stop) => ReadAsync(async db =>
    {
        var due = new List<(DateTimeOffset DueAt, long Id, long MessageId)>();
        foreach (var siteId in siteIds)
        {
            var others = except.Where(one => one.SiteId == siteId).Select(one => one.Domain).ToArray();
            due.AddRange(await FindDueAsync(db, siteId, now, after, maxMessages, others, stop));
        }
        due.Sort();
        if (due.Count > maxMessages) due.RemoveRange(maxMessages, due.Count - maxMessages);
        var order = due.Select(d => d.MessageId).Distinct().ToList();
        var messages = order.Count == 0 ? [] : await LoadAsync(db, order, RecipientState.Queued, stop);
        foreach (var message in messages) message.Recipients.RemoveAll(r => !(r.DueAt <= now) || except.Contains((r.SiteId, r.Domain)));
        return (order, messages, due.Count == 0 ? default : (due[^1].DueAt, due[^1].Id));
    }, stop);

    static async Task<IEnumerable<(DateTimeOffset, long, long)>> FindDueAsync(
        WebSmtpDb db, int siteId, DateTimeOffset now, (DateTimeOffset DueAt, long Id) after, int max, string[] except, CancellationToken stop)
    {
        var waiting = db.Recipients.Where(r => r.SiteId == siteId && r.State == RecipientState.Queued && r.DueAt <= now &&
            r.DueAt >= after.DueAt && (r.DueAt > after.DueAt || r.Id > after.Id));
        // The index has the domain as well: what is passed over costs no row.
        if (except.Length > 0) waiting = waiting.Where(r => !EF.Parameter(except).Contains(r.Domain));
        var due = await waiting
            .OrderBy(r => r.DueAt).ThenBy(r => r.Id).Take(max)
            .Select(r => new { r.DueAt, r.Id, r.MessageId }).ToListAsync(stop);
        return due.Select(d => (d.DueAt!.Value, d.Id, d.MessageId));
    }

    /// <summary>Messages by id, with their entries in one state.</summary>
    static async Task<List<Message>> LoadAsync(WebSmtpDb db, IEnumerable<long> ids, RecipientState state, CancellationToken stop)
    {
        var messages = new List<Message>();
        foreach (var some in ids.Chunk(MaxNamesInQuery))
        {
            messages.AddRange(await db.Messages.AsSplitQuery().Where(m => EF.Parameter(some).Contains(m.Id)).OrderBy(m => m.Id)
                .Include(m => m.Recipients.Where(r => r.State == state).OrderBy(r => r.Id)).ToListAsync(stop));
        }
        return messages;
    }

    Task<IReadOnlyList<LeasedMessage>> LeaseAsync(Lease lease, RecipientState from, List<Message> found, CancellationToken stop) =>
        pipeline.RunAsync<IReadOnlyList<LeasedMessage>>(async batch =>
        {
            var leased = new List<LeasedMessage>();
            var stopped = new StoppedDestinations(batch);
            foreach (var message in found)
            {
                var taken = new List<Recipient>();
                foreach (var entry in message.Recipients)
                {
                    if (await stopped.FreezeAsync(entry, from)) continue;
                    var now = await batch.Writer.QueryAsync(HotStatements.Lease,
                        row => (Attempts: row.GetInt32(0), LastReply: row.IsDBNull(1) ? null : row.GetString(1)),
                        entry.Id, entry.SiteId, from, lease.Owner, lease.Until);
                    if (now.Count == 0) continue;
                    (entry.State, entry.LeasedFrom, entry.DueAt) = (RecipientState.Delivering, from, null);
                    (entry.Lease, entry.LeaseUntil) = (lease.Owner, lease.Until);
                    (entry.Attempts, entry.LastReply) = now[0];
                    taken.Add(entry);
                }
                if (taken.Count > 0) leased.Add(new(message, taken));
            }
            return leased;
        }, stop: stop);

    public Task<DateTimeOffset?> NextDueAsync(IReadOnlyCollection<int> siteIds, CancellationToken stop) => ReadAsync(async db =>
    {
        DateTimeOffset? next = null;
        foreach (var siteId in siteIds)
        {
            var due = await db.Recipients.Where(r => r.SiteId == siteId && r.State == RecipientState.Queued)
                .OrderBy(r => r.DueAt).Select(r => r.DueAt).FirstOrDefaultAsync(stop);
            if (next is null || due < next) next = due;
        }
        return next;
    }, stop);

    public async Task<long> MoveDueAsync(int siteId, DateTimeOffset from, DueMove to)
    {
        var (after, unreported) = (MessageId.AtOrAfter(to.ReceivedAfter).Value, MessageId.AtOrAfter(to.UnreportedAfter).Value);
        var (moved, piece) = (0L, 0);
        do
        {
            piece = await pipeline.RunAsync(batch => batch.Writer.RunAsync(HotStatements.MoveDue, siteId, from, to.Until, after, unreported));
            moved += piece;
        }
        while (piece > 0 && from != to.Until);
        return moved;
    }

    public Task RenewAsync(Lease lease, CancellationToken stop) =>
        pipeline.RunAsync(batch => batch.Writer.RunAsync(HotStatements.Renew, lease.Owner, lease.Until), stop: stop);

    public Task ReleaseAsync(string leaseOwner) =>
        pipeline.RunAsync(batch => batch.Writer.RunAsync(HotStatements.Release, leaseOwner, batch.Now));

    public Task RecoverAsync(string nodePrefix, DateTimeOffset now) =>
        pipeline.RunAsync(batch => batch.Writer.RunAsync(HotStatements.Recover, nodePrefix, nodePrefix + '\uFFFF', now));
}
