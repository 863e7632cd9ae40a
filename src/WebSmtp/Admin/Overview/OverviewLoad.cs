using WebSmtp.Admin.Sites;
using WebSmtp.Mta.Alarms;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Admin.Overview;

/// <summary>
/// One load for all who look at the same moment. Nobody is given what was begun before he asked: it might not know yet
/// what he was told has changed. Thread-safe.
/// </summary>
sealed class OverviewLoad(SiteRegistry sites, SessionRegistry sessions, QueueOperations queue, HeldMail heldMail, AlarmList alarms)
{
    readonly Lock _lock = new();
    Task<OverviewFigures>? _running, _next;

    public Task<OverviewFigures> GetAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (_next is not null) return _next.WaitAsync(stop);
            if (_running is not { IsCompleted: false }) return (_running = LoadAsync()).WaitAsync(stop);
            return (_next = AfterAsync(_running)).WaitAsync(stop);
        }
    }

    async Task<OverviewFigures> AfterAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Task<OverviewFigures> mine;
        lock (_lock) (_running, _next) = (mine = LoadAsync(), null);
        return await mine;
    }

    async Task<OverviewFigures> LoadAsync()
    {
        var rows = await SiteRow.LoadAsync(sites, sessions, queue, CancellationToken.None);
        var held = await heldMail.ListAsync(null, CancellationToken.None);
        return new(rows, held, await queue.CountByStateAsync(CancellationToken.None), alarms.List(held));
    }
}
