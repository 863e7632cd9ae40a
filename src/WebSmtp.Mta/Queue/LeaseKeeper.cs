using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// A lease that is moved on for as long as its holder lives, however slow the link; disposing it gives back what it still
/// holds. Should the process die, it ends by itself.
/// </summary>
sealed class LeaseKeeper : IAsyncDisposable
{
    static readonly TimeSpan Length = TimeSpan.FromMinutes(5);

    readonly IQueueStore _queue;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly CancellationTokenSource _ended = new();
    readonly ITimer _timer;
    Task _renewing = Task.CompletedTask;

    public LeaseKeeper(IQueueStore queue, string owner, TimeProvider time, ILogger log)
    {
        (_queue, _time, _log, Owner) = (queue, time, log, owner);
        _timer = time.CreateTimer(static self => ((LeaseKeeper)self!).Renew(), this, Length / 3, Length / 3);
    }

    public string Owner { get; }

    /// <summary>The lease as of now, for taking more.</summary>
    public Lease Lease => new(Owner, _time.GetUtcNow() + Length);

    /// <summary>May be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_ended.IsCancellationRequested) return;
        await _timer.DisposeAsync();
        await _ended.CancelAsync();
        await _renewing;
        try
        {
            await _queue.ReleaseAsync(Owner);
        }
        catch (Exception e)
        {
            Log.NotReleased(_log, e, Owner);
        }
    }

    void Renew()
    {
        if (_renewing.IsCompleted) _renewing = RenewAsync();
    }

    async Task RenewAsync()
    {
        try
        {
            await _queue.RenewAsync(Lease, _ended.Token);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // Given back instead.
        }
        catch (Exception e)
        {
            Log.NotRenewed(_log, e, Owner);
        }
    }
}
