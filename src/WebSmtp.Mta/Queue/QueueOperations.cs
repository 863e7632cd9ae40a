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

    /// <summary>The same of several sites, in another order.</summary>
    public Task<MessageList> ListAsync(IReadOnlyList<MessageFilter> filters, MessageSort sort, string? cursor, int limit, CancellationToken stop) =>
        queue.ListAsync(filters, sort, cursor, limit, stop);

    /// <summary>All that match, however long that takes.</summary>
    public async Task<long> CountAsync(IReadOnlyList<MessageFilter> filters, CancellationToken stop)
    {
        var total = 0L;
        foreach (var filter in filters) total += await queue.CountAsync(filter, stop);
        return total;
    }

    public Task<Page<DestinationSummary>> ListDestinationsAsync(int siteId, string? cursor, int limit, CancellationToken stop) =>
        queue.ListDestinationsAsync(siteId, cursor, limit, stop);

    public Task<Page<DestinationSummary>> ListDestinationsAsync(int siteId, DestinationQuery query, string? cursor, int limit, CancellationToken stop) =>
        query == new DestinationQuery() ? queue.ListDestinationsAsync(siteId, cursor, limit, stop) : queue.FindDestinationsAsync(siteId, query, cursor, limit, stop);

    public Task<IReadOnlyList<TraceEvent>> TraceAsync(MessageId id, CancellationToken stop) => queue.TraceAsync(id, stop);

    /// <summary>
    /// The content as stored; NotFound when it is gone. The caller disposes the stream. Not for viewers. Whoever reads a
    /// message comes through here.
    /// </summary>
    /// <param name="what">What is looked at: <c>download</c>, <c>headers</c>, <c>attachment 1</c>.</param>
    public Task<Result<Stream>> OpenContentAsync(MessageId id, Actor actor, CancellationToken stop, string what = "download") =>
        audit.ActAsync<Stream>(actor, Role.Operator, "read content", $"messages/{id}", async act =>
        {
            act.Changes(null, AuditImage.Of(new { Looked = what }));
            if (await queue.FindAsync(id, stop) is not { } message) return Problem.NotFound($"There is no message {id}.");
            if (message.LiveRecipients == 0) return Problem.NotFound($"Message {id} has left the queue, and its content with it.");
            if (await spool.FindAsync(message, stop) is not { } content) return Problem.NotFound($"The content of message {id} cannot be read.");
            return await content.OpenAsync(stop);
        });
}
