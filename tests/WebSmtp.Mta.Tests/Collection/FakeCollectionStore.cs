using WebSmtp.Mta.Collection;

namespace WebSmtp.Mta.Tests.Collection;

/// <summary>The history of collections in memory.</summary>
sealed class FakeCollectionStore : ICollectionStore
{
    readonly Lock _lock = new();
    readonly List<CollectionRecord> _records = [];
    readonly Dictionary<long, string> _transcripts = [];

    public IReadOnlyList<CollectionRecord> All
    {
        get { lock (_lock) return [.. _records.Select(record => record.Copy())]; }
    }

    /// <summary>Called after each change, outside the lock.</summary>
    public Action? Changed { get; set; }

    public Task AddAsync(IReadOnlyList<CollectionRecord> records, CancellationToken stop)
    {
        lock (_lock)
        {
            foreach (var record in records)
            {
                record.Id = _records.Count + 1;
                _records.Add(record.Copy());
            }
        }
        Changed?.Invoke();
        return Task.CompletedTask;
    }

    public Task UpdateAsync(IReadOnlyList<CollectionRecord> records, CancellationToken stop)
    {
        lock (_lock)
        {
            foreach (var record in records) _records[(int)record.Id - 1] = record.Copy();
        }
        Changed?.Invoke();
        return Task.CompletedTask;
    }

    public Task<IReadOnlyDictionary<string, CollectionRecord>> LastAsync(int siteId, CancellationToken stop) =>
        Task.FromResult<IReadOnlyDictionary<string, CollectionRecord>>(All.Where(record => record.SiteId == siteId)
            .GroupBy(record => record.Domain).ToDictionary(group => group.Key, group => group.MaxBy(record => record.Id)!));

    public Task<IReadOnlyList<CollectionRecord>> ListAsync(int siteId, string domain, long before, int limit, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<CollectionRecord>>([.. All.Where(record => record.SiteId == siteId && record.Domain == domain && record.Id < before).Reverse().Take(limit)]);

    public Task<int> CountAsync(int siteId, string domain, CancellationToken stop) =>
        Task.FromResult(All.Count(record => record.SiteId == siteId && record.Domain == domain));

    public Task<CollectionRecord?> FindAsync(long id, CancellationToken stop) => Task.FromResult(All.FirstOrDefault(record => record.Id == id));

    public Task KeepTranscriptAsync(IReadOnlyList<CollectionRecord> records, string text, CancellationToken stop)
    {
        lock (_lock)
        {
            foreach (var record in records) _transcripts[record.Id] = text;
        }
        return Task.CompletedTask;
    }

    public Task<string?> TranscriptAsync(long id, CancellationToken stop)
    {
        lock (_lock) return Task.FromResult(_transcripts.GetValueOrDefault(id));
    }

    public Task CloseInterruptedAsync(DateTimeOffset now, CancellationToken stop)
    {
        lock (_lock)
        {
            foreach (var record in _records.Where(record => record.EndedAt is null)) (record.EndedAt, record.End) = (now, "The server ended.");
        }
        return Task.CompletedTask;
    }

    public Task PurgeAsync(DateTimeOffset endedBefore, CancellationToken stop)
    {
        lock (_lock) _records.RemoveAll(record => record.EndedAt < endedBefore);
        return Task.CompletedTask;
    }
}
