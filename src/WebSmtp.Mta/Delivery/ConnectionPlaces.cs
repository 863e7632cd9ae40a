using System.Collections.Concurrent;

namespace WebSmtp.Mta.Delivery;

/// <summary>Counts the deliveries of each site against its limit; a destination that has to wait gets the next place. Thread-safe.</summary>
sealed class ConnectionPlaces
{
    readonly ConcurrentDictionary<int, Places> _sites = new();

    /// <param name="limit">0: none.</param>
    public bool TryTake(int siteId, long limit)
    {
        var places = _sites.GetOrAdd(siteId, static _ => new());
        lock (places)
        {
            if (limit > 0 && places.Taken >= limit) return false;
            places.Taken++;
            return true;
        }
    }

    /// <summary>Nobody works on it, for want of a place.</summary>
    public void Wait(int siteId, DestinationWork work)
    {
        var places = _sites.GetOrAdd(siteId, static _ => new());
        lock (places) places.Waiting.Enqueue(work);
    }

    /// <summary>Others wait: nobody should keep a place only because more might come.</summary>
    public bool AreScarce(int siteId) => _sites.TryGetValue(siteId, out var places) && places.Waiting.Count > 0;

    /// <summary>Gives a place back; the destination that should try to have it, if one waits.</summary>
    public DestinationWork? Leave(int siteId)
    {
        var places = _sites[siteId];
        lock (places)
        {
            places.Taken--;
            return places.Waiting.TryDequeue(out var next) ? next : null;
        }
    }

    sealed class Places
    {
        public long Taken { get; set; }
        public Queue<DestinationWork> Waiting { get; } = new();
    }
}
