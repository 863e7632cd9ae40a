namespace WebSmtp.Smtp.Server;

/// <summary>
/// Watches how long the session waits for its peer. Setting a timer for each wait would cost more than a command does:
/// here a wait is two writes, and the one timer looks when the limit could have passed, and sets itself anew.
/// </summary>
sealed class InactivityWatch : IDisposable
{
    const long NotWaiting = long.MinValue;

    readonly TimeProvider _time;
    TimeSpan _limit;
    readonly Action _whenExpired;
    readonly ITimer _timer;
    long _waitingSince = NotWaiting;
    volatile bool _expired;

    /// <param name="whenExpired">Called once, on the timer's thread, to wake the session.</param>
    public InactivityWatch(TimeProvider time, TimeSpan limit, Action whenExpired)
    {
        _time = time;
        _limit = limit;
        _whenExpired = whenExpired;
        _timer = time.CreateTimer(static watch => ((InactivityWatch)watch!).Look(), this, limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A wait passed the limit.</summary>
    public bool Expired => _expired;

    public void Begin() => Volatile.Write(ref _waitingSince, _time.GetTimestamp());

    public void End() => Volatile.Write(ref _waitingSince, NotWaiting);

    /// <summary>Another limit from now on; a limit that was passed is forgiven. Called by the session between two waits.</summary>
    public void Restart(TimeSpan limit)
    {
        _limit = limit;
        _expired = false;
        _timer.Change(limit, Timeout.InfiniteTimeSpan);
    }

    void Look()
    {
        var since = Volatile.Read(ref _waitingSince);
        var left = since == NotWaiting ? _limit : _limit - _time.GetElapsedTime(since);
        if (left > TimeSpan.Zero)
        {
            // A timer finer than its clock would look again and again.
            _timer.Change(left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left, Timeout.InfiniteTimeSpan);
            return;
        }
        _expired = true;
        _whenExpired();
    }

    public void Dispose() => _timer.Dispose();
}
