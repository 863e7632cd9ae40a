using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Queue;

// What operators do to entries that wait.
sealed partial class QueueStore
{
    public async Task<IReadOnlyCollection<long>> ChangeAsync(IReadOnlyList<EntryChange> changes)
    {
        var changed = new HashSet<long>();
        foreach (var piece in changes.Chunk(PieceSize))
        {
            changed.UnionWith(await pipeline.RunAsync(async batch =>
            {
                var ids = new List<long>(piece.Length);
                foreach (var change in piece)
                    if (await ChangeAsync(batch, change)) ids.Add(change.RecipientId);
                return ids;
            }));
        }
        return changed;
    }

    internal static async ValueTask<bool> ChangeAsync(WriteBatch batch, EntryChange change)
    {
        var (id, from, to) = (change.RecipientId, change.From, change.To);
        var rows = change.Way is { } way
            ? await batch.Writer.QueryAsync(HotStatements.Redirect, row => (row.GetInt64(0), row.GetString(1)), id, from, to, change.DueAt, way.Domain, way.SmartHost)
            : await batch.Writer.QueryAsync(HotStatements.ChangeState, row => (row.GetInt64(0), row.GetString(1)), id, from, to, change.DueAt);
        if (rows is not [var (messageId, address)]) return false;
        change.Trace.Recipient = address;
        await TraceAsync(batch, messageId, change.Trace);
        return true;
    }

    public async Task<LeasedMessage?> LeaseAsync(Lease lease, MessageId id, IReadOnlyCollection<long> recipientIds, CancellationToken stop)
    {
        var taken = await pipeline.RunAsync(async batch =>
        {
            var ids = new HashSet<long>();
            foreach (var entry in recipientIds)
                ids.UnionWith(await batch.Writer.QueryAsync(HotStatements.LeaseEntry, row => row.GetInt64(0), entry, id.Value, lease.Owner, lease.Until));
            return ids;
        }, stop: stop);
        if (taken.Count == 0 || await FindAsync(id, CancellationToken.None) is not { } message) return null;
        return new(message, [.. message.Recipients.Where(entry => taken.Contains(entry.Id))]);
    }

    public Task<bool> MoveAsync(MessageId id, int fromSiteId, int toSiteId, string by, IReadOnlyList<EntryChange> changes) =>
        pipeline.RunAsync(async batch =>
        {
            var live = await batch.Writer.QueryAsync(HotStatements.LiveEntries, row => row.GetString(1), id.Value);
            if (live.Contains(EnumText<RecipientState>.Write(RecipientState.Delivering))) return false;
            if (!await MoveAsync(batch, id.Value, fromSiteId, toSiteId, by)) return false;
            foreach (var change in changes) await ChangeAsync(batch, change);
            return true;
        });

    public Task<IReadOnlyList<Message>> WalkAsync(MessageFilter filter, MessageId after, int limit, CancellationToken stop) =>
        ReadAsync<IReadOnlyList<Message>>(async db =>
        {
            var found = new List<Message>();
            await foreach (var piece in PiecesAsync(db, filter, live: true, ascending: true, after.Value, limit, stop))
            {
                found.AddRange(await LoadAsync(piece.Messages.OrderBy(m => m.Id), limit - found.Count, stop));
                if (found.Count == limit) break;
            }
            return found;
        }, stop);

    public Task<long> CountAsync(MessageFilter filter, CancellationToken stop) =>
        ReadAsync(async db => (await CountAsync(db, filter, live: true, long.MaxValue, TimeSpan.MaxValue, stop)).Count, stop);

    public Task<bool> StopDestinationAsync(StoppedDestination destination) => pipeline.RunAsync(async batch =>
        await batch.Writer.RunAsync(HotStatements.StopDestination, destination.SiteId, destination.Domain, destination.At, destination.By) == 1);

    public Task<bool> RestartDestinationAsync(int siteId, string domain) => pipeline.RunAsync(async batch =>
        await batch.Writer.RunAsync(HotStatements.RestartDestination, siteId, domain) == 1);

    public Task<StoppedDestination?> FindStoppedAsync(int siteId, string domain, CancellationToken stop) =>
        ReadAsync(db => db.StoppedDestinations.SingleOrDefaultAsync(d => d.SiteId == siteId && d.Domain == domain, stop), stop);
}
