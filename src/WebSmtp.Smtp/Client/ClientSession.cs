using System.IO.Pipelines;
using System.Security.Authentication;

namespace WebSmtp.Smtp.Client;

/// <summary>
/// One SMTP conversation as client. RFC 5321. Runs on two pipes and knows no sockets. Not thread-safe. Nothing that the
/// server does makes a method throw: trouble is a <see cref="ClientFailure"/>; only cancellation throws.
/// </summary>
public sealed partial class ClientSession : IAsyncDisposable
{
    public ClientSession(IDuplexPipe transport, ClientSessionOptions options, TimeProvider time, ISessionObserver? observer = null)
    {
    }

    /// <summary>What the server offered; empty before <see cref="OpenAsync"/>.</summary>
    public ServerCapabilities Capabilities { get; private set; } = ServerCapabilities.None;

    /// <summary>The name in the server's greeting, null before it or when it gave none.</summary>
    public string? ServerName { get; private set; }

    /// <summary>Null while the connection is in clear.</summary>
    public SslProtocols? Tls { get; private set; }

    /// <summary>Waits for the greeting and says EHLO (HELO where that is refused), STARTTLS if wanted. Null: ready for mail.</summary>
    public ValueTask<ClientFailure?> OpenAsync(CancellationToken stop) => throw new NotSupportedException();

    /// <summary>
    /// One transaction: MAIL, RCPT for each recipient, content; pipelined where the server offers it. The message must be
    /// one that the server can take: see <see cref="ServerCapabilities"/>; size and extensions are not checked again here,
    /// parameters that the server does not know are left out.
    /// </summary>
    public ValueTask<TransactionResult> SendAsync(OutgoingMessage message, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Says QUIT and waits for the answer for at most a few seconds. Never fails.</summary>
    public ValueTask QuitAsync(CancellationToken stop) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;
}
