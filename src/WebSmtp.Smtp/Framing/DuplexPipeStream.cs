using System.Buffers;
using System.IO.Pipelines;

namespace WebSmtp.Smtp.Framing;

/// <summary>Two pipes as one stream, which is what <see cref="System.Net.Security.SslStream"/> wants. Leaves the pipes open.</summary>
sealed class DuplexPipeStream(IDuplexPipe pipe) : Stream
{
    /// <summary>From now on a write only goes into the pipe and does not wait for a peer that may never read again.</summary>
    public bool Closing { get; set; }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await pipe.Input.ReadAsync(cancellationToken);
        // Woken for nothing, by whoever knew the pipe before there was a stream over it.
        while (read.IsCanceled && read.Buffer.IsEmpty)
        {
            pipe.Input.AdvanceTo(read.Buffer.Start);
            read = await pipe.Input.ReadAsync(cancellationToken);
        }
        var length = (int)Math.Min(buffer.Length, read.Buffer.Length);
        var taken = read.Buffer.Slice(0, length);
        taken.CopyTo(buffer.Span);
        // From here on the pipe may use these segments for something else.
        pipe.Input.AdvanceTo(taken.End);
        return length;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = pipe.Output.WriteAsync(buffer, cancellationToken);
        if (Closing && !writing.IsCompleted) pipe.Output.CancelPendingFlush();
        var flush = await writing;
        if (flush.IsCompleted) throw new IOException("The peer no longer reads");
        if (flush.IsCanceled && !Closing) throw new OperationCanceledException();
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Does nothing: every write is flushed.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Does nothing: every write is flushed.</summary>
    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous");
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
