namespace WebSmtp.Mta.Queue;

/// <summary>
/// One content while it arrives: in memory while it is small, then in its file, written in large blocks. Not thread-safe.
/// Whoever throws is the file system; <see cref="DiskTrouble.IsFull"/> tells why.
/// </summary>
sealed class SpoolFile(Spool spool, string path) : IAsyncDisposable
{
    /// <summary>What gathers in memory before it is written.</summary>
    const int BlockBytes = 64 * 1024;

    byte[] _buffer = [];
    int _used;
    long _written;
    Stream? _file;
    bool _kept;

    /// <summary>Bytes taken so far.</summary>
    public long Length => _written + _used;

    /// <summary>All of the content; only while it is in memory.</summary>
    public ReadOnlyMemory<byte> InMemory => _buffer.AsMemory(0, _used);

    public Memory<byte> GetMemory(int sizeHint)
    {
        var room = Math.Max(sizeHint, 1);
        if (_buffer.Length - _used < room)
        {
            var larger = spool.Memory.Rent(Math.Max(_used + room, _used * 2));
            InMemory.CopyTo(larger);
            spool.Memory.Return(_buffer);
            _buffer = larger;
        }
        return _buffer.AsMemory(_used);
    }

    /// <summary>Takes over what was written to the memory given out last; returns it.</summary>
    public ReadOnlySpan<byte> Advance(int count)
    {
        var taken = _buffer.AsSpan(_used, count);
        _used += count;
        return taken;
    }

    /// <summary>Moves to disk what is too much for memory.</summary>
    public ValueTask FlushAsync(CancellationToken stop)
    {
        var enough = _file is null ? _used > Spool.InlineBytes || spool.Memory.IsScarce : _used >= BlockBytes;
        return enough ? WriteAsync(stop) : default;
    }

    async ValueTask WriteAsync(CancellationToken stop)
    {
        _file ??= spool.Create(path);
        await _file.WriteAsync(_buffer.AsMemory(0, _used), stop);
        _written += _used;
        _used = 0;
        if (_buffer.Length <= SpoolMemory.LargestPooled) return;
        // Much came in one read; the next one need not.
        spool.Memory.Return(_buffer);
        _buffer = [];
    }

    /// <summary>
    /// Makes a content that is in a file durable and returns the path to store; null when the content is in memory. The
    /// file stays only when <see cref="Keep"/> is called as well.
    /// </summary>
    public async ValueTask<string?> CompleteAsync()
    {
        if (_file is null && _used <= Spool.InlineBytes) return null;
        await WriteAsync(CancellationToken.None);
        await Threads.LeaveSocketsAsync();
        if (_file is FileStream file) file.Flush(flushToDisk: true);
        await _file!.DisposeAsync();
        DiskTrouble.SyncDirectory(Path.GetDirectoryName(path)!);
        return spool.Stored(path);
    }

    /// <summary>A row names the file now.</summary>
    public void Keep() => _kept = true;

    public async ValueTask DisposeAsync()
    {
        spool.Memory.Return(_buffer);
        (_buffer, _used) = ([], 0);
        if (_file is null) return;
        try
        {
            await _file.DisposeAsync();
        }
        catch (IOException)
        {
            // What could not be written is not wanted any more either.
        }
        if (!_kept) spool.DeleteFile(path);
        _file = null;
    }
}
