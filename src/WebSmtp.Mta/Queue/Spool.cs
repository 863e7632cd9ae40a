using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// Where contents are: small ones in the database, large ones as files in their site's Queue folder. A file exists
/// before the row that names it and is worth nothing without; what a crash leaves is swept at start. Thread-safe.
/// </summary>
public sealed class Spool
{
    /// <summary>Content up to this many bytes is committed in the same transaction as its envelope.</summary>
    public const int InlineBytes = 128 * 1024;

    readonly IQueueStore _queue;
    readonly string _dataDirectory;
    readonly ILogger _log;
    readonly Func<string, Stream> _create;

    /// <param name="data">Paths of contents below it are stored relative to it.</param>
    public Spool(IQueueStore queue, DataDirectory data, ILogger<Spool> log) : this(queue, data, log, CreateFile) { }

    internal Spool(IQueueStore queue, DataDirectory data, ILogger<Spool> log, Func<string, Stream> create)
    {
        _queue = queue;
        _dataDirectory = Path.GetFullPath(data.Path);
        _log = log;
        _create = create;
        Memory = new(64 * 1024 * 1024);
    }

    /// <summary>What contents that are arriving hold in memory.</summary>
    internal SpoolMemory Memory { get; }

    internal string DataDirectory => _dataDirectory;

    internal SpoolFile Begin(string queueFolder, MessageId id) => new(this, Path.Combine(queueFolder, $"{id}.eml"));

    internal Stream Create(string path)
    {
        try
        {
            return _create(path);
        }
        catch (DirectoryNotFoundException)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return _create(path);
        }
    }

    /// <summary>The form in which a path is stored: relative when below the data directory, so that it can be moved as a whole.</summary>
    internal string Stored(string path)
    {
        var relative = Path.GetRelativePath(_dataDirectory, path);
        return Path.IsPathRooted(relative) || relative.StartsWith("..", StringComparison.Ordinal) ? path : relative.Replace('\\', '/');
    }

    internal string Full(string stored) => Path.GetFullPath(stored, _dataDirectory);

    /// <summary>The content of a leased message, which may have it at hand still.</summary>
    internal async ValueTask<IOutgoingContent?> FindAsync(LeasedMessage leased, CancellationToken stop) =>
        leased.Content is { } bytes ? new MemoryContent(bytes) : await FindAsync(leased.Message, stop);

    /// <summary>The content of a living message; null when it is gone or cannot be read (which is logged).</summary>
    internal async Task<IOutgoingContent?> FindAsync(Message message, CancellationToken stop)
    {
        try
        {
            if (message.ContentPath is { } stored)
            {
                var path = Full(stored);
                var file = new FileInfo(path);
                if (file.Exists) return new FileContent(path, file.Length);
            }
            else if (await _queue.ReadContentAsync(new(message.Id), stop) is { } bytes)
            {
                return new MemoryContent(bytes);
            }
            Log.ContentUnreadable(_log, null, new MessageId(message.Id).ToString());
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.ContentUnreadable(_log, e, new MessageId(message.Id).ToString());
        }
        return null;
    }

    /// <summary>Deletes files whose messages do not need them any more. Never throws: what stays is swept at the next start.</summary>
    public void Delete(IReadOnlyList<string> contentPaths)
    {
        foreach (var stored in contentPaths) DeleteFile(Full(stored));
    }

    internal void DeleteFile(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotDeleted(_log, e, path);
        }
    }

    /// <summary>Removes content files that no message names: a crash left them. Others that are no business of ours stay.</summary>
    /// <param name="mayBeLeft">Not for messages that are arriving now: their rows are still to come.</param>
    internal async Task SweepAsync(string queueFolder, Func<MessageId, bool> mayBeLeft, CancellationToken stop)
    {
        if (!Directory.Exists(queueFolder)) return;
        var swept = 0;
        var files = Directory.EnumerateFiles(queueFolder, "*.eml")
            .Where(path => MessageId.TryParse(Path.GetFileNameWithoutExtension(path), out var id) && mayBeLeft(id));
        foreach (var paths in files.Chunk(500))
        {
            var orphans = await _queue.FindOrphansAsync([.. paths.Select(Stored)], stop);
            Delete(orphans);
            swept += orphans.Count;
        }
        if (swept > 0) Log.Swept(_log, swept, queueFolder);
    }

    static FileStream CreateFile(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read | FileShare.Delete,
            Options = FileOptions.Asynchronous, BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new(path, options);
    }

    sealed class FileContent(string path, long length) : IOutgoingContent
    {
        public long Length => length;

        public ValueTask<Stream> OpenAsync(CancellationToken stop) => new(new FileStream(path, new FileStreamOptions
        {
            Share = FileShare.Read | FileShare.Delete, Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0,
        }));
    }
}

/// <summary>Content that is in memory.</summary>
sealed class MemoryContent(ReadOnlyMemory<byte> bytes) : IOutgoingContent
{
    public long Length => bytes.Length;

    public ValueTask<Stream> OpenAsync(CancellationToken stop)
    {
        var array = MemoryMarshal.TryGetArray(bytes, out var segment) ? segment : new(bytes.ToArray());
        return new(new MemoryStream(array.Array!, array.Offset, array.Count, writable: false));
    }
}

/// <summary>
/// Buffers for contents that are arriving, from a pool of their own: <see cref="ArrayPool{T}.Shared"/> would keep the
/// large ones for ever. Counts what is out.
/// </summary>
sealed class SpoolMemory(long limit)
{
    public const int LargestPooled = 512 * 1024;
    const int SmallestBuffer = 16 * 1024;
    readonly ArrayPool<byte> _pool = ArrayPool<byte>.Create(LargestPooled, 64);
    long _rented;

    /// <summary>Arriving messages hold more than they should: small ones go to files as well.</summary>
    public bool IsScarce => Volatile.Read(ref _rented) > limit;

    public long Rented => Volatile.Read(ref _rented);

    public byte[] Rent(int bytes)
    {
        var buffer = _pool.Rent(Math.Max(bytes, SmallestBuffer));
        Interlocked.Add(ref _rented, buffer.Length);
        return buffer;
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length == 0) return;
        Interlocked.Add(ref _rented, -buffer.Length);
        _pool.Return(buffer);
    }
}
