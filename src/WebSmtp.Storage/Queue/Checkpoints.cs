using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace WebSmtp.Storage.Queue;

/// <summary>
/// Checkpoints of the write-ahead log while others write, on a thread and a connection of their own: a commit that had to do
/// one would keep all waiting. What comes in meanwhile is left over, so a log that is long all the same is copied to its end
/// between two commits, and begins anew. Used by the queue's writer alone.
/// </summary>
sealed class Checkpoints(DatabaseProvider provider, ILogger log) : IAsyncDisposable
{
    const long BytesBetween = 32 << 20;

    DbConnection? _connection;
    Task<bool> _running = Task.FromResult(false);
    long _written;

    /// <summary>Something was committed, and nobody writes at this moment.</summary>
    /// <param name="bytes">About as much as the log has grown by.</param>
    public async ValueTask WrittenAsync(DbConnection writer, long bytes)
    {
        _written += bytes;
        if (!_running.IsCompleted) return;
        if (await _running)
        {
            _running = Task.FromResult(false);
            await RunAsync(writer);
        }
        if (_written < BytesBetween) return;
        _written = 0;
        _running = Task.Factory.StartNew(() => RunAsync(null), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>True: the log is long.</summary>
    /// <param name="writer">Null: on the connection for it.</param>
    async Task<bool> RunAsync(DbConnection? writer)
    {
        try
        {
            return await provider.CheckpointAsync(writer ?? (_connection ??= await provider.OpenWriterAsync(CancellationToken.None)), CancellationToken.None);
        }
        catch (Exception exception)
        {
            Log.TidyFailed(log, exception);
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _running;
        if (_connection is not null) await _connection.DisposeAsync();
    }
}
