using WebSmtp.Mta.Watching;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Sessions;

/// <summary>A session that we serve, with its site, its end to wait for, and a way to cut the connection.</summary>
public sealed class LiveSession(int siteId, ServerSession session, Task ended, Action abort)
    : WatchedSession(FactsOf(siteId, session), session.Observer as SessionLog)
{
    public ServerSession Session => session;
    public Task Ended => ended;
    public Action Abort => abort;

    public override string? PeerName => session.HeloName;
    public override string? Account => session.Account;
    public override string? Tls => session.Tls is { } version ? TlsNames.Of(version) : null;
    public override string? TlsCipher => session.TlsCipher;
    public override string Stage => session.Stage;
    public override int Messages => session.MessagesAccepted + (Said?.MessagesSent ?? 0);

    // After TURN the other side of the connection goes on counting.
    public override long BytesReceived => session.BytesReceived + (Said?.Client?.BytesReceived ?? 0);
    public override long BytesSent => session.BytesSent + (Said?.Client?.BytesSent ?? 0);
    public override Reply? LastRefusal => session.LastRefusal;

    public override void Close(Reply reply) => session.RequestClose(reply);

    /// <summary>How it ended, in a word and a sentence.</summary>
    public static (SessionOutcome Outcome, string End) Describe(SessionEnd end, ServerSession session) => end switch
    {
        SessionEnd.Turned => (SessionOutcome.Completed, "The roles were exchanged, and the mail was collected on it."),
        _ when session.CloseRequest is { } request && end is SessionEnd.Shutdown => (SessionOutcome.Closed, $"{request.Text.TrimEnd('.')}."),
        SessionEnd.Quit or SessionEnd.PeerGone when session.MessagesAccepted == 0 && session.LastRefusal is { } no => (SessionOutcome.Refused, $"Left after {no.Code}."),
        SessionEnd.Quit => (SessionOutcome.Completed, "Ended with QUIT."),
        SessionEnd.PeerGone => (SessionOutcome.Broken, "The connection was closed without QUIT."),
        SessionEnd.Timeout => (SessionOutcome.Broken, "The peer fell silent."),
        SessionEnd.Bug => (SessionOutcome.Broken, "Trouble of this server, see its log."),
        SessionEnd.Shutdown => (SessionOutcome.Closed, "The site was stopped."),
        SessionEnd.TooManyErrors => (SessionOutcome.Refused, "Too many errors."),
        SessionEnd.Limit => (SessionOutcome.Refused, "A limit of the session was passed."),
        SessionEnd.Refused => (SessionOutcome.Refused, "Was told to go."),
        SessionEnd.LineTooLong => (SessionOutcome.Refused, "A line without end."),
        _ => (SessionOutcome.Refused, "Broke the rules of SMTP."),
    };

    static SessionFacts FactsOf(int siteId, ServerSession session) => session.Observer is SessionLog said
        ? said.Facts
        : new(session.Id, siteId, SessionDirection.Inbound, SessionPurpose.Client, session.Remote, session.Local, session.StartedAt);
}
