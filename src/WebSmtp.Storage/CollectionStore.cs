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

    public Task<IReadOnlyList<CollectionRecord>> ListAsync(int siteId, string domain, int limit, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<CollectionRecord>>(async db => await db.Collections
            .Where(c => c.SiteId == siteId && c.Domain == domain)
            .OrderByDescending(c => c.Id).Take(limit).ToListAsync(stop), stop);

    public Task CloseInterruptedAsync(DateTimeOffset now, CancellationToken stop) => database.WriteAsync(db =>
        db.Collections.Where(c => c.EndedAt == null).ExecuteUpdateAsync(set => set
            .SetProperty(c => c.EndedAt, now)
            .SetProperty(c => c.End, "The program ended while it ran."), stop), stop);

    public Task PurgeAsync(DateTimeOffset endedBefore, CancellationToken stop) => database.WriteAsync(db =>
        db.Collections.Where(c => c.EndedAt < endedBefore).ExecuteDeleteAsync(stop), stop);
}
