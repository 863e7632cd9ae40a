namespace WebSmtp.Mta.Collectors;

/// <summary>Collectors and their runs in the database. Thread-safe. Names are looked up without case.</summary>
public interface ICollectorStore
{
    Task<IReadOnlyList<Collector>> ListAsync(CancellationToken stop);

    /// <summary>False when the site has one of that name.</summary>
    Task<bool> AddAsync(Collector collector, CancellationToken stop);

    /// <summary>False when it is gone or was changed meanwhile; raises the version otherwise.</summary>
    Task<bool> UpdateAsync(Collector collector, CancellationToken stop);
    Task DeleteAsync(int id, CancellationToken stop);

    /// <summary>Sets the run's id.</summary>
    Task AddRunAsync(CollectorRun run, CancellationToken stop);
    Task UpdateRunAsync(CollectorRun run, CancellationToken stop);

    /// <summary>Without transcripts, newest first, before the run <paramref name="beforeId"/> (null: from the newest).</summary>
    Task<IReadOnlyList<CollectorRun>> ListRunsAsync(int siteId, string collector, long? beforeId, int limit, CancellationToken stop);

    /// <summary>With its transcript, which lists leave out.</summary>
    Task<CollectorRun?> FindRunAsync(int siteId, string collector, long id, CancellationToken stop);

    Task<long> CountRunsAsync(int siteId, string collector, CancellationToken stop);

    /// <summary>At start: runs without an end were cut off by the program's own end.</summary>
    Task CloseInterruptedAsync(DateTimeOffset now, CancellationToken stop);
    Task PurgeAsync(DateTimeOffset endedBefore, CancellationToken stop);
}
