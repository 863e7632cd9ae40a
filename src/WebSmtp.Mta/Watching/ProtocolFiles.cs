using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Watching;

/// <summary>A log file on disk.</summary>
public sealed record ProtocolFile(string Name, long Bytes, DateTimeOffset Written);

/// <summary>
/// Writes the log files of all sites, away from the sessions: through a bounded line, in blocks. What has no room in it, or
/// cannot be written, is counted, and the file says so. Thread-safe.
/// </summary>
public sealed class ProtocolFiles(DataDirectory data, TimeProvider time, ILogger<ProtocolFiles> log)
{
    /// <summary>Some seconds of a busy server.</summary>
    const int MostWaiting = 32 * 1024;

    /// <summary>Records that are written as one block.</summary>
    const int Block = 2000;

    readonly Channel<W3cRecord> _waiting = Channel.CreateBounded<W3cRecord>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
    readonly Dictionary<int, W3cFile> _files = [];
    Task _writing = Task.CompletedTask;
    long _lost;

    /// <summary>Records that were not written since the start.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public void Start() => _writing = WriteAsync();

    /// <summary>Writes what waits and closes the files.</summary>
    public async Task StopAsync()
    {
        _waiting.Writer.TryComplete();
        await _writing;
    }

    /// <summary>A site's files, the newest first.</summary>
    public IReadOnlyList<ProtocolFile> List(int siteId)
    {
        var folder = new DirectoryInfo(FolderOf(siteId));
        if (!folder.Exists) return [];
        return [.. folder.EnumerateFiles("ex*.log").Where(file => W3cFileName.IsValid(file.Name))
            .Select(file => new ProtocolFile(file.Name, file.Length, new(file.LastWriteTimeUtc, TimeSpan.Zero)))
            .OrderByDescending(file => file.Written).ThenByDescending(file => file.Name, StringComparer.Ordinal)];
    }

    /// <summary>One file to read, as long as it is now; null when there is none of that name.</summary>
    public Stream? Open(int siteId, string name)
    {
        if (!W3cFileName.IsValid(name)) return null;
        try
        {
            return new FileStream(Path.Combine(FolderOf(siteId), name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    internal W3cSession Begin(SiteSnapshot site) => new(this, new(
        site.Id, FolderOf(site.Id), site.Settings.Get(SettingsTable.ProtocolLogPeriod), site.Settings.Get(SettingsTable.ProtocolLogMaxFileSize),
        site.Settings.Get(SettingsTable.ProtocolLogKeepFor), site.Settings.Get(SettingsTable.ProtocolLogLocalTime)));

    internal void Add(W3cRecord record)
    {
        if (!_waiting.Writer.TryWrite(record)) Interlocked.Increment(ref _lost);
    }

    string FolderOf(int siteId) => Path.Combine(data.Path, "logs", $"SMTPSVC{siteId}");

    async Task WriteAsync()
    {
        var text = new StringBuilder();
        var block = new List<W3cRecord>();
        var told = 0L;
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (block.Count < Block && _waiting.Reader.TryRead(out var record)) block.Add(record);
            var lost = Lost;
            foreach (var site in block.GroupBy(record => record.Target.SiteId))
            {
                var target = site.Last().Target;
                if (!_files.TryGetValue(target.SiteId, out var file)) _files[target.SiteId] = file = new(time);
                try
                {
                    if (lost > told) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"#Remark: {lost - told} records before this one were lost\n");
                    foreach (var record in site) record.Write(text);
                    await file.WriteAsync(target, text);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Interlocked.Add(ref _lost, site.Count());
                    Log.LogNotWritten(log, e, target.SiteId, site.Count());
                }
                text.Clear();
            }
            if (lost > told) Log.LogLinesLost(log, lost - told);
            told = lost;
            block.Clear();
        }
        foreach (var file in _files.Values) await file.DisposeAsync();
    }
}
