using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Tests.Sites;

/// <summary>Knows only how many messages of which destination each site has: what the operations on sites ask a queue.</summary>
sealed class MemoryQueueStore : IQueueStore
{
    public Dictionary<(int SiteId, string Domain), long> Messages { get; } = [];
    public List<(int SiteId, string Domain, bool Hold)> Rerouted { get; } = [];

    /// <summary>Happens right before the given count: mail that comes in at a bad moment.</summary>
    public (int Count, Action Act)? BeforeCount { get; set; }
    int _counts;

    public Task<long> CountLiveAsync(int siteId, CancellationToken stop)
    {
        if (BeforeCount is { } before && ++_counts == before.Count) before.Act();
        return Task.FromResult(Messages.Where(pair => pair.Key.SiteId == siteId).Sum(pair => pair.Value));
    }

    public Task<long> MoveSiteAsync(int fromSiteId, int toSiteId)
    {
        var moved = 0L;
        foreach (var (key, count) in Messages.Where(pair => pair.Key.SiteId == fromSiteId).ToList())
        {
            Messages.Remove(key);
            Messages[(toSiteId, key.Domain)] = Messages.GetValueOrDefault((toSiteId, key.Domain)) + count;
            moved += count;
        }
        return Task.FromResult(moved);
    }

    public Task ReroutedAsync(int siteId, string domain, bool hold, DateTimeOffset now)
    {
        Rerouted.Add((siteId, domain, hold));
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<Destination>> FindSubdomainsAsync(int siteId, string domain, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<Destination>>([.. Messages.Keys
            .Where(key => key.SiteId == siteId && key.Domain.EndsWith("." + domain, StringComparison.Ordinal))
            .Select(key => new Destination { SiteId = siteId, Domain = key.Domain, Reversed = "" })]);

    public Task<Page<DestinationSummary>> FindDestinationsAsync(int siteId, DestinationQuery query, string? cursor, int limit, CancellationToken stop) =>
        throw new NotSupportedException();

    public Task<Page<DestinationSummary>> ListDestinationsAsync(int siteId, string? cursor, int limit, CancellationToken stop)
    {
        // One a page, so that who asks has to go on asking.
        var rest = Messages.Keys.Where(key => key.SiteId == siteId).Select(key => key.Domain)
            .Order(StringComparer.Ordinal).SkipWhile(name => cursor is not null && string.CompareOrdinal(name, cursor) <= 0).ToList();
        var items = rest.Take(1).Select(name => new DestinationSummary(name, 1, 1, null, null, null, false, false, false, false)).ToList();
        return Task.FromResult(new Page<DestinationSummary>(items, rest.Count > 1 ? rest[0] : null, rest.Count));
    }

    public Task<StateCounts> CountByStateAsync(IReadOnlyCollection<int> siteIds, CancellationToken stop) => throw new NotSupportedException();
    public Task CommitAsync(Message message, ReadOnlyMemory<byte>? inlineContent) => throw new NotSupportedException();
    public Task<IReadOnlyList<LeasedMessage>> LeaseHeldAsync(Lease lease, int siteId, IReadOnlyCollection<string> domains, int maxMessages, CancellationToken stop) => throw new NotSupportedException();
    public Task<IReadOnlyList<LeasedMessage>> LeaseDueAsync(Lease lease, IReadOnlyCollection<int> siteIds, DateTimeOffset now, int maxMessages, IReadOnlyCollection<(int SiteId, string Domain)> except, CancellationToken stop) => throw new NotSupportedException();
    public Task<long> MoveDueAsync(int siteId, DateTimeOffset from, DueMove to) => throw new NotSupportedException();
    public Task<DateTimeOffset?> NextDueAsync(IReadOnlyCollection<int> siteIds, CancellationToken stop) => throw new NotSupportedException();
    public Task RenewAsync(Lease lease, CancellationToken stop) => throw new NotSupportedException();
    public Task<IReadOnlyList<string>> SettleAsync(IReadOnlyList<Settlement> settlements, IReadOnlyList<NewReport>? reports = null) => throw new NotSupportedException();
    public Task ReleaseAsync(string leaseOwner) => throw new NotSupportedException();
    public Task RecoverAsync(string nodePrefix, DateTimeOffset now) => throw new NotSupportedException();
    public Task<IReadOnlyList<LeasedMessage>> LeaseOverdueAsync(Lease lease, int siteId, string domain, DateTimeOffset receivedBefore, int maxMessages, CancellationToken stop) => throw new NotSupportedException();
    public Task<DeleteResult> DeleteAsync(MessageId id, string by, IReadOnlyCollection<long>? recipientIds = null) => throw new NotSupportedException();
    public Task<int> PurgeHistoryAsync(DateTimeOffset settledBefore, int max) => throw new NotSupportedException();
    public Task<ReadOnlyMemory<byte>?> ReadContentAsync(MessageId id, CancellationToken stop) => throw new NotSupportedException();
    public Task<Message?> FindAsync(MessageId id, CancellationToken stop) => throw new NotSupportedException();
    public Task<MessageList> ListAsync(IReadOnlyList<MessageFilter> filters, MessageSort sort, string? cursor, int limit, CancellationToken stop) => throw new NotSupportedException();
    public Task<IReadOnlyList<TraceEvent>> TraceAsync(MessageId id, CancellationToken stop) => throw new NotSupportedException();
    public Task<Destination?> FindDestinationAsync(int siteId, string domain, CancellationToken stop) => throw new NotSupportedException();
    public Task<DateTimeOffset?> FindOldestAsync(int siteId, string domain, CancellationToken stop) => throw new NotSupportedException();
    public Task<long> CountFrozenAsync(int siteId, string domain, CancellationToken stop) => throw new NotSupportedException();
    public Task<IReadOnlyList<string>> FindOrphansAsync(IReadOnlyCollection<string> contentPaths, CancellationToken stop) => throw new NotSupportedException();
    public Task<IReadOnlyCollection<long>> ChangeAsync(IReadOnlyList<EntryChange> changes) => throw new NotSupportedException();
    public Task<LeasedMessage?> LeaseAsync(Lease lease, MessageId id, IReadOnlyCollection<long> recipientIds, CancellationToken stop) => throw new NotSupportedException();
    public Task<bool> MoveAsync(MessageId id, int fromSiteId, int toSiteId, string by, IReadOnlyList<EntryChange> changes) => throw new NotSupportedException();
    public Task<IReadOnlyList<Message>> WalkAsync(MessageFilter filter, MessageId after, int limit, CancellationToken stop) => throw new NotSupportedException();
    public Task<long> CountAsync(MessageFilter filter, CancellationToken stop) => throw new NotSupportedException();
    public Task<bool> StopDestinationAsync(StoppedDestination destination) => throw new NotSupportedException();
    public Task<bool> RestartDestinationAsync(int siteId, string domain) => throw new NotSupportedException();
    public Task<StoppedDestination?> FindStoppedAsync(int siteId, string domain, CancellationToken stop) => throw new NotSupportedException();
    public Task<bool> ProbeAsync(CancellationToken stop) => throw new NotSupportedException();
}
