using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// Writes results while the next message is already on its way: one write at a time, in order, with all that came
/// together meanwhile. A crash so repeats at most what was answered during one write. Not thread-safe.
/// </summary>
sealed class Settling(IQueueStore queue, Spool spool, TimeProvider time, ILogger log)
{
    const int MostWaiting = 500;
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    List<Settlement> _waiting = [];
    Task _writing = Task.CompletedTask;

    /// <summary>Returns at once unless the store falls behind.</summary>
    public async ValueTask AddAsync(IEnumerable<Settlement> results, CancellationToken stop)
    {
        _waiting.AddRange(results);
        if (_waiting.Count > MostWaiting) await _writing;
        if (_writing.IsCompleted) Begin(stop);
    }

    /// <summary>All results are on disk when it returns; only stopping the program leaves some behind.</summary>
    public async Task FlushAsync(CancellationToken stop)
    {
        await _writing;
        Begin(stop);
        await _writing;
    }

    void Begin(CancellationToken stop)
    {
        if (_waiting.Count == 0) return;
        var batch = _waiting;
        _waiting = [];
        _writing = WriteAsync(batch, stop);
    }

    /// <summary>
    /// Never gives up on a store in trouble while the program runs: a message that a host took and that is not written down as taken would be
    /// offered again.
    /// </summary>
    async Task WriteAsync(List<Settlement> batch, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                spool.Delete(await queue.SettleAsync(batch));
                return;
            }
            catch (Exception e)
            {
                Log.NotSettled(log, e, batch.Count);
                // A bug would only repeat itself.
                if (e is not (QueueFullException or QueueUnavailableException)) return;
            }
            try
            {
                await Task.Delay(RetryAfter, time, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
