using System.IO.Pipelines;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Client;

/// <summary>
/// One SMTP conversation as client. RFC 5321. Runs on two pipes and knows no sockets. Not thread-safe. Nothing that the
/// server does makes a method throw: trouble is a <see cref="ClientFailure"/>; only cancellation throws, and it ends
/// the conversation. The pipes stay the caller's to complete.
/// </summary>
public sealed partial class ClientSession : IAsyncDisposable
{
    readonly ClientSessionOptions _options;
    readonly TimeProvider _time;
    readonly ISessionObserver? _observer;
    readonly ReplyReader _replies;

    IDuplexPipe _wire;
    TlsDuplexPipe? _tls;

    /// <summary>Set once: no mail can be sent (any more).</summary>
    ClientFailure? _failure;

    /// <summary>Not even QUIT can be said: the connection broke, or a command would not be taken for one.</summary>
    bool _gone;
    bool _greeted;
    long _bytesSaid;
    bool _open;

    /// <param name="transport">Stays open when the session is disposed.</param>
    /// <param name="options">Read once, here.</param>
    /// <param name="time">Measures the time-outs.</param>
    /// <param name="observer">Sees each line; content only as a line that counts it.</param>
    public ClientSession(
        IDuplexPipe transport, ClientSessionOptions options, TimeProvider time, ISessionObserver? observer = null)
    {
        EnvelopeCommands.Checked(options.HostName);
        if (WantsTls(options) && options.TlsOptions is null)
        {
            throw new ArgumentException("TLS is wanted without options for it.", nameof(options));
        }
        _options = options;
        _time = time;
        _observer = observer;
        _wire = transport;
        _replies = new(observer);
        _deadline = new(Timeout.InfiniteTimeSpan, time);
    }

    /// <summary>
    /// What the server offered; empty before <see cref="OpenAsync"/>. CHUNKING and BINARYMIME, which a turned session
    /// does not use, are not in it there.
    /// </summary>
    public ServerCapabilities Capabilities { get; private set; } = ServerCapabilities.None;

    /// <summary>The name in the server's greeting, null before it or when it gave none.</summary>
    public string? ServerName { get; private set; }

    /// <summary>Null while the connection is in clear.</summary>
    public NegotiatedTls? Tls { get; private set; }

    /// <summary>What was said or awaited last. May be read from any thread, like the counts.</summary>
    public ClientPhase Phase { get; private set; } = ClientPhase.Greeting;

    /// <summary>Octets of commands and content that went, and of replies that came; TLS is not counted.</summary>
    public long BytesSent => _bytesSaid;
    public long BytesReceived => _replies.BytesRead;

    /// <summary>
    /// Says QUIT and waits for the answer for at most a few seconds. Never fails, and does not throw when cancelled.
    /// </summary>
    public async ValueTask QuitAsync(CancellationToken stop)
    {
        if (_gone || !_greeted) return;
        try
        {
            using var stopping = StopWith(stop);
            await AskAsync(ClientPhase.Quit, "QUIT");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whoever is in a hurry does not wait for a good-bye.
        }
        Break(ClientPhase.Quit, "the session is over");
    }

    /// <summary>Ends TLS, if the session began it. Says nothing to the server: see <see cref="QuitAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        Break(ClientPhase.Quit, "the session is over");
        if (_tls is not null) await _tls.DisposeAsync();
        _deadline.Dispose();
    }

    static bool WantsTls(ClientSessionOptions options) => options.Tls is not ClientTls.None && !options.Turned;
}
