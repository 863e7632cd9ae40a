using System.Collections.Concurrent;
using System.Globalization;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Delivery;

/// <summary>What limits are for.</summary>
/// <param name="SiteId">Null: a smart host, which all sites share; else a domain that a site delivers to.</param>
public readonly record struct LimitedRoute(int? SiteId, string Route)
{
    /// <summary>What its days are counted under.</summary>
    internal string Key => SiteId is { } site ? string.Create(CultureInfo.InvariantCulture, $"{site}/{Route}") : Route;
}

/// <summary>How much of its limits a route has had.</summary>
/// <param name="Today">By UTC days, on all nodes together, as far as this one knows.</param>
public sealed record RouteBudget(LimitedRoute Route, int Connections, long ThisMinute, long Today, SmartHostLimits Limits);

/// <summary>
/// The limits of smart hosts and destinations: connections at once, messages a minute, messages a day. A day's messages are taken from the
/// store in small portions, so that the count holds after a restart and on all nodes: at most a portion is lost, never
/// one message too many sent. Thread-safe.
/// </summary>
public sealed class RouteBudgets(ISmartHostStore store, TimeProvider time) : IDisposable
{
    const int MostRoutes = 10_000;
    readonly ConcurrentDictionary<string, Purse> _purses = new(StringComparer.OrdinalIgnoreCase);

    public void Dispose()
    {
        foreach (var purse in _purses.Values) purse.Dispose();
    }

    /// <summary>Those with limits that were used since the start.</summary>
    public IReadOnlyList<RouteBudget> List() => [.. _purses.Values.Select(purse => purse.Show())];

    /// <summary>Null: it was not used since the start, or has no limits.</summary>
    public RouteBudget? Find(string route, int? siteId = null) =>
        _purses.TryGetValue(new LimitedRoute(siteId, route).Key, out var purse) ? purse.Show() : null;

    /// <summary>One message more. Null: go ahead; else why not, and until when.</summary>
    internal ValueTask<RouteTrouble?> TakeAsync(LimitedRoute route, SmartHostLimits limits, CancellationToken stop) =>
        limits is { PerMinute: null, PerDay: null } ? default : PurseOf(route).TakeAsync(limits, stop);

    /// <summary>The message was not handed over.</summary>
    internal ValueTask GiveBackAsync(LimitedRoute route, SmartHostLimits limits) =>
        limits is { PerMinute: null, PerDay: null } ? default : PurseOf(route).GiveBackAsync();

    /// <summary>A place for one connection more; waits for one. Disposing it gives it back.</summary>
    internal ValueTask<IDisposable?> ConnectAsync(LimitedRoute route, SmartHostLimits limits, CancellationToken stop) =>
        limits.Connections is { } most ? PurseOf(route).ConnectAsync(most, stop) : default;

    Purse PurseOf(LimitedRoute route)
    {
        if (_purses.TryGetValue(route.Key, out var known)) return known;
        // The days are in the store; a minute that is over is nobody's loss.
        if (_purses.Count >= MostRoutes)
        {
            foreach (var (key, purse) in _purses)
                if (purse.IsIdle) _purses.TryRemove(new(key, purse));
        }
        return _purses.GetOrAdd(route.Key, static (_, self) => new(self.route, self.store, self.time), (route, store, time));
    }

    sealed class Purse(LimitedRoute route, ISmartHostStore store, TimeProvider time) : IDisposable
    {
        const int LargestPortion = 50;

        readonly SemaphoreSlim _turn = new(1);
        readonly Queue<TaskCompletionSource> _waiting = new();
        SmartHostLimits _limits = new();
        DateTimeOffset _minute;
        DateOnly _day;
        long _thisMinute, _today, _left;
        int _connections, _most;

        public void Dispose() => _turn.Dispose();

        public bool IsIdle => _connections == 0 && time.GetUtcNow() >= _minute.AddMinutes(1);

        public RouteBudget Show()
        {
            var now = time.GetUtcNow();
            return new(route, _connections, now < _minute.AddMinutes(1) ? _thisMinute : 0,
                DateOnly.FromDateTime(now.UtcDateTime) == _day ? _today - _left : 0, _limits);
        }

        public async ValueTask<RouteTrouble?> TakeAsync(SmartHostLimits limits, CancellationToken stop)
        {
            await _turn.WaitAsync(stop);
            try
            {
                _limits = limits;
                var now = time.GetUtcNow();
                if (now >= _minute.AddMinutes(1)) (_minute, _thisMinute) = (now, 0);
                if (limits.PerMinute is { } perMinute && _thisMinute >= perMinute)
                    return Over(_minute.AddMinutes(1), $"{route.Route} was given its {perMinute} messages of this minute");
                if (limits.PerDay is { } perDay && !await TakeOfDayAsync(perDay, now, stop))
                    return Over(new(now.UtcDateTime.Date.AddDays(1), TimeSpan.Zero), $"{route.Route} was given its {perDay} messages of this day");
                _thisMinute++;
                return null;
            }
            finally
            {
                _turn.Release();
            }
        }

        async ValueTask<bool> TakeOfDayAsync(long perDay, DateTimeOffset now, CancellationToken stop)
        {
            var day = DateOnly.FromDateTime(now.UtcDateTime);
            if (day != _day) (_day, _left, _today) = (day, 0, 0);
            if (_left == 0)
            {
                var portion = Math.Clamp(perDay / 20, 1, LargestPortion);
                var sum = await store.CountSentAsync(route.Key, day, 0, stop);
                portion = Math.Min(portion, perDay - sum);
                if (portion <= 0)
                {
                    _today = sum;
                    return false;
                }
                _today = await store.CountSentAsync(route.Key, day, portion, stop);
                // Another node took some meanwhile.
                _left = Math.Min(portion, perDay - (_today - portion));
                if (_left <= 0)
                {
                    _left = 0;
                    return false;
                }
            }
            _left--;
            return true;
        }

        public async ValueTask GiveBackAsync()
        {
            await _turn.WaitAsync();
            // Of today still, or nobody misses it.
            if (_limits.PerDay is not null && DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime) == _day) _left++;
            if (_thisMinute > 0) _thisMinute--;
            _turn.Release();
        }

        public async ValueTask<IDisposable?> ConnectAsync(int most, CancellationToken stop)
        {
            TaskCompletionSource? mine = null;
            lock (_waiting)
            {
                _most = most;
                if (_connections < most) _connections++;
                else _waiting.Enqueue(mine = new(TaskCreationOptions.RunContinuationsAsynchronously));
            }
            if (mine is null) return new Place(this);
            await using var stopping = stop.UnsafeRegister(static mine => ((TaskCompletionSource)mine!).TrySetCanceled(), mine);
            await mine.Task;
            return new Place(this);
        }

        void Leave()
        {
            lock (_waiting)
            {
                _connections--;
                while (_connections < _most && _waiting.TryDequeue(out var next))
                    if (next.TrySetResult()) _connections++;
            }
        }

        static RouteTrouble Over(DateTimeOffset until, string why) =>
            new(RouteCondition.OverBudget, new Reply(451, 4, 7, 0, $"{why}: the rest waits")) { Until = until };

        sealed class Place(Purse purse) : IDisposable
        {
            Purse? _purse = purse;
            public void Dispose() => Interlocked.Exchange(ref _purse, null)?.Leave();
        }
    }
}
