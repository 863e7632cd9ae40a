using System.Buffers;

namespace WebSmtp.Smtp.Server;

/// <summary>
/// Takes the content of one message while it arrives, dot-unstuffed, byte for byte. The session writes, then calls
/// <see cref="FlushAsync"/> between two reads from the peer, and at the end either <see cref="CommitAsync"/> or only
/// <see cref="IAsyncDisposable.DisposeAsync"/>, which discards what was not committed. Not thread-safe.
/// </summary>
public abstract class IncomingContent : IBufferWriter<byte>, IAsyncDisposable
{
    public abstract void Advance(int count);
    public abstract Memory<byte> GetMemory(int sizeHint = 0);
    public abstract Span<byte> GetSpan(int sizeHint = 0);

    /// <summary>
    /// Lets content move from memory to disk. A refusal (452 4.3.1: the disk is full) means that nothing more need be
    /// written: the session reads the rest of the message, drops it, and answers with the refusal.
    /// </summary>
    public abstract ValueTask<Reply?> FlushAsync(CancellationToken stop);

    /// <summary>
    /// The message is complete. Answers 250 only when content, envelope and queue entries would survive a power loss;
    /// otherwise why not. Must not be cancelled half way: there is no token.
    /// </summary>
    public abstract ValueTask<Reply> CommitAsync();

    public abstract ValueTask DisposeAsync();
}
