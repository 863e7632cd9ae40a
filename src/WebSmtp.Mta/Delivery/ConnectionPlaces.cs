using System.Collections.Concurrent;

namespace WebSmtp.Mta.Delivery;

/// <summary>Counts the deliveries of each site against its limit; a destination that has to wait gets the next place. Thread-safe.</summary>
sealed class ConnectionPlaces
{
    readonly ConcurrentDictionary<int, Places> _sites = new();

    /// <summary>A place for one worker more; false: there is none, and work that nobody is at waits for the next.</summary>
    /// <param name="limit">0: none.</param>
    public bool TryTake(int siteId, long limit, DestinationWork work)
    {
        var places = _sites.GetOrAdd(siteId, static _ => new());
        lock (places)
        {
            if (limit > 0 && places.Taken >= limit)
            {
                if (work.WaitsForPlace()) places.Waiting.Enqueue(work);
                return false;
            }
            places.Taken++;
            return true;
        }
    }

    /// <summary>Others wait: nobody should keep a place only because more might come.</summary>
    public bool AreScarce(int siteId) => _sites.TryGetValue(siteId, out var places) && places.Waiting.Count > 0;

    /// <summary>Gives a place back; the destination that should have it, if one waits, with a worker begun.</summary>
    public DestinationWork? Leave(int siteId)
    {
        var places = _sites[siteId];
        lock (places)
        {
            places.Taken--;
            // What others have done meanwhile wants no place any more.
            while (places.Waiting.TryDequeue(out var next))
                if (next.TryBegin()) return next;
            return null;
        }
    }

    sealed class Places
    {
        public long Taken { get; set; }
        public Queue<DestinationWork> Waiting { get; } = new();
    }
}
