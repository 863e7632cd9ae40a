using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Trace;

/// <summary>
/// What became of messages, and what was refused, findable. Thread-safe. Texts that are searched for are whole, without
/// case. Throws as <see cref="IQueueStore"/> does.
/// </summary>
public interface ITraceStore
{
    /// <summary>Writes refusals down, all or none.</summary>
    Task AddRejectionsAsync(IReadOnlyList<Rejection> rejections);

    /// <summary>Messages that match, living or gone, newest first, without their recipients.</summary>
    Task<TraceRange<Message>> FindMessagesAsync(TraceFilter filter, long before, int limit, CancellationToken stop);

    /// <summary>Refusals that match, newest first.</summary>
    Task<TraceRange<Rejection>> FindRejectionsAsync(TraceFilter filter, long before, int limit, CancellationToken stop);

    /// <summary>
    /// Events of messages by their names, newest first; <see cref="TraceFilter.From"/> and <see cref="TraceFilter.To"/> are of
    /// the event. A search for what is rare ends after a while and goes on with the next range.
    /// </summary>
    Task<TraceRange<FoundEvent>> FindEventsAsync(TraceFilter filter, IReadOnlyList<string> events, long before, int limit, CancellationToken stop);

    /// <summary>Makes a bounded number of messages and refusals from before a time quick to find; true when there is more to do.</summary>
    Task<bool> IndexAsync(DateTimeOffset before, CancellationToken stop);

    /// <summary>Removes refusals from before a time, and what finds nothing any more; a bounded number. True when there is more.</summary>
    Task<bool> PurgeAsync(DateTimeOffset before, int max, CancellationToken stop);
}

/// <summary>What is looked for; null members do not restrict.</summary>
/// <param name="Id">Our own number, of a message or a refusal.</param>
/// <param name="HeaderMessageId">The header's Message-ID with its angle brackets.</param>
/// <param name="Client">The client's address.</param>
/// <param name="What">Only that; null: all.</param>
/// <param name="Reply">A part of a reply, without case. A search for it, or for a client, ends after a while and goes on with the next range.</param>
public sealed record TraceFilter(
    int? SiteId = null, MessageId? Id = null, string? HeaderMessageId = null, string? Sender = null, string? Recipient = null,
    string? Client = null, DateTimeOffset? From = null, DateTimeOffset? To = null, string? Reply = null, TraceKind? What = null);

/// <summary>An event with what leads to its message.</summary>
public sealed record FoundEvent(TraceEvent Event, int SiteId, string MailFrom, string? HeaderMessageId);

/// <summary>A part of what was looked for.</summary>
/// <param name="DownTo">Everything from this number on was looked at; null: all was.</param>
public sealed record TraceRange<T>(IReadOnlyList<T> Items, long? DownTo);
