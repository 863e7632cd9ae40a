using WebSmtp.Admin.Sites;
using WebSmtp.Mta.Alarms;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Admin.Overview;

/// <summary>
/// One load for all who look at the same moment, so that ten pages cost little more than one. Nobody is given what was
/// begun before he asked: it might not know yet what he was told has changed. Thread-safe.
/// </summary>
sealed class OverviewLoad(SiteRegistry sites, SessionRegistry sessions, QueueOperations queue, HeldMail heldMail, AlarmList alarms, TimeProvider time)
{
    /// <summary>Between two loads for pages that are live: who asks meanwhile waits for the next, and so they get in step.</summary>
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    readonly Lock _lock = new();
    Task<OverviewFigures>? _running, _next;
    long _began;

    /// <param name="isLive">It can wait; a page that is just opened can't.</param>
    public Task<OverviewFigures> GetAsync(bool isLive, CancellationToken stop)
    {
        lock (_lock)
        {
            if (_next is not null && isLive) return _next.WaitAsync(stop);
            if (_running is null) return Begin().WaitAsync(stop);
            if (!isLive) return LoadAsync().WaitAsync(stop);
            var wait = Interval - time.GetElapsedTime(_began);
            if (_running.IsCompleted && wait <= TimeSpan.Zero) return Begin().WaitAsync(stop);
            return (_next = AfterAsync(_running, wait)).WaitAsync(stop);
        }
    }

    Task<OverviewFigures> Begin()
    {
        _began = time.GetTimestamp();
        return _running = LoadAsync();
    }

    async Task<OverviewFigures> AfterAsync(Task before, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time);
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Task<OverviewFigures> mine;
        lock (_lock) (mine, _next) = (Begin(), null);
        return await mine;
    }

    async Task<OverviewFigures> LoadAsync()
    {
        var rows = await SiteRow.LoadAsync(sites, sessions, queue, CancellationToken.None);
        var held = await heldMail.ListAsync(null, CancellationToken.None);
        return new(rows, held, await queue.CountByStateAsync(CancellationToken.None), alarms.List(held));
    }
}
