using System.Collections.Immutable;
using System.Threading.Channels;

namespace WebSmtp.Mta.Events;

/// <summary>What happened, for those who watch. Detail is for people; ids lead to the rest.</summary>
public abstract record MtaEvent(DateTimeOffset At, int SiteId);

public sealed record MessageEvent(DateTimeOffset At, int SiteId, string MessageId, string What, string? Domain) : MtaEvent(At, SiteId);
public sealed record SessionEvent(DateTimeOffset At, int SiteId, string SessionId, string What) : MtaEvent(At, SiteId);

/// <summary>There are lines in the protocol log that nobody has read yet.</summary>
public sealed record LogEvent(DateTimeOffset At, int SiteId, string SessionId) : MtaEvent(At, SiteId);
public sealed record SiteEvent(DateTimeOffset At, int SiteId, string What) : MtaEvent(At, SiteId);
public sealed record QueueEvent(DateTimeOffset At, int SiteId, string What, string? Domain) : MtaEvent(At, SiteId);
public sealed record RouteEvent(DateTimeOffset At, int SiteId, string Route, Delivery.RouteCondition State, string? Reason) : MtaEvent(At, SiteId);
public sealed record CollectionEvent(DateTimeOffset At, int SiteId, long CollectionId, string Domain, string What) : MtaEvent(At, SiteId);
public sealed record OperationEvent(
    DateTimeOffset At, int SiteId, string OperationId, Queue.OperationState State, long Done, long Total) : MtaEvent(At, SiteId);

/// <summary>An administrator or operator did something. Of no site: <paramref name="Subject"/> is the REST API's path of what it was done to.</summary>
public sealed record ChangeEvent(DateTimeOffset At, string Action, string Subject) : MtaEvent(At, 0);

/// <summary>
/// One stream of facts inside the process. Publishing never waits: a reader that falls behind loses the oldest events.
/// Thread-safe.
/// </summary>
public sealed class EventStream
{
    ImmutableArray<Channel<MtaEvent>> _readers = [];
    ImmutableArray<EventWatch> _watches = [];

    /// <summary>Nobody listens: publishers may save the work of making an event.</summary>
    public bool HasReaders => !_readers.IsEmpty || !_watches.IsEmpty;

    public void Publish(MtaEvent what)
    {
        foreach (var reader in _readers) reader.Writer.TryWrite(what);
        foreach (var watch in _watches) watch.Look(what);
    }

    /// <summary>Tells that something happened, not what: costs the same however much it is.</summary>
    /// <param name="concerns">Asked on the publisher's thread: quick, and without a lock.</param>
    /// <returns>To be disposed of.</returns>
    public EventWatch Watch(Func<MtaEvent, bool> concerns)
    {
        var watch = new EventWatch(concerns, over => ImmutableInterlocked.Update(ref _watches, static (all, mine) => all.Remove(mine), over));
        ImmutableInterlocked.Update(ref _watches, static (all, mine) => all.Add(mine), watch);
        return watch;
    }

    /// <summary>Events from now on, until the token is cancelled.</summary>
    public async IAsyncEnumerable<MtaEvent> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        var channel = Channel.CreateBounded<MtaEvent>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        ImmutableInterlocked.Update(ref _readers, static (all, mine) => all.Add(mine), channel);
        try
        {
            await foreach (var what in channel.Reader.ReadAllAsync(stop)) yield return what;
        }
        finally
        {
            ImmutableInterlocked.Update(ref _readers, static (all, mine) => all.Remove(mine), channel);
        }
    }
}

/// <summary>Whether something happened since it was last asked. One waits at a time.</summary>
public sealed class EventWatch : IDisposable
{
    readonly Func<MtaEvent, bool> _concerns;
    readonly Action<EventWatch> _over;
    readonly Channel<bool> _happened = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    volatile bool _marked;

    internal EventWatch(Func<MtaEvent, bool> concerns, Action<EventWatch> over) => (_concerns, _over) = (concerns, over);

    /// <summary>Waits until something happens; at once when it has since the last time.</summary>
    public async Task WaitAsync(CancellationToken stop)
    {
        await _happened.Reader.ReadAsync(stop);
        _marked = false;
    }

    /// <summary>As if something had happened.</summary>
    public void Mark()
    {
        _marked = true;
        _happened.Writer.TryWrite(true);
    }

    internal void Look(MtaEvent what)
    {
        if (_marked) return;
        bool concerns;
        try
        {
            concerns = _concerns(what);
        }
        catch (Exception)
        {
            // What moves mail does not fail because somebody watches.
            concerns = true;
        }
        if (concerns) Mark();
    }

    public void Dispose() => _over(this);
}
