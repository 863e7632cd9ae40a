using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Trace;

namespace WebSmtp.Mta.Tests.Trace;

/// <summary>Refusals in memory; messages are those that a test gives it.</summary>
sealed class FakeTraceStore : ITraceStore
{
    readonly Lock _lock = new();
    readonly List<Rejection> _rejections = [];

    /// <summary>Waited for by each write, while it is set.</summary>
    public Task? Until { get; set; }
    public List<Message> Messages { get; } = [];
    public List<FoundEvent> Events { get; } = [];
    public int Writes { get; private set; }

    public IReadOnlyList<Rejection> Rejections
    {
        get { lock (_lock) return [.. _rejections]; }
    }

    public async Task AddRejectionsAsync(IReadOnlyList<Rejection> rejections)
    {
        if (Until is { } until) await until;
        lock (_lock)
        {
            _rejections.AddRange(rejections);
            Writes++;
        }
    }

    public Task<TraceRange<Message>> FindMessagesAsync(TraceFilter filter, long before, int limit, CancellationToken stop) =>
        Task.FromResult(Newest(Messages.Where(message => filter.Sender is null || message.MailFrom == filter.Sender), message => message.Id, before, limit));

    public Task<TraceRange<Rejection>> FindRejectionsAsync(TraceFilter filter, long before, int limit, CancellationToken stop) =>
        Task.FromResult(Newest(Rejections.Where(rejection => filter.Sender is null || rejection.MailFrom == filter.Sender), rejection => rejection.Id, before, limit));

    public Task<TraceRange<FoundEvent>> FindEventsAsync(TraceFilter filter, IReadOnlyList<string> events, long before, int limit, CancellationToken stop) =>
        Task.FromResult(Newest(Events.Where(one => events.Contains(one.Event.Event)), one => one.Event.Id, before, limit));

    static TraceRange<T> Newest<T>(IEnumerable<T> all, Func<T, long> id, long before, int limit)
    {
        var found = all.Where(one => id(one) < before).OrderByDescending(id).Take(limit).ToList();
        return new(found, found.Count == limit ? id(found[^1]) : null);
    }

    public Task<bool> IndexAsync(DateTimeOffset before, CancellationToken stop) => Task.FromResult(false);
    public Task<bool> PurgeAsync(DateTimeOffset before, int max, CancellationToken stop) => Task.FromResult(false);
}
