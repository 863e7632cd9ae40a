using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// Where a group of entries goes: a plan of a site, or a folder. Domains that go over the same smart hosts are one
/// destination; a changed setting makes another.
/// </summary>
/// <param name="Folder">Null unless the plan is to drop.</param>
sealed record DestinationKey(SiteSnapshot Site, RoutePlan Plan, string? Folder)
{
    /// <summary>What it is called.</summary>
    public string Name => Folder ?? Plan.Name;

    public bool Equals(DestinationKey? other) =>
        other is not null && Site.Id == other.Site.Id && Site.Version == other.Site.Version && Folder == other.Folder
        && Plan.Settings.Text == other.Plan.Settings.Text && Plan.Hops.SequenceEqual(other.Plan.Hops);

    public override int GetHashCode()
    {
        var hash = HashCode.Combine(Site.Id, Folder);
        foreach (var hop in Plan.Hops) hash = HashCode.Combine(hash, hop.Route);
        return hash;
    }
}

/// <summary>
/// What waits in memory for one destination, and who works on it: a few at first, one more for each success, one alone
/// after a failure. Lives only while it has work. Thread-safe.
/// </summary>
sealed class DestinationWork(DestinationKey key)
{
    const int FirstWorkers = 5;

    /// <summary>Files are written one after another by the disk anyway.</summary>
    const int MostFolderWorkers = 4;

    /// <summary>More wait in the database: one destination must not take all the room.</summary>
    const int MostWaiting = 200;

    readonly Queue<LeasedMessage> _waiting = new();
    readonly List<TaskCompletionSource<LeasedMessage?>> _idle = [];
    readonly Lock _lock = new();
    readonly int _mostWorkers = MostWorkers(key);
    int _workers;
    int _allowed = Math.Min(FirstWorkers, MostWorkers(key));
    bool _wasFull, _waitsForPlace, _over;

    public DestinationKey Key => key;

    /// <summary>Nothing waits, and nobody works.</summary>
    public bool IsOver
    {
        get { lock (_lock) return _over; }
    }

    public bool IsFull
    {
        get { lock (_lock) return _waiting.Count >= MostWaiting; }
    }

    /// <summary>There is room for more than a few.</summary>
    public bool HasRoom
    {
        get { lock (_lock) return _over || _waiting.Count <= MostWaiting / 2; }
    }

    /// <summary>Begins cautiously: it failed when it was tried last.</summary>
    public void BeCautious()
    {
        lock (_lock) _allowed = 1;
    }

    /// <summary>False: it is full, or over. <paramref name="worker"/>: somebody must begin to work on it.</summary>
    public bool TryAdd(LeasedMessage message, out bool worker, out bool over)
    {
        lock (_lock)
        {
            (worker, over) = (false, _over);
            if (_over) return false;
            if (_waiting.Count >= MostWaiting)
            {
                _wasFull = true;
                return false;
            }
            // The one that was busy last, so that the others come to their end.
            if (_idle.Count > 0)
            {
                var idle = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
                idle.SetResult(message);
                return true;
            }
            _waiting.Enqueue(message);
            worker = TryGrow();
            return true;
        }
    }

    /// <summary>
    /// The next message; null: the worker is done. The last one ends the object.
    /// </summary>
    /// <param name="linger">How long to wait for one that may come.</param>
    /// <param name="room">What was full has room again.</param>
    public ValueTask<LeasedMessage?> TakeAsync(TimeSpan linger, TimeProvider time, CancellationToken ending, out bool room)
    {
        lock (_lock)
        {
            room = _wasFull && _waiting.Count <= MostWaiting / 2;
            if (room) _wasFull = false;
            if (_waiting.TryDequeue(out var message)) return new(message);
            if (linger > TimeSpan.Zero && _workers <= _allowed)
            {
                var idle = new TaskCompletionSource<LeasedMessage?>(TaskCreationOptions.RunContinuationsAsynchronously);
                _idle.Add(idle);
                return new(LingerAsync(idle, linger, time, ending));
            }
            Retire();
            return default;
        }
    }

    async Task<LeasedMessage?> LingerAsync(TaskCompletionSource<LeasedMessage?> idle, TimeSpan linger, TimeProvider time, CancellationToken ending)
    {
        await ((Task)idle.Task).WaitAsync(linger, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (!_idle.Remove(idle)) return idle.Task.GetAwaiter().GetResult();
            Retire();
            return null;
        }
    }

    /// <summary>It goes well. True: one more should work on it.</summary>
    public bool Succeeded()
    {
        lock (_lock)
        {
            if (_allowed < _mostWorkers) _allowed++;
            return TryGrow();
        }
    }

    /// <summary>A connection broke.</summary>
    public void Stumbled()
    {
        lock (_lock) _allowed = Math.Max(1, _allowed / 2);
    }

    /// <summary>It failed as a whole: what waits is not tried. The others leave when they have done what they are at.</summary>
    public IReadOnlyList<LeasedMessage> Failed()
    {
        lock (_lock)
        {
            _allowed = 1;
            _wasFull = false;
            var waited = _waiting.ToList();
            _waiting.Clear();
            return waited;
        }
    }

    /// <summary>A worker that was wanted cannot begin. True: nobody works on it, and there is a place to wait for.</summary>
    public bool WaitsForPlace()
    {
        lock (_lock) return _waitsForPlace = --_workers == 0;
    }

    /// <summary>Its wait for a place is over. True: somebody is still wanted, and begins.</summary>
    public bool TryBegin()
    {
        lock (_lock)
        {
            _waitsForPlace = false;
            if (_over || _waiting.Count == 0) return false;
            _workers++;
            return true;
        }
    }

    /// <summary>A worker is gone in the middle of its work.</summary>
    public void Abandoned()
    {
        lock (_lock) Retire();
    }

    /// <summary>As many as have something to do soon, not one for each message.</summary>
    bool TryGrow()
    {
        if (_waitsForPlace || _workers >= _allowed || _waiting.Count <= _workers / 2) return false;
        _workers++;
        return true;
    }

    void Retire() => _over = --_workers == 0 && _waiting.Count == 0;

    static int MostWorkers(DestinationKey key)
    {
        if (key.Folder is not null) return MostFolderWorkers;
        var most = key.Plan.Settings.Get(SettingsTable.MaxOutboundConnectionsPerDomain) is > 0 and var set ? (int)Math.Min(set, int.MaxValue) : int.MaxValue;
        return key.Plan.Hops is [RouteHop.Via { Limits.Connections: { } limit }] ? Math.Min(most, limit) : most;
    }
}
