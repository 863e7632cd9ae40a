using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Pickup;

/// <summary>A file that cannot be taken, and why.</summary>
readonly record struct StuckFile(FileInfo File, string Reason);

/// <summary>
/// Finds the files of one Pickup folder that are whole, and takes them: each is renamed into a folder of our own, with the
/// number of the message that it becomes in front of its name. From there <see cref="TakenFiles"/> sends it. Not
/// thread-safe.
/// </summary>
/// <param name="move">Renames a file.</param>
/// <param name="useOf">Whether others work on an open file.</param>
sealed class PickupFolder(MessageIds ids, TimeProvider time, ILogger log, Action<string, string> move, Func<FileStream, FileUse> useOf)
{
    /// <summary>How long a file must not change before it is whole.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    /// <summary>The same where the system does not say who writes.</summary>
    public static readonly TimeSpan SettleUnknown = TimeSpan.FromSeconds(10);

    /// <summary>An empty file may still get its content; after that, it is none.</summary>
    public static readonly TimeSpan EmptyFor = TimeSpan.FromMinutes(1);

    /// <summary>Files that are looked at together: memory is bounded whatever lies there.</summary>
    const int Most = 1000;

    const string CannotBeTaken = "It cannot be taken out of the folder (a protected file, or a folder in which the server may not delete), "
        + "so it would be sent again and again. It stays there and is not looked at any more.";
    const string BrokenName = "Its name is not UTF-8, so it cannot be opened. It stays in the folder; give it another name.";

    Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    readonly Dictionary<string, Stamp> _stuck = new(StringComparer.Ordinal);
    readonly HashSet<string> _notTaken = new(StringComparer.Ordinal);
    bool _unreadable;

    /// <summary>There were more than are looked at together: those that are in use make room.</summary>
    bool _crowded;

    /// <summary>Something lies there that may be whole with the next look.</summary>
    public bool IsWaiting => _seen.Count > 0;

    /// <summary>Takes what is whole; returns the files that cannot be taken and will not be looked at again, each once.</summary>
    public IReadOnlyList<StuckFile> Take(MailrootFolders folders)
    {
        var look = new Look(_seen, _crowded);
        try
        {
            foreach (var file in new DirectoryInfo(folders.Pickup).EnumerateFiles())
            {
                if (look.IsOver) break;
                if (IsForUs(file)) See(file, look);
            }
            _unreadable = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_unreadable) Log.PickupUnreadable(log, folders.Pickup, e.Message);
            _unreadable = true;
        }
        if (look.Whole.Count > 0) Take(folders, look);
        (_seen, _crowded) = (look.Seen, look.IsCrowded);
        return look.Stuck;
    }

    static bool IsForUs(FileInfo file) => !file.Name.StartsWith('.') && !file.Name.EndsWith(".tmp", StringComparison.OrdinalIgnoreCase);

    void See(FileInfo file, Look look)
    {
        var stamp = StampOf(file);
        if (_stuck.TryGetValue(file.Name, out var stuck) && stuck == (stamp ?? default)) return;
        if (stamp is not { } now)
        {
            // Else it has gone.
            if (PickupNames.IsBroken(file.Name)) Stick(file, default, BrokenName, look);
            return;
        }
        var since = time.GetTimestamp();
        if (look.Before.TryGetValue(file.Name, out var before))
        {
            look.Met++;
            if (before.Stamp == now) since = before.Since;
        }
        else if (look.IsFull)
        {
            look.IsCrowded = true;
            return;
        }
        var age = time.GetElapsedTime(since);
        if (now.Length == 0)
        {
            // Never asked who has it open: it may be a pipe, which would not answer.
            if (age >= (IsLink(file) ? Settle : EmptyFor)) look.Whole.Add(file);
        }
        else if (age >= Settle)
        {
            var use = UseOf(file);
            if (use is FileUse.Open && look.WasCrowded)
            {
                look.IsCrowded = true;
                return;
            }
            if (use is FileUse.None || use is FileUse.Unknown && age >= SettleUnknown) look.Whole.Add(file);
        }
        look.Seen[file.Name] = new(now, since);
    }

    void Take(MailrootFolders folders, Look look)
    {
        MakePrivate(folders.Taken);
        foreach (var file in look.Whole)
        {
            try
            {
                move(file.FullName, Path.Combine(folders.Taken, NameFor(file, look.Seen[file.Name].Stamp)));
                look.Seen.Remove(file.Name);
                _notTaken.Remove(file.Name);
            }
            catch (FileNotFoundException)
            {
                // Its writer thought better of it.
                look.Seen.Remove(file.Name);
            }
            catch (UnauthorizedAccessException)
            {
                // What cannot be taken away would be sent again and again.
                Stick(file, look.Seen[file.Name].Stamp, CannotBeTaken, look);
                look.Seen.Remove(file.Name);
            }
            catch (IOException e)
            {
                if (_notTaken.Count < Most && _notTaken.Add(file.Name)) Log.PickupNotTaken(log, file.FullName, e.Message);
            }
        }
        // Before anything is sent: a rename that a power loss takes back would send the file once more.
        DiskTrouble.SyncDirectory(folders.Taken);
        DiskTrouble.SyncDirectory(folders.Pickup);
    }

    string NameFor(FileInfo file, Stamp stamp) => TakenFiles.NameFor(ids.Next(), stamp.Length, stamp.Written, PickupNames.Shortened(file.Name));

    void Stick(FileInfo file, Stamp stamp, string reason, Look look)
    {
        _stuck[file.Name] = stamp;
        look.Stuck.Add(new(file, reason));
    }

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

    FileUse UseOf(FileInfo file)
    {
        try
        {
            using var opened = file.Open(FileMode.Open, FileAccess.Read, FileShare.None);
            return useOf(opened);
        }
        catch (UnauthorizedAccessException)
        {
            // Not locked; what else is wrong with it shows when it is sent.
            return FileUse.Unknown;
        }
        catch (IOException)
        {
            return FileUse.Open;
        }
    }

    public static bool IsLink(FileInfo file) => file.LinkTarget is not null;

    static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    readonly record struct Stamp(long Length, DateTime Written);
    readonly record struct Seen(Stamp Stamp, long Since);

    /// <summary>One look. Files of the one before come first; others while there is room.</summary>
    sealed class Look(Dictionary<string, Seen> before, bool wasCrowded)
    {
        public Dictionary<string, Seen> Before => before;
        public bool WasCrowded => wasCrowded;
        public bool IsCrowded { get; set; }

        /// <summary>Files of the look before that were met again.</summary>
        public int Met { get; set; }

        public Dictionary<string, Seen> Seen { get; } = new(StringComparer.Ordinal);

        public List<FileInfo> Whole { get; } = [];
        public List<StuckFile> Stuck { get; } = [];

        /// <summary>What is yet to be met keeps its place.</summary>
        public bool IsFull => Seen.Count + before.Count - Met >= Most;

        public bool IsOver => IsCrowded && IsFull && Met == before.Count;
    }
}
