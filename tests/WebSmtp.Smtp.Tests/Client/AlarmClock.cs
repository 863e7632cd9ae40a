using Microsoft.Extensions.Time.Testing;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>
/// A clock that stands still and tells when somebody began to wait for a time-out, and what <paramref name="stamp"/>
/// said at that moment.
/// </summary>
sealed class AlarmClock(Func<int> stamp) : FakeTimeProvider
{
    readonly Lock _gate = new();
    TimeSpan _armed = Timeout.InfiniteTimeSpan;
    int _stamp;
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Alarm(this, base.CreateTimer(callback, state, dueTime, period));

    /// <summary>Waits until somebody waits for exactly this long, and began to at this stamp or a later one.</summary>
    public async Task ArmedAsync(TimeSpan due, CancellationToken stop, int since = 0)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_armed == due && _stamp >= since) return;
                changed = _changed.Task;
            }
            await changed.WaitAsync(stop);
        }
    }

    void Changed(TimeSpan due)
    {
        lock (_gate)
        {
            (_armed, _stamp) = (due, stamp());
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    sealed class Alarm(AlarmClock clock, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var done = inner.Change(dueTime, period);
            clock.Changed(dueTime);
            return done;
        }

        public void Dispose() => inner.Dispose();
        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
