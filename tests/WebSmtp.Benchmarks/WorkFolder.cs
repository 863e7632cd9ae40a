using System.Globalization;

namespace WebSmtp.Benchmarks;

/// <summary>
/// A new folder for one run, deleted at its end. Not in the temporary folder, which may be memory; and always a new one:
/// ext4 makes files many times slower where many have just been deleted.
/// </summary>
sealed class WorkFolder : IAsyncDisposable
{
    public WorkFolder(string? parent)
    {
        Path = System.IO.Path.Combine(parent ?? "/var/tmp", "websmtp-benchmark-" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    /// <summary>A folder in it.</summary>
    public string Below(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Path, recursive: true);
        return default;
    }
}
