using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Collectors;
using static WebSmtp.Storage.Configurations.NameWithoutCase;

namespace WebSmtp.Storage;

sealed class CollectorStore(Database database) : ICollectorStore
{
    public Task<IReadOnlyList<Collector>> ListAsync(CancellationToken stop) => database.ReadAsync<IReadOnlyList<Collector>>(
        async db => await db.Collectors.OrderBy(c => c.SiteId).ThenBy(c => EF.Property<string>(c, Column)).ToListAsync(stop), stop);

    public async Task<bool> AddAsync(Collector collector, CancellationToken stop)
    {
        try
        {
            await database.WriteAsync(db =>
            {
                db.Add(collector).Property(Column).CurrentValue = Normalize(collector.Name);
                return db.SaveChangesAsync(stop);
            }, stop);
            return true;
        }
        catch (DbUpdateException exception) when (database.Provider.Classify(exception) == DatabaseTrouble.Duplicate)
        {
            return false;
        }
    }

    public Task<bool> UpdateAsync(Collector collector, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Entry(collector).Property(Column).CurrentValue = Normalize(collector.Name);
        return db.TryUpdateAsync(collector, stop);
    }, stop);

    public Task DeleteAsync(int id, CancellationToken stop) => database.WriteAsync(db =>
        db.Collectors.Where(c => c.Id == id).ExecuteDeleteAsync(stop), stop);

    public Task AddRunAsync(CollectorRun run, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Add(run);
        return db.SaveChangesAsync(stop);
    }, stop);

    public Task UpdateRunAsync(CollectorRun run, CancellationToken stop) => database.WriteAsync(db => db.CollectorRuns
        .Where(r => r.Id == run.Id).ExecuteUpdateAsync(set => set
            .SetProperty(r => r.EndedAt, run.EndedAt)
            .SetProperty(r => r.Result, run.Result)
            .SetProperty(r => r.End, run.End)
            .SetProperty(r => r.Transcript, run.Transcript)
            .SetProperty(r => r.Messages, run.Messages)
            .SetProperty(r => r.Bytes, run.Bytes), stop), stop);

    public Task<IReadOnlyList<CollectorRun>> ListRunsAsync(int siteId, string collector, long? beforeId, int limit, CancellationToken stop)
    {
        var before = beforeId ?? long.MaxValue;
        return database.ReadAsync<IReadOnlyList<CollectorRun>>(async db => await db.CollectorRuns
            .Where(r => r.SiteId == siteId && r.Collector == collector && r.Id < before)
            .OrderByDescending(r => r.Id).Take(limit)
            .Select(r => new CollectorRun
            {
                Id = r.Id, SiteId = r.SiteId, Collector = r.Collector, StartedAt = r.StartedAt, EndedAt = r.EndedAt, Result = r.Result,
                End = r.End, Messages = r.Messages, Bytes = r.Bytes, By = r.By,
            }).ToListAsync(stop), stop);
    }

    public Task<CollectorRun?> FindRunAsync(int siteId, string collector, long id, CancellationToken stop) => database.ReadAsync(
        db => db.CollectorRuns.FirstOrDefaultAsync(r => r.Id == id && r.SiteId == siteId && r.Collector == collector, stop), stop);

    public Task<long> CountRunsAsync(int siteId, string collector, CancellationToken stop) => database.ReadAsync(
        db => db.CollectorRuns.LongCountAsync(r => r.SiteId == siteId && r.Collector == collector, stop), stop);

    public Task CloseInterruptedAsync(DateTimeOffset now, CancellationToken stop) => database.WriteAsync(db => db.CollectorRuns
        .Where(r => r.EndedAt == null).ExecuteUpdateAsync(set => set
            .SetProperty(r => r.EndedAt, now)
            .SetProperty(r => r.Result, CollectorResult.Failed)
            .SetProperty(r => r.End, "The program ended while it ran."), stop), stop);

    public Task PurgeAsync(DateTimeOffset endedBefore, CancellationToken stop) => database.WriteAsync(db =>
        db.CollectorRuns.Where(r => r.EndedAt < endedBefore).ExecuteDeleteAsync(stop), stop);
}
