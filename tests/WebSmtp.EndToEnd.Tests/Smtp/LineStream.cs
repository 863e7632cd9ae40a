namespace WebSmtp.EndToEnd.Tests.Smtp;

/// <summary>Reads a stream line by line without changing an octet; only LF ends a line here. Not thread-safe.</summary>
sealed class LineStream(Stream stream)
{
    const int MaxLine = 64 * 1024 * 1024;

    byte[] _buffer = new byte[64 * 1024];
    int _start, _end;

    public Stream Stream => stream;

    /// <summary>Octets that came and were not read yet.</summary>
    public int Buffered => _end - _start;

    /// <summary>A line with its line ending, valid until the next call; the unfinished rest at the end of the stream; empty after it.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken stop)
    {
        for (var searched = 0; ;)
        {
            var lf = _buffer.AsSpan(_start + searched, Buffered - searched).IndexOf((byte)'\n');
            if (lf >= 0) return Take(searched + lf + 1);
            searched = Buffered;
            if (!await FillAsync(stop)) return Take(Buffered);
        }
    }

    /// <summary>Exactly so many octets.</summary>
    public async ValueTask<byte[]> ReadOctetsAsync(int count, CancellationToken stop)
    {
        while (Buffered < count)
        {
            if (!await FillAsync(stop)) throw new EndOfStreamException($"The connection ended {count - Buffered} octets early.");
        }
        return Take(count).ToArray();
    }

    async ValueTask<bool> FillAsync(CancellationToken stop)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, Buffered).CopyTo(_buffer);
            (_start, _end) = (0, Buffered);
        }
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxLine) throw new InvalidDataException("The line does not end.");
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), stop);
        _end += read;
        return read > 0;
    }

    ReadOnlyMemory<byte> Take(int count)
    {
        var taken = _buffer.AsMemory(_start, count);
        _start += count;
        return taken;
    }
}
