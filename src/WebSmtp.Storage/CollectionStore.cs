using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Collection;

namespace WebSmtp.Storage;

sealed class CollectionStore(Database database) : ICollectionStore
{
    public Task AddAsync(IReadOnlyList<CollectionRecord> records, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.AddRange(records);
        return db.SaveChangesAsync(stop);
    }, stop);

    public Task UpdateAsync(IReadOnlyList<CollectionRecord> records, CancellationToken stop) => database.WriteAsync(async db =>
    {
        // Not SaveChanges: a record whose site was deleted while the collection ran is no error.
        foreach (var record in records)
        {
            await db.Collections.Where(c => c.Id == record.Id).ExecuteUpdateAsync(set => set
                .SetProperty(c => c.EndedAt, record.EndedAt)
                .SetProperty(c => c.Delivered, record.Delivered)
                .SetProperty(c => c.Deferred, record.Deferred)
                .SetProperty(c => c.Failed, record.Failed)
                .SetProperty(c => c.Bytes, record.Bytes)
                .SetProperty(c => c.End, record.End), stop);
        }
    }, stop);

    public Task<IReadOnlyDictionary<string, CollectionRecord>> LastAsync(int siteId, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyDictionary<string, CollectionRecord>>(async db =>
        {
            var newest = db.Collections.Where(c => c.SiteId == siteId).GroupBy(c => c.Domain).Select(g => g.Max(c => c.Id));
            return await db.Collections.Where(c => newest.Contains(c.Id)).ToDictionaryAsync(c => c.Domain, StringComparer.Ordinal, stop);
        }, stop);

    public Task<IReadOnlyList<CollectionRecord>> ListAsync(int siteId, string domain, long before, int limit, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<CollectionRecord>>(async db => await db.Collections
            .Where(c => c.SiteId == siteId && c.Domain == domain && c.Id < before)
            .OrderByDescending(c => c.Id).Take(limit).ToListAsync(stop), stop);

    public Task<int> CountAsync(int siteId, string domain, CancellationToken stop) =>
        database.ReadAsync(db => db.Collections.CountAsync(c => c.SiteId == siteId && c.Domain == domain, stop), stop);

    public Task<CollectionRecord?> FindAsync(long id, CancellationToken stop) =>
        database.ReadAsync(db => db.Collections.FirstOrDefaultAsync(c => c.Id == id, stop), stop);

    public Task KeepTranscriptAsync(IReadOnlyList<CollectionRecord> records, string text, CancellationToken stop) => database.WriteAsync(async db =>
    {
        var ids = records.Select(record => record.Id).ToList();
        // A record whose site was deleted meanwhile is no error.
        var there = await db.Collections.Where(c => ids.Contains(c.Id)).Select(c => c.Id).ToListAsync(stop);
        db.AddRange(there.Select(id => new CollectionTranscript { CollectionId = id, Text = text }));
        await db.SaveChangesAsync(stop);
        foreach (var record in records)
        {
            var older = db.Collections.Where(c => c.SiteId == record.SiteId && c.Domain == record.Domain)
                .OrderByDescending(c => c.Id).Skip(CollectionTranscript.KeptForDomain).Select(c => c.Id);
            await db.CollectionTranscripts.Where(t => older.Contains(t.CollectionId)).ExecuteDeleteAsync(stop);
        }
    }, stop);

    public Task<string?> TranscriptAsync(long id, CancellationToken stop) =>
        database.ReadAsync(db => db.CollectionTranscripts.Where(t => t.CollectionId == id).Select(t => t.Text).FirstOrDefaultAsync(stop), stop);

    public Task CloseInterruptedAsync(DateTimeOffset now, CancellationToken stop) => database.WriteAsync(db =>
        db.Collections.Where(c => c.EndedAt == null).ExecuteUpdateAsync(set => set
            .SetProperty(c => c.EndedAt, now)
            .SetProperty(c => c.End, "The program ended while it ran."), stop), stop);

    public Task PurgeAsync(DateTimeOffset endedBefore, CancellationToken stop) => database.WriteAsync(db =>
        db.Collections.Where(c => c.EndedAt < endedBefore).ExecuteDeleteAsync(stop), stop);
}
