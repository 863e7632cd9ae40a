using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Watching;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Sessions;

/// <summary>A connection that we opened to bring mail, or to collect it.</summary>
/// <param name="peerName">The host's name as it was looked for.</param>
/// <param name="account">What we log in with.</param>
public sealed class OutboundSession(
    SessionLog said, ClientSession client, IDialedConnection connection, string peerName, string? account) : WatchedSession(said.Facts, said)
{
    volatile Reply? _closeRequest;

    public override string? PeerName => client.ServerName ?? peerName;
    public override string? Account => account;
    public override string? Tls => client.Tls is { } tls ? TlsNames.Of(tls.Protocol) : null;
    public override string? TlsCipher => client.Tls?.CipherSuite.ToString();
    public override string Stage => Idles ? "IDLE" : StageOf(client.Phase);
    public override int Messages => Said!.MessagesSent;
    public override long BytesReceived => client.BytesReceived;
    public override long BytesSent => client.BytesSent;
    public override Reply? LastRefusal => null;

    /// <summary>Nothing is on its way.</summary>
    public bool Idles { get; set; }

    /// <summary>Why it is to end; null while nobody asked for that.</summary>
    public Reply? CloseRequest => _closeRequest;

    /// <summary>
    /// Cuts it off, but not while the reply to a whole message is awaited: nobody would know whether it was taken, and it
    /// would be sent again. Then it ends with that reply.
    /// </summary>
    public override void Close(Reply reply)
    {
        _closeRequest = reply;
        if (Idles || client.Phase is not ClientPhase.FinalDot) connection.Abort();
    }

    static string StageOf(ClientPhase phase) => phase switch
    {
        ClientPhase.Connect or ClientPhase.Greeting => "CONNECT",
        ClientPhase.Hello => "EHLO",
        ClientPhase.Content or ClientPhase.FinalDot => "DATA",
        ClientPhase.Reset => "RSET",
        ClientPhase.Request => "COLLECT",
        _ => phase.ToString().ToUpperInvariant(),
    };
}
