using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Tests.Queue;

// What operators do to entries that wait.
sealed partial class FakeQueueStore
{
    readonly Dictionary<(int SiteId, string Domain), StoppedDestination> _stopped = [];

    /// <summary>Called before each change, outside the lock: somebody else may be quicker.</summary>
    public Action? Changing { get; set; }

    public Task<IReadOnlyCollection<long>> ChangeAsync(IReadOnlyList<EntryChange> changes)
    {
        Changing?.Invoke();
        lock (_lock)
        {
            ThrowTrouble();
            return Task.FromResult<IReadOnlyCollection<long>>([.. changes.Where(Change).Select(change => change.RecipientId)]);
        }
    }

    bool Change(EntryChange change)
    {
        Assert.True(change.DueAt is not null == change.To is RecipientState.Queued, "only what is queued has a time");
        var recipient = _messages.Values.SelectMany(message => message.Recipients).Single(recipient => recipient.Id == change.RecipientId);
        if (recipient.State != change.From) return false;
        (recipient.State, recipient.DueAt) = (change.To, change.DueAt);
        if (change.Way is { } way) (recipient.ViaDomain, recipient.ViaSmartHost) = (way.Domain, way.SmartHost);
        Write(recipient.MessageId, recipient, change.Trace);
        return true;
    }

    void Write(long messageId, Recipient recipient, TraceEvent trace)
    {
        (trace.MessageId, trace.At, trace.Recipient) = (messageId, time.GetUtcNow(), recipient.Address);
        _trace.Add(trace);
    }

    bool FreezeStopped(Recipient recipient)
    {
        if (!_stopped.TryGetValue((recipient.SiteId, recipient.Domain), out var stopped)) return false;
        (recipient.State, recipient.DueAt) = (RecipientState.Frozen, null);
        Write(recipient.MessageId, recipient, new() { Event = "frozen", By = stopped.By });
        return true;
    }

    public Task<LeasedMessage?> LeaseAsync(Lease lease, MessageId id, IReadOnlyCollection<long> recipientIds, CancellationToken stop)
    {
        lock (_lock)
        {
            ThrowTrouble();
            var message = _messages[id.Value];
            var mine = message.Recipients.Where(recipient => recipientIds.Contains(recipient.Id)
                && recipient.State is RecipientState.Queued or RecipientState.Held or RecipientState.Frozen).ToList();
            foreach (var recipient in mine)
            {
                recipient.LeasedFrom = recipient.State;
                (recipient.State, recipient.Lease, recipient.LeaseUntil, recipient.DueAt) = (RecipientState.Delivering, lease.Owner, lease.Until, null);
            }
            return Task.FromResult(mine.Count == 0 ? null : new LeasedMessage(Copy(message), [.. mine.Select(Copy)]));
        }
    }

    public Task<bool> MoveAsync(MessageId id, int fromSiteId, int toSiteId, string by, IReadOnlyList<EntryChange> changes)
    {
        lock (_lock)
        {
            ThrowTrouble();
            var message = _messages[id.Value];
            if (message.SiteId != fromSiteId || message.Recipients.Exists(recipient => recipient.State is RecipientState.Delivering)) return Task.FromResult(false);
            message.SiteId = toSiteId;
            foreach (var recipient in message.Recipients) recipient.SiteId = toSiteId;
            foreach (var change in changes) Change(change);
            return Task.FromResult(true);
        }
    }

    public Task<IReadOnlyList<Message>> WalkAsync(MessageFilter filter, MessageId after, int limit, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<Message>>([.. Matching(filter).Where(message => message.Id > after.Value).Take(limit)]);

    public Task<long> CountAsync(MessageFilter filter, CancellationToken stop) => Task.FromResult((long)Matching(filter).Count());

    IEnumerable<Message> Matching(MessageFilter filter) => Messages.Where(message => message.LiveRecipients > 0 && message.SiteId == filter.SiteId
        && (filter.ReceivedBefore is not { } before || message.Id < MessageId.AtOrAfter(before).Value)
        && message.Recipients.Exists(recipient => (filter.Domain is null || recipient.Domain == filter.Domain) && (filter.State is null || recipient.State == filter.State)
            && (filter.Recipient is null || recipient.Address.Contains(filter.Recipient, StringComparison.OrdinalIgnoreCase))));

    public Task<bool> StopDestinationAsync(StoppedDestination destination)
    {
        lock (_lock) return Task.FromResult(_stopped.TryAdd((destination.SiteId, destination.Domain), destination));
    }

    public Task<bool> RestartDestinationAsync(int siteId, string domain)
    {
        lock (_lock) return Task.FromResult(_stopped.Remove((siteId, domain)));
    }

    public Task<StoppedDestination?> FindStoppedAsync(int siteId, string domain, CancellationToken stop)
    {
        lock (_lock) return Task.FromResult(_stopped.GetValueOrDefault((siteId, domain)));
    }
}
