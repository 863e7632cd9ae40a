using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Pickup;

/// <summary>One site's Pickup folder while the site runs: its looks come one after another.</summary>
sealed class PickupSite(PickupFolder folder, TakenFiles taken, PickupBadmail badmail, TimeProvider time, ILogger log) : IDisposable
{
    FileSystemWatcher? _watcher;
    long _lookedAt;
    volatile bool _changed = true;

    /// <summary>The look that runs, or ran last.</summary>
    public Task Looking { get; private set; } = Task.CompletedTask;

    /// <summary>Begins a look when something changed, something waits, or the last one was <paramref name="longest"/> ago.</summary>
    public void Look(SiteSnapshot site, TimeSpan longest, CancellationToken stop)
    {
        if (!Looking.IsCompleted || !_changed && !folder.IsWaiting && time.GetElapsedTime(_lookedAt) < longest) return;
        _changed = false;
        _lookedAt = time.GetTimestamp();
        Watch(site.Folders.Pickup);
        Looking = Task.Run(() => LookAsync(site, stop), CancellationToken.None);
    }

    public void Dispose() => _watcher?.Dispose();

    async Task LookAsync(SiteSnapshot site, CancellationToken stop)
    {
        try
        {
            foreach (var stuck in folder.Take(site.Folders)) await RefuseAsync(site, stuck, stop);
            await taken.SendAsync(site, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ends.
        }
        catch (Exception e)
        {
            Log.PickupTrouble(log, e, site.Folders.Pickup);
        }
    }

    async Task RefuseAsync(SiteSnapshot site, StuckFile stuck, CancellationToken stop)
    {
        var (file, reason) = stuck;
        Log.PickupRefused(log, file.Name, site.Id, reason);
        var name = PickupNames.Shortened(file.Name);
        // The copy of an earlier start says the same.
        if (PickupBadmail.IsWritten(site, name)) return;
        if (!file.Exists || PickupFolder.IsLink(file) || file.Length == 0 || Open(file) is not { } content)
        {
            await badmail.WriteReasonAsync(site, file.Name, name, reason, "It is looked at again when it has changed.", stop);
            return;
        }
        await using (content) await badmail.WriteAsync(site, file.Name, name, content, reason, stop);
    }

    static FileStream? Open(FileInfo file)
    {
        try
        {
            return file.OpenRead();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The system may have no more watches to give, or none for this kind of folder: then the clock is enough.</summary>
    void Watch(string path)
    {
        if (_watcher is not null || !Directory.Exists(path)) return;
        try
        {
            _watcher = new(path) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Size };
            _watcher.Created += (_, _) => _changed = true;
            _watcher.Changed += (_, _) => _changed = true;
            _watcher.Renamed += (_, _) => _changed = true;
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            Log.PickupNotWatched(log, path, e.Message);
        }
    }
}
