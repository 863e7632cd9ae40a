namespace WebSmtp.Admin;

/// <summary>
/// One load for all who ask at the same moment. Nobody is given what was begun before he asked: it might not know yet
/// what he was told has changed. Thread-safe.
/// </summary>
abstract class SharedLoad<T>
{
    readonly Lock _lock = new();
    Task<T> _running = Task.FromException<T>(new InvalidOperationException("Nothing was loaded yet."));
    Task<T>? _next;

    protected abstract Task<T> LoadAsync();

    public Task<T> GetAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (_next is not null) return _next.WaitAsync(stop);
            if (_running.IsCompleted) return (_running = LoadAsync()).WaitAsync(stop);
            return (_next = AfterAsync(_running)).WaitAsync(stop);
        }
    }

    async Task<T> AfterAsync(Task<T> before)
    {
        await ((Task)before).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_lock) (_running, _next) = (LoadAsync(), null);
        return await _running;
    }
}
