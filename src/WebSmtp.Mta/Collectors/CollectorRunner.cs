using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Collectors;

/// <summary>
/// Runs collectors, by their schedule or on demand: one run of a collector at a time, and only so many altogether. What
/// runs is in the database from its first moment. Thread-safe.
/// </summary>
public sealed class CollectorRunner(
    ICollectorStore store, SiteRegistry sites, CollectorConversation conversation, EventStream events, TimeProvider time,
    ILogger<CollectorRunner> log) : IDisposable
{
    /// <summary>Who asks for a run that its schedule asks for.</summary>
    public const string BySchedule = "schedule";

    /// <summary>Runs at the same time; more wait for their turn.</summary>
    const int MostAtOnce = 8;

    /// <summary>What is due is looked for at least so often, and old runs are forgotten then.</summary>
    static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>After trouble of our own, and while a site that should collect does not run.</summary>
    static readonly TimeSpan ShortWait = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<int, Running> _running = new();
    readonly ConcurrentDictionary<int, Plan> _plans = new();
    readonly SemaphoreSlim _places = new(MostAtOnce);
    readonly CancellationTokenSource _asking = new();
    readonly CancellationTokenSource _stopping = new();
    TaskCompletionSource _wake = NewSignal();
    Task _loop = Task.CompletedTask;
    DateTimeOffset _purged;

    /// <summary>A run on its way.</summary>
    sealed class Running
    {
        public TaskCompletionSource Ended { get; } = NewSignal();

        /// <summary>Nothing is left to do but to write down how it ended.</summary>
        public volatile bool IsOver;
    }

    readonly record struct Plan(long Version, DateTimeOffset? Next);

    /// <summary>Closes runs that the program's end cut off, and begins to look after the schedules.</summary>
    public async Task StartAsync(CancellationToken stop)
    {
        await store.CloseInterruptedAsync(time.GetUtcNow(), stop);
        _loop = LoopAsync(_asking.Token);
    }

    /// <summary>
    /// Begins nothing more and ends runs that are still asking. Those that mail comes in by end with their site's sessions;
    /// they are cut off when <paramref name="grace"/> is over.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        await _asking.CancelAsync();
        await _loop;
        var ended = EndedAsync();
        await ended.WaitAsync(grace, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopping.CancelAsync();
        await ended;
    }

    public void Dispose()
    {
        _places.Dispose();
        _asking.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Collectors were changed: what is due is looked for at once.</summary>
    public void Wake() => Interlocked.Exchange(ref _wake, NewSignal()).TrySetResult();

    public bool IsRunning(int collectorId) => _running.ContainsKey(collectorId);

    /// <summary>Begins a run and does not wait for it. Null: one runs already, or the program is being stopped.</summary>
    public async Task<CollectorRun?> TryRunAsync(Collector collector, string by, CancellationToken stop)
    {
        var running = new Running();
        while (true)
        {
            if (_asking.IsCancellationRequested) return null;
            if (_running.TryAdd(collector.Id, running)) break;
            if (!_running.TryGetValue(collector.Id, out var other)) continue;
            if (!other.IsOver) return null;
            // Whoever was told that it ended may ask at once for the next.
            await other.Ended.Task.WaitAsync(stop);
        }
        var run = new CollectorRun { SiteId = collector.SiteId, Collector = collector.Name, StartedAt = time.GetUtcNow(), By = by };
        try
        {
            await store.AddRunAsync(run, stop);
        }
        catch (Exception)
        {
            _running.TryRemove(collector.Id, out _);
            running.Ended.SetResult();
            throw;
        }
        Log.CollectorRuns(log, collector.Name, collector.SiteId, by);
        events.Publish(new CollectorEvent(run.StartedAt, run.SiteId, run.Collector, run.Id, "started"));
        _ = Task.Run(() => RunAsync(collector, run, running), CancellationToken.None);
        return run;
    }

    /// <summary>What runs now, to its end.</summary>
    internal Task EndedAsync() => Task.WhenAll(_running.Values.Select(running => running.Ended.Task));

    async Task RunAsync(Collector collector, CollectorRun run, Running running)
    {
        var transcript = new CollectorTranscript();
        var outcome = CollectorOutcome.Failed("The run broke off: trouble of this server, see its log.");
        try
        {
            await _places.WaitAsync(_asking.Token);
            try
            {
                outcome = sites.Find(collector.SiteId) is { } view
                    ? await conversation.RunAsync(view.Site, collector, new($"collector-{run.Id}", transcript, (messages, bytes) => ProgressAsync(run, messages, bytes, transcript)), _asking.Token, _stopping.Token)
                    : CollectorOutcome.Failed("The site is gone.");
            }
            finally
            {
                _places.Release();
            }
        }
        catch (OperationCanceledException) when (_asking.IsCancellationRequested)
        {
            outcome = CollectorOutcome.Failed("The server was stopped.");
        }
        catch (Exception e)
        {
            Log.CollectorTrouble(log, e, collector.Name, collector.SiteId);
        }
        running.IsOver = true;
        await RecordAsync(run, outcome, transcript);
        _plans.TryRemove(collector.Id, out _);
        _running.TryRemove(collector.Id, out _);
        running.Ended.SetResult();
        Wake();
    }

    /// <summary>What came so far, for those who look, and for a crash.</summary>
    async Task ProgressAsync(CollectorRun run, long messages, long bytes, CollectorTranscript transcript)
    {
        (run.Messages, run.Bytes, run.Transcript) = (messages, bytes, transcript.ToString());
        try
        {
            await store.UpdateRunAsync(run, CancellationToken.None);
        }
        catch (Exception e)
        {
            // The end is written down all the same.
            Log.NotRecorded(log, e);
        }
        events.Publish(new CollectorEvent(time.GetUtcNow(), run.SiteId, run.Collector, run.Id, "progress"));
    }

    async Task RecordAsync(CollectorRun run, CollectorOutcome outcome, CollectorTranscript transcript)
    {
        (run.EndedAt, run.Result, run.End, run.Messages, run.Bytes, run.Transcript) =
            (time.GetUtcNow(), outcome.Result, outcome.End, Math.Max(run.Messages, outcome.Messages), Math.Max(run.Bytes, outcome.Bytes), transcript.ToString());
        Log.CollectorEnded(log, run.Collector, run.SiteId, run.Result, run.End, run.Messages, run.Bytes);
        try
        {
            await store.UpdateRunAsync(run, CancellationToken.None);
        }
        catch (Exception e)
        {
            Log.NotRecorded(log, e);
        }
        events.Publish(new CollectorEvent(run.EndedAt.Value, run.SiteId, run.Collector, run.Id, "ended"));
    }

    async Task LoopAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            // Taken before looking: what changes meanwhile is not missed.
            var wake = Volatile.Read(ref _wake).Task;
            var wait = ShortWait;
            try
            {
                wait = await LookAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.CollectorsTrouble(log, e);
            }
            await wake.WaitAsync(wait, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Starts what is due; returns how long nothing else will be.</summary>
    internal async Task<TimeSpan> LookAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        await PurgeAsync(now, stop);
        var wait = LongestWait;
        foreach (var collector in await store.ListAsync(stop))
        {
            if (IsRunning(collector.Id) || await NextAsync(collector, now, stop) is not { } next) continue;
            if (next > now)
            {
                wait = TimeSpan.FromTicks(Math.Min(wait.Ticks, (next - now).Ticks));
            }
            else if (sites.Find(collector.SiteId) is { State: SiteState.Running, Site.ServiceVersion: >= 2 })
            {
                await TryRunAsync(collector, BySchedule, stop);
            }
            else
            {
                wait = TimeSpan.FromTicks(Math.Min(wait.Ticks, ShortWait.Ticks));
            }
        }
        return wait;
    }

    /// <summary>Kept until it is due, though for a cron expression the next time moves on with the clock.</summary>
    async Task<DateTimeOffset?> NextAsync(Collector collector, DateTimeOffset now, CancellationToken stop)
    {
        if (_plans.TryGetValue(collector.Id, out var plan) && plan.Version == collector.Version) return plan.Next;
        var last = await store.ListRunsAsync(collector.SiteId, collector.Name, null, 1, stop);
        var next = CollectorSchedule.Next(collector, last.Count > 0 ? last[0].StartedAt : null, now);
        _plans[collector.Id] = new(collector.Version, next);
        return next;
    }

    async Task PurgeAsync(DateTimeOffset now, CancellationToken stop)
    {
        if (now - _purged < LongestWait || sites.Sites.Count == 0) return;
        _purged = now;
        await store.PurgeAsync(now - sites.Sites.Values.Max(view => view.Site.Settings.Get(SettingsTable.HistoryFor)), stop);
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
