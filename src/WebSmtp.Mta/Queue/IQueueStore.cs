using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// The durable queue. Thread-safe. Everything that changes entries goes through one writer that commits what waits at
/// that moment in one transaction; a task completes when its change would survive a power loss.
/// Writing throws <see cref="QueueFullException"/> when the disk is full, <see cref="QueueUnavailableException"/> for
/// other trouble of the store; nothing was changed then.
/// </summary>
public partial interface IQueueStore
{
    /// <summary>Adds a message with its recipients and, when <paramref name="inlineContent"/> is given, its content.</summary>
    Task CommitAsync(Message message, ReadOnlyMemory<byte>? inlineContent);

    /// <summary>
    /// Leases held entries of the given destinations, oldest message first, whole messages at a time (all held entries
    /// of a message that match): at most <paramref name="maxMessages"/>. Empty when nothing is held that is not leased.
    /// </summary>
    Task<IReadOnlyList<LeasedMessage>> LeaseHeldAsync(
        Lease lease, int siteId, IReadOnlyCollection<string> domains, int maxMessages, CancellationToken stop);

    /// <summary>Leases queued entries that are due, longest due first, of the given sites.</summary>
    Task<IReadOnlyList<LeasedMessage>> LeaseDueAsync(
        Lease lease, IReadOnlyCollection<int> siteIds, DateTimeOffset now, int maxMessages, CancellationToken stop) =>
        LeaseDueAsync(lease, siteIds, now, maxMessages, [], stop);

    /// <summary>The same, but not for some destinations, which have as much as they can take.</summary>
    Task<IReadOnlyList<LeasedMessage>> LeaseDueAsync(
        Lease lease, IReadOnlyCollection<int> siteIds, DateTimeOffset now, int maxMessages,
        IReadOnlyCollection<(int SiteId, string Domain)> except, CancellationToken stop);

    /// <summary>When the next queued entry of the sites falls due; null when there is none.</summary>
    Task<DateTimeOffset?> NextDueAsync(IReadOnlyCollection<int> siteIds, CancellationToken stop);

    /// <summary>
    /// Entries of a site that wait for exactly this moment wait for another one. What was put off together is so put off
    /// again, or brought back, together.
    /// </summary>
    Task<long> MoveDueAsync(int siteId, DateTimeOffset from, DueMove to);

    /// <summary>Moves the end of a lease; entries that are settled already stay as they are.</summary>
    Task RenewAsync(Lease lease, CancellationToken stop);

    /// <summary>
    /// Writes results. One whose lease no longer holds the entry is ignored. When a message's last entry comes to an end
    /// its content goes in the same transaction; the paths of content files that are no longer needed are returned.
    /// Reports are added in that transaction too, each only when one of the entries that it tells of was settled by it.
    /// </summary>
    Task<IReadOnlyList<string>> SettleAsync(IReadOnlyList<Settlement> settlements, IReadOnlyList<NewReport>? reports = null);

    /// <summary>Gives back all entries that the lease still holds, in the state they were taken from.</summary>
    Task ReleaseAsync(string leaseOwner);

    /// <summary>Gives back all leases of a node (at its start), and those whose time is over.</summary>
    Task RecoverAsync(string nodePrefix, DateTimeOffset now);

    /// <summary>Leases held entries of messages that are older than <paramref name="receivedBefore"/>, like <see cref="LeaseHeldAsync"/>.</summary>
    Task<IReadOnlyList<LeasedMessage>> LeaseOverdueAsync(
        Lease lease, int siteId, string domain, DateTimeOffset receivedBefore, int maxMessages, CancellationToken stop);

    /// <summary>
    /// Ends the live entries of a message, or those of <paramref name="recipientIds"/>, as deleted, unless one of them is
    /// leased. Returns content paths to delete.
    /// </summary>
    Task<DeleteResult> DeleteAsync(MessageId id, string by, IReadOnlyCollection<long>? recipientIds = null);

    /// <summary>Hands all live messages of a site to another, entries that were leased included; returns how many.</summary>
    Task<long> MoveSiteAsync(int fromSiteId, int toSiteId);

    /// <summary>Moves entries between waiting states when a domain's route changed: queued to held and back, for one destination.</summary>
    Task ReroutedAsync(int siteId, string domain, bool hold, DateTimeOffset now);

    /// <summary>Removes settled messages, their entries and trace that ended before the given time, a bounded number; returns how many.</summary>
    Task<int> PurgeHistoryAsync(DateTimeOffset settledBefore, int max);

    /// <summary>Content that is kept in the database; null when there is none (settled, or in a file).</summary>
    Task<ReadOnlyMemory<byte>?> ReadContentAsync(MessageId id, CancellationToken stop);

    Task<Message?> FindAsync(MessageId id, CancellationToken stop);

    /// <summary>Oldest first; <paramref name="cursor"/> is from the page before. What cannot be found by an index may come in short pages.</summary>
    async Task<Page<Message>> ListAsync(MessageFilter filter, string? cursor, int limit, CancellationToken stop)
    {
        var page = await ListAsync([filter], MessageSort.Oldest, cursor, limit, stop);
        return new(page.Items, page.Next, page.Total, page.TotalIsEstimate);
    }

    /// <summary>
    /// Messages that match one of the filters, each of another site. A search that no index serves ends after a while
    /// with what it has, and goes on with the cursor. Whatever was no cursor is taken for none.
    /// </summary>
    Task<MessageList> ListAsync(IReadOnlyList<MessageFilter> filters, MessageSort sort, string? cursor, int limit, CancellationToken stop);

    /// <summary>The trace of a message in order.</summary>
    Task<IReadOnlyList<TraceEvent>> TraceAsync(MessageId id, CancellationToken stop);

    /// <summary>Live messages of a site, each counted once.</summary>
    Task<long> CountLiveAsync(int siteId, CancellationToken stop);

    /// <summary>
    /// Messages of these sites with an entry in each of the states in which it waits to be sent: exact up to a bound, above
    /// which the bound is the number.
    /// </summary>
    Task<StateCounts> CountByStateAsync(IReadOnlyCollection<int> siteIds, CancellationToken stop);

    /// <summary>What lives at one destination; null when nothing does.</summary>
    Task<Destination?> FindDestinationAsync(int siteId, string domain, CancellationToken stop);

    /// <summary>When the oldest message that lives at one destination was received; null when nothing does.</summary>
    Task<DateTimeOffset?> FindOldestAsync(int siteId, string domain, CancellationToken stop);

    /// <summary>Messages that are frozen at one destination: exact up to a bound, above which it is one more.</summary>
    Task<long> CountFrozenAsync(int siteId, string domain, CancellationToken stop);

    /// <summary>Destinations with live mail that are subdomains of <paramref name="domain"/>.</summary>
    Task<IReadOnlyList<Destination>> FindSubdomainsAsync(int siteId, string domain, CancellationToken stop);

    /// <summary>A page of the site's destinations by name, with what the queue view shows about each.</summary>
    Task<Page<DestinationSummary>> ListDestinationsAsync(int siteId, string? cursor, int limit, CancellationToken stop);

    /// <summary>The same in another order, or of some; looks at each destination, though not at each message.</summary>
    Task<Page<DestinationSummary>> FindDestinationsAsync(int siteId, DestinationQuery query, string? cursor, int limit, CancellationToken stop);

    /// <summary>Which of these content paths no message names: left by a crash.</summary>
    Task<IReadOnlyList<string>> FindOrphansAsync(IReadOnlyCollection<string> contentPaths, CancellationToken stop);

    /// <summary>True when a write reached the disk just now; for readiness.</summary>
    Task<bool> ProbeAsync(CancellationToken stop);
}

/// <summary>How many messages have an entry in each state, but for what is held, which is counted by its domain.</summary>
/// <param name="Bound">A number that is as high stands for more.</param>
/// <param name="OldestQueued">When the oldest that is being sent came; null when none is.</param>
public sealed record StateCounts(long Queued, long Delivering, long Frozen, long Bound, DateTimeOffset? OldestQueued);

/// <summary>The right to offer entries until a time. The owner's name begins with the node's.</summary>
public sealed record Lease(string Owner, DateTimeOffset Until);

/// <summary>A message with those of its entries that were leased together.</summary>
public sealed record LeasedMessage(Message Message, IReadOnlyList<Recipient> Recipients)
{
    /// <summary>All of the content, where it is in memory already; it is not changed any more.</summary>
    public ReadOnlyMemory<byte>? Content { get; init; }
}

/// <summary>
/// What becomes of a leased entry. <paramref name="State"/> is Queued (with <paramref name="DueAt"/>), Held, Delivered,
/// Failed or Expired; null: it goes on waiting as its destination does now, which may have changed since it was leased,
/// in the queue until <paramref name="DueAt"/> (null: due at once). The trace event tells the story; its message and time are filled in.
/// </summary>
public sealed record Settlement(
    long RecipientId, MessageId MessageId, string LeaseOwner, RecipientState? State, DateTimeOffset? DueAt, string? LastReply,
    string? DeliveredTo, bool CountsAsAttempt, TraceEvent Trace)
{
    /// <summary>What happened before: written down in front of <see cref="Trace"/>.</summary>
    public IReadOnlyList<TraceEvent> Before { get; init; } = [];

    /// <summary>
    /// Of what was delivered: the host took over to tell the sender when it arrives (true), or cannot (false). Null: no
    /// host took it, it is there.
    /// </summary>
    public bool? HostReports { get; init; }

    /// <summary>The host whose words <see cref="LastReply"/> is; null: it is how this server puts what happened, such as a broken connection.</summary>
    public string? SaidBy { get; init; }

    /// <summary>The sender is told, with this, that the entry is late.</summary>
    public DateTimeOffset? DelayReportedAt { get; init; }

    /// <summary>Not null: it is held back until then. <see cref="Recipient.HeldBackUntil"/>.</summary>
    public DateTimeOffset? HeldBackUntil { get; init; }
}

/// <summary>Mail of the server's own that tells of settlements.</summary>
/// <param name="InlineContent">Null: the message names a file.</param>
/// <param name="About">The message that it tells of, which gets the trace event.</param>
/// <param name="Entries">Those of its entries that it tells of.</param>
public sealed record NewReport(Message Message, ReadOnlyMemory<byte>? InlineContent, MessageId About, IReadOnlyList<long> Entries, TraceEvent Trace);

/// <summary>What came of deleting a message.</summary>
public sealed record DeleteResult(bool Found, bool Busy, IReadOnlyList<string> ContentPaths);

/// <summary>In which order destinations are listed: by name, most messages first, oldest first, next try first.</summary>
public enum DestinationSort { Name, Messages, Oldest, NextTry }

/// <summary>Which destinations, in which order.</summary>
/// <param name="Text">Is in the domain's name.</param>
public sealed record DestinationQuery(string Text = "", DestinationSort Sort = DestinationSort.Name);

/// <summary>A row of the queue view. Counts by state are of entries.</summary>
public sealed record DestinationSummary(
    string Domain, long Messages, long Bytes, DateTimeOffset? Oldest, DateTimeOffset? NextAttempt, string? LastError,
    bool AnyDelivering, bool AnyHeld, bool AnyFrozen, bool AnyRetrying)
{
    /// <summary>Who stopped it, and when; null: nobody did.</summary>
    public StoppedDestination? Stopped { get; init; }
}

/// <summary>The disk is full: 452 4.3.1.</summary>
public sealed class QueueFullException : Exception
{
    public QueueFullException() { }
    public QueueFullException(string message) : base(message) { }
    public QueueFullException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>The store has trouble of its own: 451 4.3.0.</summary>
public sealed class QueueUnavailableException : Exception
{
    public QueueUnavailableException() { }
    public QueueUnavailableException(string message) : base(message) { }
    public QueueUnavailableException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>To when entries are put off together.</summary>
public sealed record DueMove(DateTimeOffset Until)
{
    /// <summary>Not for messages that are older.</summary>
    public DateTimeOffset ReceivedAfter { get; init; } = DateTimeOffset.MinValue;

    /// <summary>Nor for messages that are older than this and whose senders were not told of the delay.</summary>
    public DateTimeOffset UnreportedAfter { get; init; } = DateTimeOffset.MinValue;
}
