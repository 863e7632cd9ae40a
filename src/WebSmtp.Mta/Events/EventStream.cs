using System.Collections.Immutable;
using System.Threading.Channels;

namespace WebSmtp.Mta.Events;

/// <summary>What happened, for those who watch. Detail is for people; ids lead to the rest.</summary>
public abstract record MtaEvent(DateTimeOffset At, int SiteId);

public sealed record MessageEvent(DateTimeOffset At, int SiteId, string MessageId, string What, string? Domain) : MtaEvent(At, SiteId);
public sealed record SessionEvent(DateTimeOffset At, int SiteId, string SessionId, string What) : MtaEvent(At, SiteId);
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

    /// <summary>Nobody listens: publishers may save the work of making an event.</summary>
    public bool HasReaders => !_readers.IsEmpty;

    public void Publish(MtaEvent what)
    {
        foreach (var reader in _readers) reader.Writer.TryWrite(what);
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
