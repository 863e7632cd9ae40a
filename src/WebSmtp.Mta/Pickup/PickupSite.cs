using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Pickup;

/// <summary>One site's Pickup folder while the site runs: its looks come one after another.</summary>
sealed class PickupSite(PickupFolder folder, TakenFiles taken, TimeProvider time, ILogger log) : IDisposable
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

    async Task RefuseAsync(SiteSnapshot site, FileInfo file, CancellationToken stop)
    {
        const string Reason = "It cannot be taken out of the folder (a protected file, or a folder in which the server may not delete), "
            + "so it would be sent again and again. It stays there and is not looked at any more.";
        Log.PickupRefused(log, file.Name, site.Id, Reason);
        // The copy of an earlier start says the same.
        if (File.Exists(Path.Combine(site.Folders.Badmail, Path.GetFileNameWithoutExtension(file.Name) + ".bdr"))) return;
        await using var content = PickupFolder.IsLink(file) || file.Length == 0 ? Stream.Null : OpenOrNothing(file);
        await TakenFiles.WriteBadmailAsync(site, file.Name, content, Reason, stop);
    }

    static Stream OpenOrNothing(FileInfo file)
    {
        try
        {
            return file.OpenRead();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Stream.Null;
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
