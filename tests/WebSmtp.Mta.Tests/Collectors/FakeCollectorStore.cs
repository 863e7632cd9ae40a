using WebSmtp.Mta.Collectors;

namespace WebSmtp.Mta.Tests.Collectors;

/// <summary>Collectors and runs in memory. What is handed out and in is the same object, as far as tests look.</summary>
sealed class FakeCollectorStore : ICollectorStore
{
    readonly Lock _lock = new();
    readonly List<Collector> _collectors = [];
    readonly List<CollectorRun> _runs = [];
    int _lastId;
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Exception? Trouble { get; set; }
    public TaskCompletionSource Troubled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<CollectorRun> Runs
    {
        get { lock (_lock) return [.. _runs]; }
    }

    /// <summary>Waits until it is so; asked after each change of a run.</summary>
    public async Task WhenAsync(Func<IReadOnlyList<CollectorRun>, bool> condition)
    {
        while (true)
        {
            Task changed;
            lock (_lock) changed = _changed.Task;
            if (condition(Runs)) return;
            await changed.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        }
    }

    public Task WhenEndedAsync(int runs) => WhenAsync(all => all.Count(run => run.EndedAt is not null) >= runs);

    public Task<IReadOnlyList<Collector>> ListAsync(CancellationToken stop)
    {
        if (Trouble is { } trouble)
        {
            Troubled.TrySetResult();
            return Task.FromException<IReadOnlyList<Collector>>(trouble);
        }
        lock (_lock) return Task.FromResult<IReadOnlyList<Collector>>([.. _collectors.OrderBy(one => one.Name, StringComparer.OrdinalIgnoreCase)]);
    }

    public Task<bool> AddAsync(Collector collector, CancellationToken stop)
    {
        lock (_lock)
        {
            if (_collectors.Exists(one => one.SiteId == collector.SiteId && one.Name.Equals(collector.Name, StringComparison.OrdinalIgnoreCase))) return Task.FromResult(false);
            collector.Id = ++_lastId;
            _collectors.Add(collector);
            return Task.FromResult(true);
        }
    }

    public Task<bool> UpdateAsync(Collector collector, CancellationToken stop)
    {
        collector.Version++;
        return Task.FromResult(true);
    }

    public Task DeleteAsync(int id, CancellationToken stop)
    {
        lock (_lock) _collectors.RemoveAll(one => one.Id == id);
        return Task.CompletedTask;
    }

    public Task AddRunAsync(CollectorRun run, CancellationToken stop)
    {
        lock (_lock)
        {
            run.Id = _runs.Count + 1;
            _runs.Add(run);
        }
        return Changed();
    }

    public Task UpdateRunAsync(CollectorRun run, CancellationToken stop) => Changed();

    public Task<IReadOnlyList<CollectorRun>> ListRunsAsync(int siteId, string collector, long? beforeId, int limit, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<CollectorRun>>([.. Of(siteId, collector).Where(run => run.Id < (beforeId ?? long.MaxValue)).Reverse().Take(limit)]);

    public Task<CollectorRun?> FindRunAsync(int siteId, string collector, long id, CancellationToken stop) =>
        Task.FromResult(Of(siteId, collector).FirstOrDefault(run => run.Id == id));

    public Task<long> CountRunsAsync(int siteId, string collector, CancellationToken stop) => Task.FromResult(Of(siteId, collector).LongCount());

    public Task CloseInterruptedAsync(DateTimeOffset now, CancellationToken stop)
    {
        foreach (var run in Runs.Where(run => run.EndedAt is null)) (run.EndedAt, run.Result, run.End) = (now, CollectorResult.Failed, "The program ended.");
        return Changed();
    }

    public Task PurgeAsync(DateTimeOffset endedBefore, CancellationToken stop)
    {
        lock (_lock) _runs.RemoveAll(run => run.EndedAt < endedBefore);
        return Changed();
    }

    IEnumerable<CollectorRun> Of(int siteId, string collector) => Runs.Where(run => run.SiteId == siteId && run.Collector == collector);

    Task Changed()
    {
        TaskCompletionSource changed;
        lock (_lock) (changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        changed.SetResult();
        return Task.CompletedTask;
    }
}
