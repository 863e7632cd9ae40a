namespace WebSmtp.Mta.Administration;

/// <summary>
/// Lets acts that depend on one another through one at a time, so that what an act has checked still holds when it
/// writes. One for the whole program. Thread-safe.
/// </summary>
public sealed class ActGate : IDisposable
{
    readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Waits for the acts before; the act is over when the result is disposed.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken stop)
    {
        await _one.WaitAsync(stop);
        return new Pass(_one);
    }

    public void Dispose() => _one.Dispose();

    sealed class Pass(SemaphoreSlim one) : IDisposable
    {
        public void Dispose() => one.Release();
    }
}
