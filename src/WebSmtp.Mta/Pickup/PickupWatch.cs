using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Submissions;

namespace WebSmtp.Mta.Pickup;

/// <summary>
/// Looks after the Pickup folders of all sites that run or are paused: pausing refuses connections, and who writes a file
/// has none. The clock decides when to look; what the system tells about changes only makes it sooner. Thread-safe.
/// </summary>
public sealed class PickupWatch : IDisposable
{
    /// <summary>Where the system tells of no changes.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    readonly SiteRegistry _sites;
    readonly IQueueStore _queue;
    readonly Submission _submission;
    readonly MessageIds _ids;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Action<string, string> _move;
    readonly Func<FileStream, FileUse> _useOf;
    readonly Dictionary<(int SiteId, string Folder), PickupSite> _watched = [];
    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;

    public PickupWatch(SiteRegistry sites, IQueueStore queue, Submission submission, MessageIds ids, TimeProvider time, ILogger<PickupWatch> log)
        : this(sites, queue, submission, ids, time, log, File.Move, FileUses.Of) { }

    /// <param name="move">Renames a file.</param>
    /// <param name="useOf">Whether others work on an open file.</param>
    internal PickupWatch(
        SiteRegistry sites, IQueueStore queue, Submission submission, MessageIds ids, TimeProvider time, ILogger log,
        Action<string, string> move, Func<FileStream, FileUse> useOf) =>
        (_sites, _queue, _submission, _ids, _time, _log, _move, _useOf) = (sites, queue, submission, ids, time, log, move, useOf);

    public void Start() => _running = RunAsync(_stopping.Token);

    /// <summary>Files that are being sent are finished, or sent at the next start.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    public void Dispose()
    {
        foreach (var site in _watched.Values) site.Dispose();
        _stopping.Dispose();
    }

    async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(PickupFolder.Settle, _time);
        try
        {
            do Look(stop);
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ends.
        }
        await Task.WhenAll(_watched.Values.Select(site => site.Looking));
    }

    /// <summary>Begins a look at every folder where one is due. A folder that takes long keeps no other waiting.</summary>
    internal void Look(CancellationToken stop)
    {
        var wanted = _sites.Sites.Values
            .Where(view => view.State is SiteState.Running or SiteState.Paused && !view.Site.IsDraining && view.Site.Settings.Get(SettingsTable.PickupEnabled))
            .ToDictionary(view => (view.Site.Id, view.Site.Folders.Pickup), view => view.Site);
        foreach (var (key, site) in _watched.Where(watched => !wanted.ContainsKey(watched.Key) && watched.Value.Looking.IsCompleted).ToList())
        {
            site.Dispose();
            _watched.Remove(key);
        }
        foreach (var (key, site) in wanted)
        {
            if (!_watched.TryGetValue(key, out var watched)) _watched[key] = watched = NewSite();
            watched.Look(site, Longest, stop);
        }
    }

    PickupSite NewSite()
    {
        var badmail = new PickupBadmail(_time);
        return new(new(_ids, _time, _log, _move, _useOf), new(_submission, _queue, badmail, _time, _log, _useOf), badmail, _time, _log);
    }

    /// <summary>All looks that were begun have ended.</summary>
    internal Task LookedAsync() => Task.WhenAll(_watched.Values.Select(site => site.Looking));
}
