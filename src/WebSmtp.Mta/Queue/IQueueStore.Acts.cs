namespace WebSmtp.Mta.Queue;

// What operators do to entries that wait.
public partial interface IQueueStore
{
    /// <summary>
    /// Changes entries that wait, with a line in the trace each. One that is no longer in the state that its change begins
    /// with stays as it is. Returns the ids of those that were changed.
    /// </summary>
    Task<IReadOnlyCollection<long>> ChangeAsync(IReadOnlyList<EntryChange> changes);

    /// <summary>
    /// Leases entries of a message, whatever they wait for, frozen ones included; each returns to the state it was taken
    /// from. Null when none of them waits.
    /// </summary>
    Task<LeasedMessage?> LeaseAsync(Lease lease, MessageId id, IReadOnlyCollection<long> recipientIds, CancellationToken stop);

    /// <summary>
    /// Hands a message to another site and then makes the changes, all or nothing. False when an entry is leased, or the
    /// message does not live at the first site.
    /// </summary>
    Task<bool> MoveAsync(MessageId id, int fromSiteId, int toSiteId, string by, IReadOnlyList<EntryChange> changes);

    /// <summary>Live messages that match, in the order of their ids, after <paramref name="after"/>. Counts nothing.</summary>
    Task<IReadOnlyList<Message>> WalkAsync(MessageFilter filter, MessageId after, int limit, CancellationToken stop);

    /// <summary>How many live messages match, however many they are.</summary>
    Task<long> CountAsync(MessageFilter filter, CancellationToken stop);

    /// <summary>
    /// From now on no entry of the destination is leased for delivery or collection: what would be is frozen instead. Says
    /// nothing of what is frozen already. False: it was stopped before, and stays as it was.
    /// </summary>
    Task<bool> StopDestinationAsync(StoppedDestination destination);

    /// <summary>False when the destination was not stopped.</summary>
    Task<bool> RestartDestinationAsync(int siteId, string domain);

    /// <summary>Null when the destination is not stopped.</summary>
    Task<StoppedDestination?> FindStoppedAsync(int siteId, string domain, CancellationToken stop);
}

/// <summary>What becomes of an entry that waits. The trace's message and time are filled in.</summary>
/// <param name="DueAt">Exactly where <paramref name="To"/> is queued.</param>
public sealed record EntryChange(long RecipientId, RecipientState From, RecipientState To, DateTimeOffset? DueAt, TraceEvent Trace)
{
    /// <summary>Null: the way it goes stays as it is.</summary>
    public EntryWay? Way { get; init; }
}

/// <summary>The way that an operator chose for an entry; both null: the one that its own domain has.</summary>
public sealed record EntryWay(string? Domain, string? SmartHost);
