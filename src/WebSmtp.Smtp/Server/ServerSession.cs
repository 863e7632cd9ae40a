using System.IO.Pipelines;
using System.Net;
using System.Security.Authentication;

namespace WebSmtp.Smtp.Server;

/// <summary>Why a session ended.</summary>
public enum SessionEnd { Quit, PeerGone, Timeout, TooManyErrors, LineTooLong, Refused, ProtocolAbuse, Shutdown, Turned, Limit, Bug }

/// <summary>
/// One SMTP conversation as server. RFC 5321. Runs on two pipes and knows no sockets; TLS is laid over the pipes.
/// <see cref="RunAsync"/> is called once; the properties may be read and <see cref="RequestClose"/> called from any thread.
/// </summary>
public sealed partial class ServerSession
{
    public ServerSession(
        string id, IDuplexPipe transport, EndPoint remote, EndPoint local, ServerSessionOptions options,
        IMailSink sink, TimeProvider time, ISessionObserver? observer = null)
    {
        Id = id;
        Remote = remote;
        Local = local;
        Options = options;
        StartedAt = time.GetUtcNow();
    }

    public string Id { get; }
    public EndPoint Remote { get; }
    public EndPoint Local { get; }
    public ServerSessionOptions Options { get; }
    public DateTimeOffset StartedAt { get; }

    /// <summary>The name that the client gave with HELO or EHLO; null before.</summary>
    public string? HeloName { get; private set; }

    /// <summary>The client said EHLO (not HELO).</summary>
    public bool Extended { get; private set; }

    /// <summary>Null while the connection is in clear.</summary>
    public SslProtocols? Tls { get; private set; }

    /// <summary>The cipher suite's name, null while the connection is in clear.</summary>
    public string? TlsCipher { get; private set; }

    /// <summary>The account that logged in; null before.</summary>
    public string? Account { get; private set; }

    /// <summary>Messages answered with 250 after their content.</summary>
    public int MessagesAccepted { get; private set; }

    /// <summary>Bytes of content received in all messages of the session.</summary>
    public long ContentBytes { get; private set; }

    /// <summary>The verb in work or last handled, for the list of sessions: <c>CONNECT</c>, <c>MAIL</c>, <c>DATA</c>, <c>TURN</c>...</summary>
    public string Stage { get; private set; } = "CONNECT";

    /// <summary>
    /// Converses until the session ends, and says why it did. Cancelling <paramref name="stop"/> aborts at once, without
    /// a reply (the connection is gone); for an orderly end use <see cref="RequestClose"/>.
    /// </summary>
    public Task<SessionEnd> RunAsync(CancellationToken stop) => throw new NotSupportedException();

    /// <summary>
    /// Ends the session with <paramref name="reply"/> (a 421) at the next command boundary, at once when it waits for a
    /// command. A message whose content is arriving is taken first. May be called from any thread and more than once.
    /// </summary>
    public void RequestClose(Reply reply) => throw new NotSupportedException();
}
