using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// Writes results before anything more is offered: a crash repeats only what was not answered. Others that settle at the
/// same moment share the commit. Thread-safe.
/// </summary>
public sealed class Settling(IQueueStore queue, Spool spool, TimeProvider time, ILogger<Settling> log)
{
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>What became of one message: its ends are what its sender may have to hear of.</summary>
    internal Task WriteAsync(LeasedMessage message, IReadOnlyList<Settlement> results, CancellationToken stopping) => WriteAsync(results, stopping);

    /// <summary>
    /// Never gives up on a store in trouble while the program runs: a message that a host took and that is not written
    /// down as taken would be offered again. Throws nothing.
    /// </summary>
    /// <param name="stopping">The program ends.</param>
    internal async Task WriteAsync(IReadOnlyList<Settlement> results, CancellationToken stopping)
    {
        while (results.Count > 0)
        {
            try
            {
                spool.Delete(await queue.SettleAsync(results));
                return;
            }
            catch (Exception e)
            {
                Log.NotSettled(log, e, results.Count);
                // A bug would only repeat itself.
                if (e is not (QueueFullException or QueueUnavailableException)) return;
            }
            try
            {
                await Task.Delay(RetryAfter, time, stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
