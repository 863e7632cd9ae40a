using Microsoft.Extensions.Time.Testing;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>A clock that stands still and tells when somebody began to wait for a time-out.</summary>
sealed class AlarmClock : FakeTimeProvider
{
    readonly Lock _gate = new();
    TimeSpan _armed = Timeout.InfiniteTimeSpan;
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Alarm(this, base.CreateTimer(callback, state, dueTime, period));

    /// <summary>Waits until somebody waits for exactly this long.</summary>
    public async Task ArmedAsync(TimeSpan due, CancellationToken stop)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_armed == due) return;
                changed = _changed.Task;
            }
            await changed.WaitAsync(stop);
        }
    }

    void Changed(TimeSpan due)
    {
        lock (_gate)
        {
            _armed = due;
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
