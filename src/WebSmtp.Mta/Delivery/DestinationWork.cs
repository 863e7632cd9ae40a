using System.Diagnostics.CodeAnalysis;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Delivery;

/// <summary>Where a group of entries goes: the hosts of a route, or a folder. Exactly one of the two is there.</summary>
sealed record DestinationKey(int SiteId, string Domain, HostRoute? Hosts, string? Tls, string? Folder);

/// <summary>What waits in memory for one destination, and how many work on it. Lives only while it has work. Thread-safe.</summary>
sealed class DestinationWork(DestinationKey key, SiteSnapshot site)
{
    /// <summary>Deliveries to one destination at the same time.</summary>
    const int MostWorkers = 5;

    /// <summary>Messages that are worth another connection.</summary>
    const int MessagesPerWorker = 20;

    /// <summary>More wait in the database: one destination must not take all the room.</summary>
    const int MostWaiting = 500;

    readonly Queue<LeasedMessage> _waiting = new();
    readonly Lock _lock = new();
    int _workers;
    bool _over;

    public DestinationKey Key => key;
    public SiteSnapshot Site => site;

    /// <summary>False: it is full, or over. <paramref name="worker"/>: somebody must begin to work on it.</summary>
    public bool TryAdd(LeasedMessage message, out bool worker, out bool over)
    {
        lock (_lock)
        {
            (worker, over) = (false, _over);
            if (_over || _waiting.Count >= MostWaiting) return false;
            _waiting.Enqueue(message);
            worker = _workers < MostWorkers && _waiting.Count > _workers * MessagesPerWorker;
            if (worker) _workers++;
            return true;
        }
    }

    /// <summary>False: the worker is done. The last one ends the object.</summary>
    public bool TryTake([NotNullWhen(true)] out LeasedMessage? message)
    {
        lock (_lock)
        {
            if (_waiting.TryDequeue(out message)) return true;
            _over = --_workers == 0;
            return false;
        }
    }
}
