using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Collection;

/// <summary>What collections work with. Thread-safe.</summary>
sealed class CollectionContext(
    IQueueStore queue, ICollectionStore records, Settling settling, Outbound outbound, EventStream events, TimeProvider time,
    string nodePrefix, ILogger logger, CancellationToken stopping)
{
    long _owners;

    public IQueueStore Queue => queue;
    public ICollectionStore Records => records;
    public Settling Settling => settling;
    public Outbound Outbound => outbound;
    public EventStream Events => events;
    public TimeProvider Time => time;
    public ILogger Logger => logger;

    /// <summary>Cancelled when the program ends; until then results are written, whatever became of the connection.</summary>
    public CancellationToken Stopping => stopping;

    public string NewOwner(CollectionMethod method) => $"{nodePrefix}{method.ToString().ToLowerInvariant()}/{Interlocked.Increment(ref _owners)}";
}
