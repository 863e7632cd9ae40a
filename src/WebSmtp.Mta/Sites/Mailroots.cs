namespace WebSmtp.Mta.Sites;

/// <summary>Where the program may write.</summary>
/// <param name="Path">The data directory, a full path.</param>
/// <param name="ExtraRoots">Further folders, full paths, that may hold mail roots (<c>WEBSMTP_MAILROOTS</c>).</param>
public sealed record DataDirectory(string Path, IReadOnlyList<string> ExtraRoots);

/// <summary>Finds, judges and makes the folders that mail roots and drop directories are. Thread-safe.</summary>
sealed class Mailroots(DataDirectory data)
{
    const int MaxLength = 1000;
    const int MaxLinks = 40;

    static readonly StringComparison PathComparison =
        OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>The mail root of a site that was given none, relative to the data directory.</summary>
    public static string DefaultFor(int siteId) => $"{DefaultParent}/{siteId}";

    /// <summary>The folder that default mail roots are in.</summary>
    public const string DefaultParent = "mailroot";

    /// <summary>The path as given, made full with the data directory; not judged.</summary>
    public string FullPath(string configured) => Path.GetFullPath(Path.Combine(data.Path, configured));

    /// <summary>Null when a folder may be there, else one sentence that says why not.</summary>
    public string? Judge(string configured)
    {
        if (configured.Length is 0 or > MaxLength || configured.Any(char.IsControl))
            return $"A folder is given with 1 to {MaxLength} characters, none of them control characters.";
        var real = RealPath(FullPath(configured));
        if (real is null) return $"'{configured}' goes through too many links.";
        var root = RealPath(data.Path);
        // The data directory itself has the database and the keys, so it cannot be a mail root; a listed folder can.
        if (root is not null && IsWithin(real, root) && !IsWithin(root, real)) return null;
        return data.ExtraRoots.Any(extra => RealPath(Path.GetFullPath(extra)) is { } listed && IsWithin(real, listed))
            ? null
            : $"'{configured}' is neither below the data directory nor below a folder listed in WEBSMTP_MAILROOTS.";
    }

    /// <summary>Makes the folders and tries whether files can be written there. Null when they can, else one sentence.</summary>
    public string? Prepare(string configured, params IEnumerable<string> subfolders)
    {
        var folder = FullPath(configured);
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var subfolder in subfolders) Directory.CreateDirectory(Path.Combine(folder, subfolder));
            var probe = Path.Combine(folder, $".{Path.GetRandomFileName()}");
            using (File.Create(probe, 1, FileOptions.DeleteOnClose)) { }
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"'{configured}' cannot be written: {e.Message}";
        }
    }

    /// <summary>Tries whether the folder could be made and written to, and leaves nothing behind. Null when it could, else one sentence.</summary>
    public string? Try(string configured)
    {
        var folder = FullPath(configured);
        while (!Directory.Exists(folder))
        {
            if (File.Exists(folder)) return $"'{configured}' cannot be made: '{folder}' is a file.";
            if (Path.GetDirectoryName(folder) is not { } parent) return $"'{configured}' cannot be made: there is no such drive.";
            folder = parent;
        }
        try
        {
            using (File.Create(Path.Combine(folder, $".{Path.GetRandomFileName()}"), 1, FileOptions.DeleteOnClose)) { }
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"'{configured}' cannot be written: {e.Message}";
        }
    }

    /// <summary>One folder is the other, or somewhere below it; links are followed.</summary>
    public bool Overlap(string one, string other) =>
        RealPath(FullPath(one)) is { } a && RealPath(FullPath(other)) is { } b && (IsWithin(a, b) || IsWithin(b, a));

    /// <summary>The folder is the other, or below it; links are followed.</summary>
    public bool IsBelow(string folder, string parent) =>
        RealPath(FullPath(folder)) is { } a && RealPath(FullPath(parent)) is { } b && IsWithin(a, b);

    static bool IsWithin(string path, string root) =>
        path.Equals(root, PathComparison)
        || path.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, PathComparison);

    /// <summary>The path with all links followed, as far as it exists; null when the links do not come to an end.</summary>
    static string? RealPath(string path)
    {
        var root = Path.GetPathRoot(path)!;
        var real = root;
        var rest = new Stack<string>(Parts(path, root).Reverse());
        for (var links = 0; rest.TryPop(out var part);)
        {
            var next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }
            if (++links > MaxLinks) return null;
            // The target may have links and dots in it as well, so it is walked from its root.
            var full = Path.GetFullPath(target, real);
            root = Path.GetPathRoot(full)!;
            real = root;
            foreach (var piece in Parts(full, root).Reverse()) rest.Push(piece);
        }
        return Path.TrimEndingDirectorySeparator(real);
    }

    static string[] Parts(string path, string root) =>
        path[root.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}
