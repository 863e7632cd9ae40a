using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Queue;

/// <summary>
/// Keeps entries of stopped destinations from being leased, in the one place where all leases are taken: such an entry is
/// frozen instead. Mail that comes for a stopped destination is so handled once, when it would be tried for the first
/// time, and never looked at again; whatever else is due pays one look into a small table for each destination of its
/// window, and nothing has to be searched past. It holds for all nodes from the commit on that stopped the destination.
/// </summary>
sealed class StoppedDestinations(WriteBatch batch)
{
    readonly Dictionary<(int SiteId, string Domain), string?> _known = [];

    /// <summary>True: its destination is stopped, and it is frozen now (or was taken by somebody else).</summary>
    public async ValueTask<bool> FreezeAsync(Recipient entry, RecipientState from)
    {
        if (await FindAsync(entry) is not { } by) return false;
        await QueueStore.ChangeAsync(batch, new(entry.Id, from, RecipientState.Frozen, null, Frozen(by)));
        return true;
    }

    /// <summary>An entry that is about to be inserted with a lease is frozen instead. Null: its destination is not stopped.</summary>
    public async ValueTask<TraceEvent?> FreezeNewAsync(Recipient entry)
    {
        if (await FindAsync(entry) is not { } by) return null;
        (entry.State, entry.LeasedFrom, entry.Lease, entry.LeaseUntil) = (RecipientState.Frozen, null, null, null);
        var frozen = Frozen(by);
        frozen.Recipient = entry.Address;
        return frozen;
    }

    /// <summary>Who stopped the entry's destination; null: nobody did.</summary>
    async ValueTask<string?> FindAsync(Recipient entry)
    {
        var key = (entry.SiteId, entry.Domain);
        if (_known.TryGetValue(key, out var by)) return by;
        var rows = await batch.Writer.QueryAsync(HotStatements.StoppedBy, row => row.GetString(0), entry.SiteId, entry.Domain);
        return _known[key] = rows.FirstOrDefault();
    }

    static TraceEvent Frozen(string by) => new() { Event = "frozen", Detail = "The destination is stopped.", By = by };
}
