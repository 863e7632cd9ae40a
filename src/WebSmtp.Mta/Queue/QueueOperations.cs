using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Queue;

/// <summary>What operators do with queued mail. Thread-safe.</summary>
public sealed partial class QueueOperations(
    IQueueStore queue, Spool spool, QueueWork work, Operations operations, SiteRegistry sites, SmartHostRegistry smartHosts,
    EventStream events, Audit audit, TimeProvider time, ILogger<QueueOperations> log)
{
    public Task<Message?> FindAsync(MessageId id, CancellationToken stop) => queue.FindAsync(id, stop);

    public Task<Page<Message>> ListAsync(MessageFilter filter, string? cursor, int limit, CancellationToken stop) =>
        queue.ListAsync(filter, cursor, limit, stop);

    /// <summary>How much waits in each state, at all sites.</summary>
    public Task<StateCounts> CountByStateAsync(CancellationToken stop) => queue.CountByStateAsync([.. sites.Sites.Keys], stop);

    public Task<Page<DestinationSummary>> ListDestinationsAsync(int siteId, string? cursor, int limit, CancellationToken stop) =>
        queue.ListDestinationsAsync(siteId, cursor, limit, stop);

    public Task<IReadOnlyList<TraceEvent>> TraceAsync(MessageId id, CancellationToken stop) => queue.TraceAsync(id, stop);

    /// <summary>The content as stored; NotFound when it is gone. The caller disposes the stream. Not for viewers.</summary>
    public Task<Result<Stream>> OpenContentAsync(MessageId id, Actor actor, CancellationToken stop) =>
        audit.ActAsync<Stream>(actor, Role.Operator, "read content", $"messages/{id}", async _ =>
        {
            if (await queue.FindAsync(id, stop) is not { } message) return Problem.NotFound($"There is no message {id}.");
            if (message.LiveRecipients == 0) return Problem.NotFound($"Message {id} has left the queue, and its content with it.");
            if (await spool.FindAsync(message, stop) is not { } content) return Problem.NotFound($"The content of message {id} cannot be read.");
            return await content.OpenAsync(stop);
        });
}
