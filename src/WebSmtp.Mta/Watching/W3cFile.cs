using System.Text;

namespace WebSmtp.Mta.Watching;

/// <summary>The file that a site's records go to now. Used by one task.</summary>
sealed class W3cFile(TimeProvider time) : IAsyncDisposable
{
    FileStream? _file;
    string? _path;
    int _number = 1;

    public async Task WriteAsync(W3cTarget target, StringBuilder text)
    {
        var now = time.GetUtcNow();
        var at = target.LocalTime ? TimeZoneInfo.ConvertTime(now, time.LocalTimeZone).DateTime : now.UtcDateTime;
        if (_file is null || PathOf(target, at) != _path || target.MaxFileSize > 0 && _file.Position >= target.MaxFileSize || !File.Exists(_path))
            await OpenAsync(target, at, now);
        try
        {
            await _file!.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()));
            await _file.FlushAsync();
        }
        catch (IOException)
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null) await _file.DisposeAsync();
        _file = null;
    }

    async Task OpenAsync(W3cTarget target, DateTime at, DateTimeOffset now)
    {
        await DisposeAsync();
        Directory.CreateDirectory(target.Folder);
        for (_number = 1; ; _number++)
        {
            var file = new FileInfo(PathOf(target, at));
            if (!file.Exists || target.MaxFileSize <= 0 || file.Length < target.MaxFileSize) break;
        }
        _path = PathOf(target, at);
        _file = new(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        var head = new StringBuilder();
        W3cRecord.WriteHead(head, now);
        await _file.WriteAsync(Encoding.UTF8.GetBytes(head.ToString()));
        Purge(target, now);
    }

    string PathOf(W3cTarget target, DateTime at) => Path.Combine(target.Folder, W3cFileName.Of(target.Period, at, _number));

    void Purge(W3cTarget target, DateTimeOffset now)
    {
        if (target.KeepFor <= TimeSpan.Zero) return;
        foreach (var file in new DirectoryInfo(target.Folder).EnumerateFiles("ex*.log"))
        {
            if (!W3cFileName.IsValid(file.Name) || file.FullName == _path || now.UtcDateTime - file.LastWriteTimeUtc <= target.KeepFor) continue;
            file.Delete();
        }
    }
}
