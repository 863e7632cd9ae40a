using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Tests.Queue;

/// <summary>The queue's contract in memory, leases and all. Gives out copies, so that nobody changes it by accident.</summary>
sealed partial class FakeQueueStore(TimeProvider time) : IQueueStore
{
    readonly Lock _lock = new();
    readonly SortedDictionary<long, Message> _messages = [];
    readonly Dictionary<long, byte[]> _contents = [];
    readonly List<TraceEvent> _trace = [];
    long _lastRecipient;

    /// <summary>Thrown by the next writes, while it is set.</summary>
    public Exception? Trouble { get; set; }

    public int Settles { get; private set; }
    public int Renewals { get; private set; }
    public int Leases { get; private set; }

    /// <summary>Called after each settling, outside the lock.</summary>
    public Action? Settled { get; set; }

    public IReadOnlyList<Recipient> Recipients
    {
        get { lock (_lock) return [.. _messages.Values.SelectMany(message => message.Recipients).Select(Copy)]; }
    }

    public IReadOnlyList<Message> Messages
    {
        get { lock (_lock) return [.. _messages.Values.Select(Copy)]; }
    }

    public int Contents
    {
        get { lock (_lock) return _contents.Count; }
    }

    public Recipient this[string address] => Recipients.Single(recipient => recipient.Address == address);

    public Task CommitAsync(Message message, ReadOnlyMemory<byte>? inlineContent)
    {
        lock (_lock)
        {
            ThrowTrouble();
            Assert.Equal(message.ContentPath is null, inlineContent is not null);
            var copy = Copy(message);
            foreach (var (recipient, theirs) in copy.Recipients.Zip(message.Recipients)) recipient.Id = theirs.Id = ++_lastRecipient;
            _messages.Add(copy.Id, copy);
            if (inlineContent is { } content) _contents.Add(copy.Id, content.ToArray());
        }
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<LeasedMessage>> LeaseHeldAsync(Lease lease, int siteId, IReadOnlyCollection<string> domains, int maxMessages, CancellationToken stop)
    {
        lock (_lock)
        {
            ThrowTrouble();
            return Task.FromResult(Take(lease, recipient => recipient.SiteId == siteId && recipient.State is RecipientState.Held && domains.Contains(recipient.Domain), maxMessages));
        }
    }

    public Task<IReadOnlyList<LeasedMessage>> LeaseDueAsync(
        Lease lease, IReadOnlyCollection<int> siteIds, DateTimeOffset now, int maxMessages, IReadOnlyCollection<(int SiteId, string Domain)> except, CancellationToken stop)
    {
        lock (_lock)
        {
            ThrowTrouble();
            return Task.FromResult(Take(lease, recipient => siteIds.Contains(recipient.SiteId) && recipient.State is RecipientState.Queued && recipient.DueAt <= now
                && !except.Contains((recipient.SiteId, recipient.Domain)), maxMessages));
        }
    }

    public Task<long> MoveDueAsync(int siteId, DateTimeOffset from, DueMove to)
    {
        List<Recipient> moved;
        lock (_lock)
        {
            moved = _messages.Values.Where(message => message.ReceivedAt >= to.ReceivedAfter).SelectMany(message => message.Recipients
                .Where(recipient => recipient.SiteId == siteId && recipient.State is RecipientState.Queued && recipient.DueAt == from
                    && (message.ReceivedAt >= to.UnreportedAfter || recipient.DelayReportedAt is not null))).ToList();
            foreach (var recipient in moved) (recipient.DueAt, recipient.HeldBackUntil) = (to.Until, recipient.HeldBackUntil is null ? null : to.Until);
        }
        Settled?.Invoke();
        return Task.FromResult((long)moved.Count);
    }

    IReadOnlyList<LeasedMessage> Take(Lease lease, Func<Recipient, bool> wanted, int maxMessages)
    {
        var taken = new List<LeasedMessage>();
        foreach (var message in _messages.Values)
        {
            foreach (var over in message.Recipients.Where(recipient => recipient.LeaseUntil <= time.GetUtcNow())) GiveBack(over);
            var mine = message.Recipients.Where(wanted).Where(recipient => !FreezeStopped(recipient)).ToList();
            if (mine.Count == 0) continue;
            if (taken.Count == maxMessages) break;
            foreach (var recipient in mine)
            {
                recipient.LeasedFrom = recipient.State;
                (recipient.State, recipient.Lease, recipient.LeaseUntil, recipient.DueAt) = (RecipientState.Delivering, lease.Owner, lease.Until, null);
            }
            taken.Add(new(Copy(message), [.. mine.Select(Copy)]));
        }
        if (taken.Count > 0) Leases++;
        return taken;
    }

    void GiveBack(Recipient recipient)
    {
        var from = recipient.LeasedFrom!.Value;
        (recipient.State, recipient.Lease, recipient.LeaseUntil, recipient.LeasedFrom) = (from, null, null, null);
        recipient.DueAt = from is RecipientState.Queued ? time.GetUtcNow() : null;
    }

    public Task<DateTimeOffset?> NextDueAsync(IReadOnlyCollection<int> siteIds, CancellationToken stop) =>
        Task.FromResult(Recipients.Where(recipient => siteIds.Contains(recipient.SiteId) && recipient.State is RecipientState.Queued).Min(recipient => recipient.DueAt));

    public Task RenewAsync(Lease lease, CancellationToken stop)
    {
        lock (_lock)
        {
            ThrowTrouble();
            Renewals++;
            foreach (var recipient in Leased(lease.Owner)) recipient.LeaseUntil = lease.Until;
        }
        return Task.CompletedTask;
    }

    IEnumerable<Recipient> Leased(string owner) =>
        _messages.Values.SelectMany(message => message.Recipients).Where(recipient => recipient.Lease == owner);

    public async Task<IReadOnlyList<string>> SettleAsync(IReadOnlyList<Settlement> settlements, IReadOnlyList<NewReport>? reports = null)
    {
        await Task.Yield();
        var paths = new List<string>();
        lock (_lock)
        {
            ThrowTrouble();
            Settles++;
            var settled = settlements.Where(settlement => Settle(settlement, paths)).Select(settlement => settlement.RecipientId).ToHashSet();
            foreach (var report in (reports ?? []).Where(report => report.Entries.Any(settled.Contains))) Add(report);
        }
        Settled?.Invoke();
        return paths;
    }

    void Add(NewReport report)
    {
        Assert.Equal(report.Message.ContentPath is null, report.InlineContent is not null);
        var copy = Copy(report.Message);
        foreach (var recipient in copy.Recipients) (recipient.Id, recipient.MessageId) = (++_lastRecipient, copy.Id);
        _messages.Add(copy.Id, copy);
        if (report.InlineContent is { } content) _contents.Add(copy.Id, content.ToArray());
        (report.Trace.MessageId, report.Trace.At) = (report.About.Value, time.GetUtcNow());
        _trace.Add(report.Trace);
    }

    bool Settle(Settlement settlement, List<string> paths)
    {
        var message = _messages[settlement.MessageId.Value];
        var recipient = message.Recipients.Single(recipient => recipient.Id == settlement.RecipientId);
        if (recipient.Lease != settlement.LeaseOwner) return false;
        var state = settlement.State ?? recipient.LeasedFrom!.Value;
        Assert.True(settlement.DueAt is not null == state is RecipientState.Queued, "only what is queued has a time");
        (recipient.State, recipient.DueAt, recipient.LastReply, recipient.Lease, recipient.LeaseUntil, recipient.LeasedFrom) =
            (state, settlement.DueAt, settlement.LastReply ?? recipient.LastReply, null, null, null);
        recipient.DelayReportedAt = settlement.DelayReportedAt ?? recipient.DelayReportedAt;
        recipient.HeldBackUntil = settlement.HeldBackUntil ?? recipient.HeldBackUntil;
        recipient.DeliveredTo = settlement.DeliveredTo;
        if (settlement.CountsAsAttempt) recipient.Attempts++;
        foreach (var trace in settlement.Before.Append(settlement.Trace))
        {
            (trace.MessageId, trace.At) = (message.Id, time.GetUtcNow());
            _trace.Add(trace);
        }
        if (settlement.State is RecipientState.Delivered or RecipientState.Failed or RecipientState.Expired) End(message, recipient, paths);
        return true;
    }

    void End(Message message, Recipient recipient, List<string> paths)
    {
        recipient.SettledAt = time.GetUtcNow();
        if (--message.LiveRecipients > 0) return;
        _contents.Remove(message.Id);
        if (message.ContentPath is { } path) paths.Add(path);
    }

    public Task ReleaseAsync(string leaseOwner)
    {
        lock (_lock)
        {
            foreach (var recipient in Leased(leaseOwner).ToList()) GiveBack(recipient);
        }
        return Task.CompletedTask;
    }

    public Task RecoverAsync(string nodePrefix, DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (var recipient in _messages.Values.SelectMany(message => message.Recipients)
                .Where(recipient => recipient.Lease?.StartsWith(nodePrefix, StringComparison.Ordinal) is true || recipient.LeaseUntil <= now).ToList()) GiveBack(recipient);
        }
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<LeasedMessage>> LeaseOverdueAsync(Lease lease, int siteId, string domain, DateTimeOffset receivedBefore, int maxMessages, CancellationToken stop)
    {
        lock (_lock)
        {
            ThrowTrouble();
            return Task.FromResult(Take(lease, recipient => recipient.SiteId == siteId && recipient.State is RecipientState.Held && recipient.Domain == domain
                && _messages[recipient.MessageId].ReceivedAt < receivedBefore, maxMessages));
        }
    }

    public Task<DeleteResult> DeleteAsync(MessageId id, string by, IReadOnlyCollection<long>? recipientIds = null)
    {
        lock (_lock)
        {
            if (!_messages.TryGetValue(id.Value, out var message) || message.LiveRecipients == 0) return Task.FromResult(new DeleteResult(false, false, []));
            var mine = message.Recipients.Where(recipient => IsLive(recipient) && (recipientIds is null || recipientIds.Contains(recipient.Id))).ToList();
            if (mine.Exists(recipient => recipient.State is RecipientState.Delivering)) return Task.FromResult(new DeleteResult(true, true, []));
            var paths = new List<string>();
            foreach (var recipient in mine)
            {
                (recipient.State, recipient.DueAt) = (RecipientState.Deleted, null);
                Write(message.Id, recipient, new() { Event = "deleted", By = by });
                End(message, recipient, paths);
            }
            return Task.FromResult(new DeleteResult(true, false, paths));
        }
    }

    public Task<long> MoveSiteAsync(int fromSiteId, int toSiteId) => throw new NotSupportedException();
    public Task ReroutedAsync(int siteId, string domain, bool hold, DateTimeOffset now) => throw new NotSupportedException();

    public Task<int> PurgeHistoryAsync(DateTimeOffset settledBefore, int max)
    {
        lock (_lock)
        {
            var old = _messages.Values.Where(message => message.LiveRecipients == 0 && message.Recipients.Max(recipient => recipient.SettledAt) < settledBefore)
                .Select(message => message.Id).Take(max).ToList();
            foreach (var id in old) _messages.Remove(id);
            return Task.FromResult(old.Count);
        }
    }

    public Task<ReadOnlyMemory<byte>?> ReadContentAsync(MessageId id, CancellationToken stop)
    {
        lock (_lock) return Task.FromResult<ReadOnlyMemory<byte>?>(_contents.TryGetValue(id.Value, out var content) ? (ReadOnlyMemory<byte>)content : default(ReadOnlyMemory<byte>?));
    }

    public Task<Message?> FindAsync(MessageId id, CancellationToken stop)
    {
        lock (_lock) return Task.FromResult(_messages.TryGetValue(id.Value, out var message) ? Copy(message) : null);
    }

    public async Task<MessageList> ListAsync(IReadOnlyList<MessageFilter> filters, MessageSort sort, string? cursor, int limit, CancellationToken stop)
    {
        var page = await ListAsync(filters[0], cursor, limit, stop);
        return new(page.Items, page.NextCursor, null, page.Total, page.TotalIsEstimate, false);
    }

    public Task<Page<Message>> ListAsync(MessageFilter filter, string? cursor, int limit, CancellationToken stop)
    {
        lock (_lock)
        {
            var after = cursor is null ? 0 : long.Parse(cursor, System.Globalization.CultureInfo.InvariantCulture);
            var all = _messages.Values.Where(message => message.SiteId == filter.SiteId && (filter.History || message.LiveRecipients > 0)
                && (filter.Domain is null || message.Recipients.Exists(recipient => recipient.Domain == filter.Domain))
                && (filter.State is null || message.Recipients.Exists(recipient => recipient.State == filter.State))).ToList();
            var page = all.Where(message => message.Id > after).Take(limit).Select(Copy).ToList();
            var more = page.Count == limit && all[^1].Id > page[^1].Id;
            return Task.FromResult(new Page<Message>(page, more ? page[^1].Id.ToString(System.Globalization.CultureInfo.InvariantCulture) : null, all.Count));
        }
    }

    public Task<IReadOnlyList<TraceEvent>> TraceAsync(MessageId id, CancellationToken stop)
    {
        lock (_lock) return Task.FromResult<IReadOnlyList<TraceEvent>>([.. _trace.Where(trace => trace.MessageId == id.Value)]);
    }

    public Task<StateCounts> CountByStateAsync(IReadOnlyCollection<int> siteIds, CancellationToken stop)
    {
        var entries = Recipients.Where(recipient => siteIds.Contains(recipient.SiteId)).ToList();
        return Task.FromResult(new StateCounts(
            Of(RecipientState.Queued), Of(RecipientState.Delivering), Of(RecipientState.Frozen), long.MaxValue, null));

        long Of(RecipientState state) => entries.Where(entry => entry.State == state).DistinctBy(entry => entry.MessageId).Count();
    }

    public Task<long> CountLiveAsync(int siteId, CancellationToken stop) =>
        Task.FromResult((long)Messages.Count(message => message.SiteId == siteId && message.LiveRecipients > 0));

    public async Task<Destination?> FindDestinationAsync(int siteId, string domain, CancellationToken stop)
    {
        // Like a real store: others run meanwhile.
        await Task.Yield();
        return Live(siteId, domain);
    }

    public Task<DateTimeOffset?> FindOldestAsync(int siteId, string domain, CancellationToken stop)
    {
        lock (_lock)
        {
            return Task.FromResult(_messages.Values.Where(message => message.Recipients.Exists(recipient =>
                recipient.SiteId == siteId && IsLive(recipient) && recipient.Domain == domain)).Min(message => (DateTimeOffset?)message.ReceivedAt));
        }
    }

    public Task<long> CountFrozenAsync(int siteId, string domain, CancellationToken stop)
    {
        lock (_lock)
        {
            return Task.FromResult(_messages.Values.LongCount(message => message.Recipients.Exists(recipient =>
                recipient.SiteId == siteId && recipient.State == RecipientState.Frozen && recipient.Domain == domain)));
        }
    }

    Destination? Live(int siteId, string domain)
    {
        lock (_lock)
        {
            ThrowTrouble();
            var mine = _messages.Values.Where(message => message.Recipients.Exists(recipient =>
                recipient.SiteId == siteId && IsLive(recipient) && recipient.Domain == domain)).ToList();
            return mine.Count == 0 ? null : new() { SiteId = siteId, Domain = domain, Reversed = "", Messages = mine.Count, Bytes = mine.Sum(message => message.Size) };
        }
    }

    public Task<IReadOnlyList<Destination>> FindSubdomainsAsync(int siteId, string domain, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<Destination>>([.. Recipients.Where(recipient => recipient.SiteId == siteId && IsLive(recipient))
            .Select(recipient => recipient.Domain).Distinct().Where(name => name.EndsWith("." + domain, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(name => Live(siteId, name)!)]);

    public Task<Page<DestinationSummary>> ListDestinationsAsync(int siteId, string? cursor, int limit, CancellationToken stop) => throw new NotSupportedException();
    public Task<Page<DestinationSummary>> FindDestinationsAsync(int siteId, DestinationQuery query, string? cursor, int limit, CancellationToken stop) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> FindOrphansAsync(IReadOnlyCollection<string> contentPaths, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<string>>([.. contentPaths.Where(path => Messages.All(message => message.ContentPath != path))]);

    public Task<bool> ProbeAsync(CancellationToken stop) => Task.FromResult(true);

    void ThrowTrouble()
    {
        if (Trouble is { } trouble) throw trouble;
    }

    static bool IsLive(Recipient recipient) =>
        recipient.State is RecipientState.Queued or RecipientState.Delivering or RecipientState.Held or RecipientState.Frozen;

    /// <summary>An operator's hand.</summary>
    public void Freeze(string address)
    {
        lock (_lock)
        {
            foreach (var recipient in _messages.Values.SelectMany(message => message.Recipients).Where(recipient => recipient.Address == address))
                recipient.State = RecipientState.Frozen;
        }
    }

    static Message Copy(Message message) => new()
    {
        Id = message.Id, SiteId = message.SiteId, ReceivedAt = message.ReceivedAt, ClientAddress = message.ClientAddress, HeloName = message.HeloName,
        Account = message.Account, Protocol = message.Protocol, MailFrom = message.MailFrom, Body = message.Body, SmtpUtf8 = message.SmtpUtf8,
        Return = message.Return, EnvelopeId = message.EnvelopeId, Size = message.Size, Subject = message.Subject, HeaderMessageId = message.HeaderMessageId,
        ContentPath = message.ContentPath, LiveRecipients = message.LiveRecipients, Recipients = [.. message.Recipients.Select(Copy)],
    };

    static Recipient Copy(Recipient recipient) => new()
    {
        Id = recipient.Id, MessageId = recipient.MessageId, SiteId = recipient.SiteId, Address = recipient.Address, Domain = recipient.Domain,
        State = recipient.State, DueAt = recipient.DueAt, Attempts = recipient.Attempts, Lease = recipient.Lease, LeaseUntil = recipient.LeaseUntil,
        LeasedFrom = recipient.LeasedFrom, LastReply = recipient.LastReply, DeliveredTo = recipient.DeliveredTo, SettledAt = recipient.SettledAt,
        Notify = recipient.Notify, OriginalRecipient = recipient.OriginalRecipient,
        ViaDomain = recipient.ViaDomain, ViaSmartHost = recipient.ViaSmartHost, DelayReportedAt = recipient.DelayReportedAt, HeldBackUntil = recipient.HeldBackUntil,
    };
}
