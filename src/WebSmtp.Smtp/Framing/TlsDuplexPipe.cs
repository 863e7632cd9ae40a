using System.IO.Pipelines;
using System.Net.Security;

namespace WebSmtp.Smtp.Framing;

/// <summary>
/// TLS laid over two pipes. RFC 3207, RFC 8314. The pipes below stay open when this is disposed; whoever owns them
/// closes them. Before it is made, nothing may be waiting unread in the pipe below: that would be clear text taken for
/// protected.
/// </summary>
public sealed class TlsDuplexPipe : IDuplexPipe, IAsyncDisposable
{
    // A TLS record carries at most 16 KiB; anything smaller would split every record into several reads.
    const int BufferSize = 16 * 1024;

    readonly DuplexPipeStream _below;

    TlsDuplexPipe(DuplexPipeStream below, SslStream stream)
    {
        _below = below;
        Stream = stream;
        // Zero-byte reads: a connection that waits holds no buffer.
        Input = PipeReader.Create(stream, new(bufferSize: BufferSize, leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(stream, new(leaveOpen: true));
    }

    /// <summary>For the facts of the encryption (protocol, cipher, peer's certificate); bytes go through the pipes.</summary>
    public SslStream Stream { get; }

    public PipeReader Input { get; }
    public PipeWriter Output { get; }

    /// <summary>
    /// Answers a client's handshake. Throws <see cref="System.Security.Authentication.AuthenticationException"/> when it
    /// fails, <see cref="IOException"/> when the peer leaves, <see cref="OperationCanceledException"/> when cancelled;
    /// the connection is of no use after either.
    /// </summary>
    public static ValueTask<TlsDuplexPipe> AsServerAsync(
        IDuplexPipe inner, SslServerAuthenticationOptions options, CancellationToken stop) =>
        ShakeHandsAsync(inner, stream => stream.AuthenticateAsServerAsync(options, stop));

    /// <summary>Begins a handshake as client. Throws as <see cref="AsServerAsync"/> does.</summary>
    public static ValueTask<TlsDuplexPipe> AsClientAsync(
        IDuplexPipe inner, SslClientAuthenticationOptions options, CancellationToken stop) =>
        ShakeHandsAsync(inner, stream => stream.AuthenticateAsClientAsync(options, stop));

    static async ValueTask<TlsDuplexPipe> ShakeHandsAsync(IDuplexPipe inner, Func<SslStream, Task> authenticateAsync)
    {
        var below = new DuplexPipeStream(inner);
        var stream = new SslStream(below, leaveInnerStreamOpen: true);
        try
        {
            await authenticateAsync(stream);
            return new(below, stream);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Says good-bye to the peer (close_notify) if it still listens, without waiting for it. Never throws for what the
    /// peer does.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _below.Closing = true;
        try
        {
            await Output.CompleteAsync();
            // Without close_notify the peer could not tell the end of the conversation from a cut line.
            await Stream.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // Gone already.
        }
        await Input.CompleteAsync();
        await Stream.DisposeAsync();
    }
}
