using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Queue;

/// <summary>What operators do with queued mail. Thread-safe.</summary>
public sealed class QueueOperations
{
    public Task<Message?> FindAsync(MessageId id, CancellationToken stop) => throw new NotSupportedException();
    public Task<Page<Message>> ListAsync(MessageFilter filter, string? cursor, int limit, CancellationToken stop) => throw new NotSupportedException();
    public Task<Page<DestinationSummary>> ListDestinationsAsync(int siteId, string? cursor, int limit, CancellationToken stop) => throw new NotSupportedException();
    public Task<IReadOnlyList<TraceEvent>> TraceAsync(MessageId id, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>The content as stored; null when it is gone. The caller disposes the stream. Not for viewers.</summary>
    public Task<Result<Stream>> OpenContentAsync(MessageId id, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Null: deleted. Conflict while it is being delivered or collected at this moment.</summary>
    public Task<Problem?> DeleteAsync(MessageId id, Actor actor, CancellationToken stop) => throw new NotSupportedException();
}
