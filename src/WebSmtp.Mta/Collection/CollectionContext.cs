using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Collection;

/// <summary>What collections work with. Thread-safe.</summary>
sealed class CollectionContext(
    SiteRegistry sites, IQueueStore queue, ICollectionStore records, Settling settling, Outbound outbound, EventStream events, TimeProvider time,
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

    /// <summary>A site that is stopped (or gone) sends no mail, also not what was begun.</summary>
    public bool Runs(SiteSnapshot site) => sites.Find(site.Id)?.State is SiteState.Running or SiteState.Paused;

    public string NewOwner(CollectionMethod method) => $"{nodePrefix}{method.ToString().ToLowerInvariant()}/{Interlocked.Increment(ref _owners)}";
}
