using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;
using WebSmtp.Storage.Configurations;

namespace WebSmtp.Storage.Queue;

// How entries come to their ends, and where else they go.
sealed partial class QueueStore
{
    public Task<IReadOnlyList<string>> SettleAsync(IReadOnlyList<Settlement> settlements, IReadOnlyList<NewReport>? reports = null) => pipeline.RunAsync(async batch =>
    {
        var ended = new EndedEntries(batch);
        var settled = new HashSet<long>();
        foreach (var settlement in settlements)
        {
            var end = settlement.State is { } state && IsEnd(state);
            var rows = await batch.Writer.QueryAsync(HotStatements.Settle, ReadEntry,
                settlement.RecipientId, settlement.LeaseOwner, settlement.State,
                settlement.DueAt ?? batch.Now,
                settlement.CountsAsAttempt ? 1 : 0, settlement.LastReply, settlement.DeliveredTo, end ? batch.Now : null,
                settlement.DelayReportedAt, settlement.HeldBackUntil);
            if (rows is not [var entry]) continue;
            settled.Add(settlement.RecipientId);
            foreach (var before in settlement.Before) await TraceAsync(batch, entry.MessageId, before);
            settlement.Trace.Recipient ??= entry.Address;
            await TraceAsync(batch, entry.MessageId, settlement.Trace);
            if (end) ended.Add(entry);
        }
        foreach (var report in (reports ?? []).Where(report => report.Entries.Any(settled.Contains)))
        {
            await InsertAsync(batch, report.Message, report.InlineContent);
            await TraceAsync(batch, report.About.Value, report.Trace);
        }
        return await ended.FinishAsync();
    }, (reports ?? []).Sum(report => report.InlineContent?.Length ?? 0));

    static async ValueTask EndAsync(WriteBatch batch, EndedEntries ended, long id, RecipientState from, RecipientState to, TraceEvent trace)
    {
        if (await batch.Writer.QueryAsync(HotStatements.End, ReadEntry, id, from, to, batch.Now) is not [var entry]) return;
        trace.Recipient = entry.Address;
        await TraceAsync(batch, entry.MessageId, trace);
        ended.Add(entry);
    }

    public Task<DeleteResult> DeleteAsync(MessageId id, string by, IReadOnlyCollection<long>? recipientIds = null) => pipeline.RunAsync(async batch =>
    {
        if ((await batch.Writer.QueryAsync(HotStatements.MessageExists, _ => true, id.Value)).Count == 0) return new DeleteResult(false, false, []);
        var live = await batch.Writer.QueryAsync(HotStatements.LiveEntries, row => (Id: row.GetInt64(0), State: row.GetString(1)), id.Value);
        if (recipientIds is not null) live.RemoveAll(entry => !recipientIds.Contains(entry.Id));
        if (live.Exists(e => e.State == EnumText<RecipientState>.Write(RecipientState.Delivering))) return new(true, true, []);
        var ended = new EndedEntries(batch);
        foreach (var entry in live)
        {
            await EndAsync(batch, ended, entry.Id, EnumText<RecipientState>.Read(entry.State), RecipientState.Deleted, new() { Event = "deleted", By = by });
        }
        return new DeleteResult(true, false, await ended.FinishAsync());
    });

    public async Task<long> MoveSiteAsync(int fromSiteId, int toSiteId)
    {
        var moved = 0L;
        var after = long.MinValue;
        while (true)
        {
            var ids = await ReadAsync(db => db.Messages.Where(m => m.SiteId == fromSiteId && m.LiveRecipients > 0 && m.Id > after)
                .OrderBy(m => m.Id).Select(m => m.Id).Take(PieceSize).ToListAsync(), CancellationToken.None);
            if (ids.Count == 0) return moved;
            moved += await pipeline.RunAsync(batch => MoveAsync(batch, ids, fromSiteId, toSiteId));
            after = ids[^1];
        }
    }

    static async ValueTask<int> MoveAsync(WriteBatch batch, List<long> ids, int fromSiteId, int toSiteId)
    {
        var moved = 0;
        foreach (var id in ids)
            if (await MoveAsync(batch, id, fromSiteId, toSiteId, null)) moved++;
        return moved;
    }

    static async ValueTask<bool> MoveAsync(WriteBatch batch, long id, int fromSiteId, int toSiteId, string? by)
    {
        if (await batch.Writer.QueryAsync(HotStatements.MoveMessage, row => row.GetInt64(0), id, fromSiteId, toSiteId) is not [var size]) return false;
        await batch.Writer.RunAsync(HotStatements.MoveEntries, id, toSiteId);
        foreach (var domain in await batch.Writer.QueryAsync(HotStatements.LiveDomains, row => row.GetString(0), id))
        {
            batch.AddToDestination(fromSiteId, domain, -1, -size);
            batch.AddToDestination(toSiteId, domain, 1, size);
        }
        await TraceAsync(batch, id, new() { Event = "redirected", Detail = $"From site {fromSiteId} to site {toSiteId}.", By = by });
        return true;
    }

    public async Task ReroutedAsync(int siteId, string domain, bool hold, DateTimeOffset now)
    {
        var (from, to) = hold ? (RecipientState.Queued, RecipientState.Held) : (RecipientState.Held, RecipientState.Queued);
        await pipeline.RunAsync(batch => batch.Writer.RunAsync(HotStatements.RerouteLeased, siteId, domain, from, to));
        while (true)
        {
            var ids = await ReadAsync(db => db.Recipients.Where(r => r.SiteId == siteId && r.State == from && r.Domain == domain &&
                    r.ViaDomain == null && r.ViaSmartHost == null)
                .Select(r => r.Id).Take(PieceSize).ToListAsync(), CancellationToken.None);
            if (ids.Count == 0) return;
            await pipeline.RunAsync(async batch =>
            {
                foreach (var id in ids)
                {
                    var rows = await batch.Writer.QueryAsync(HotStatements.ChangeState, row => (MessageId: row.GetInt64(0), Address: row.GetString(1)),
                        id, from, to, hold ? null : now);
                    if (rows is not [var entry]) continue;
                    await TraceAsync(batch, entry.MessageId,
                        new() { Event = EnumText<RecipientState>.Write(to), Recipient = entry.Address, Detail = "The route of its domain was changed." });
                }
                return true;
            });
        }
    }

    public async Task<int> PurgeHistoryAsync(DateTimeOffset settledBefore, int max)
    {
        var ids = await ReadAsync(db => db.Messages
            .Where(m => EF.Property<DateTimeOffset?>(m, MessageConfiguration.EndedAt) < settledBefore)
            .OrderBy(m => EF.Property<DateTimeOffset?>(m, MessageConfiguration.EndedAt)).Select(m => m.Id).Take(max).ToListAsync(), CancellationToken.None);
        var purged = 0;
        foreach (var piece in ids.Chunk(PieceSize))
        {
            purged += await pipeline.RunAsync(async batch =>
            {
                var count = 0;
                foreach (var id in piece) count += await batch.Writer.RunAsync(HotStatements.DeleteMessage, id);
                return count;
            });
        }
        return purged;
    }

    static async ValueTask TraceAsync(WriteBatch batch, long messageId, TraceEvent trace)
    {
        (trace.MessageId, trace.At) = (messageId, batch.Now);
        await batch.Writer.RunAsync(HotStatements.InsertTrace,
            trace.MessageId, trace.At, trace.Event, trace.Recipient, trace.Detail, trace.Reply, trace.Host, trace.Address, trace.Tls,
            trace.Stage, trace.Milliseconds, trace.By);
    }

    static EntryKey ReadEntry(DbDataReader row) => new(row.GetInt64(0), row.GetInt32(1), row.GetString(2), row.GetString(3));
}

readonly record struct EntryKey(long MessageId, int SiteId, string Domain, string Address);

/// <summary>
/// Entries that one change brought to their end: when all are known, the totals of their destinations, the count of their
/// messages, and the content of those messages that have no more.
/// </summary>
sealed class EndedEntries(WriteBatch batch)
{
    readonly Dictionary<long, List<EntryKey>> _byMessage = [];

    public void Add(EntryKey entry)
    {
        if (!_byMessage.TryGetValue(entry.MessageId, out var entries)) _byMessage.Add(entry.MessageId, entries = []);
        entries.Add(entry);
    }

    /// <summary>The content files that are no longer needed.</summary>
    public async ValueTask<IReadOnlyList<string>> FinishAsync()
    {
        var paths = new List<string>();
        foreach (var (id, entries) in _byMessage.OrderBy(m => m.Key))
        {
            var message = (await batch.Writer.QueryAsync(HotStatements.CountDown,
                row => (Live: row.GetInt32(0), SiteId: row.GetInt32(1), Size: row.GetInt64(2), Path: row.IsDBNull(3) ? null : row.GetString(3)),
                id, entries.Count))[0];
            foreach (var domain in entries.Select(e => e.Domain).Distinct(StringComparer.Ordinal))
            {
                if (message.Live > 0 && (await batch.Writer.QueryAsync(HotStatements.LiveAtDomain, _ => true, id, domain)).Count > 0) continue;
                batch.AddToDestination(message.SiteId, domain, -1, -message.Size);
            }
            if (message.Live > 0) continue;
            await batch.Writer.RunAsync(HotStatements.DeleteContent, id);
            await batch.Writer.RunAsync(HotStatements.EndMessage, id, batch.Now);
            if (message.Path is not null) paths.Add(message.Path);
        }
        return paths;
    }
}
