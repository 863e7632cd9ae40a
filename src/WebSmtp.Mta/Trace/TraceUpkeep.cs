using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Trace;

/// <summary>
/// Makes what happened quick to find, some minutes after it did, so that no message waits for that; and forgets what is
/// older than history is kept. In bounded steps.
/// </summary>
public sealed class TraceUpkeep(SiteRegistry sites, ITraceStore store, TimeProvider time, ILogger<TraceUpkeep> log) : IDisposable
{
    /// <summary>What is younger is found without an index. Longer than nearly all messages take from their number to their commit.</summary>
    public static readonly TimeSpan IndexedAfter = TimeSpan.FromMinutes(10);

    const int Step = 500;
    static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;

    public void Start() => _running = RunAsync(_stopping.Token);

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    public void Dispose() => _stopping.Dispose();

    async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do await TidyAsync(stop); while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    internal async Task TidyAsync(CancellationToken stop)
    {
        try
        {
            while (await store.IndexAsync(time.GetUtcNow() - IndexedAfter, stop)) stop.ThrowIfCancellationRequested();
            if (sites.Sites.Count == 0) return;
            var before = time.GetUtcNow() - sites.Sites.Values.Max(view => view.Site.Settings.Get(SettingsTable.HistoryFor));
            while (await store.PurgeAsync(before, Step, stop)) stop.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.UpkeepFailed(log, e);
        }
    }
}
