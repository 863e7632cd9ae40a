using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Pickup;

/// <summary>
/// Finds the files of one Pickup folder that are whole, and takes them: each is renamed into a folder of our own, with the
/// number of the message that it becomes in front of its name. From there <see cref="TakenFiles"/> sends it. Not
/// thread-safe.
/// </summary>
/// <param name="move">Renames a file.</param>
sealed class PickupFolder(MessageIds ids, TimeProvider time, ILogger log, Action<string, string> move)
{
    /// <summary>How long a file must not change before it is whole.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    /// <summary>An empty file may still get its content; after that, it is none.</summary>
    public static readonly TimeSpan EmptyFor = TimeSpan.FromMinutes(1);

    /// <summary>Files that are looked at together: memory is bounded whatever lies there.</summary>
    const int Most = 1000;
    const int MaxKeptName = 100;

    Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    readonly Dictionary<string, Stamp> _stuck = new(StringComparer.Ordinal);

    /// <summary>Something lies there that may be whole with the next look.</summary>
    public bool IsWaiting => _seen.Count > 0;

    /// <summary>Takes what is whole; returns the files that cannot be taken and will not be looked at again, each once.</summary>
    public IReadOnlyList<FileInfo> Take(MailrootFolders folders)
    {
        var (seen, whole) = (new Dictionary<string, Seen>(StringComparer.Ordinal), new List<FileInfo>());
        foreach (var file in Candidates(folders.Pickup))
        {
            if (StampOf(file) is not { } stamp) continue;
            var since = _seen.TryGetValue(file.Name, out var before) && before.Stamp == stamp ? before.Since : time.GetTimestamp();
            var settle = stamp.Length > 0 || IsLink(file) ? Settle : EmptyFor;
            if (time.GetElapsedTime(since) >= settle && (stamp.Length == 0 || IsFree(file))) whole.Add(file);
            seen[file.Name] = new(stamp, since);
        }
        var stuck = new List<FileInfo>();
        if (whole.Count > 0) Take(folders, whole, seen, stuck);
        _seen = seen;
        return stuck;
    }

    List<FileInfo> Candidates(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFiles()
                .Where(file => !file.Name.StartsWith('.') && !file.Name.EndsWith(".tmp", StringComparison.OrdinalIgnoreCase) && !IsStuck(file))
                .Take(Most)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.PickupUnreadable(log, folder, e.Message);
            return [];
        }
    }

    void Take(MailrootFolders folders, List<FileInfo> whole, Dictionary<string, Seen> seen, List<FileInfo> stuck)
    {
        MakePrivate(folders.Taken);
        foreach (var file in whole)
        {
            try
            {
                move(file.FullName, Path.Combine(folders.Taken, TakenFiles.NameFor(ids.Next(), Shortened(file.Name))));
                seen.Remove(file.Name);
            }
            catch (FileNotFoundException)
            {
                // Its writer thought better of it.
                seen.Remove(file.Name);
            }
            catch (UnauthorizedAccessException)
            {
                // What cannot be taken away would be sent again and again.
                _stuck[file.Name] = seen[file.Name].Stamp;
                seen.Remove(file.Name);
                stuck.Add(file);
            }
            catch (IOException e)
            {
                Log.PickupNotTaken(log, file.FullName, e.Message);
            }
        }
        // Before anything is sent: a rename that a power loss takes back would send the file once more.
        DiskTrouble.SyncDirectory(folders.Taken);
        DiskTrouble.SyncDirectory(folders.Pickup);
    }

    bool IsStuck(FileInfo file) => _stuck.TryGetValue(file.Name, out var stamp) && stamp == StampOf(file);

    /// <summary>A link has no length, whatever is behind it. Null: it has gone.</summary>
    static Stamp? StampOf(FileInfo file)
    {
        try
        {
            return IsLink(file) ? new(0, default) : new(file.Length, file.LastWriteTimeUtc);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Nobody has it open. Never asked about what has no length: it may be a pipe, which would not answer.</summary>
    static bool IsFree(FileInfo file)
    {
        try
        {
            using var opened = file.Open(FileMode.Open, FileAccess.Read, FileShare.None);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            // Not locked; what else is wrong with it shows when it is taken.
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static bool IsLink(FileInfo file) => file.LinkTarget is not null;

    static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    static string Shortened(string name) => name.Length <= MaxKeptName ? name : name[^MaxKeptName..];

    readonly record struct Stamp(long Length, DateTime Written);
    readonly record struct Seen(Stamp Stamp, long Since);
}
