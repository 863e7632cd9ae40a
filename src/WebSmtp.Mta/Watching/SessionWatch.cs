using System.Globalization;
using System.Net;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Watching;

/// <summary>What those who make connections tell: that one began, and how it ended. Thread-safe.</summary>
public sealed class SessionWatch(
    SessionRegistry sessions, SessionHistory history, ProtocolLog log, Conversations conversations, EventStream events, TimeProvider time)
{
    long _lastId;

    public SessionRegistry Sessions => sessions;
    public Conversations Conversations => conversations;
    public ProtocolLog Log => log;

    /// <summary>An id for a connection that we open.</summary>
    internal string NextId() => string.Create(CultureInfo.InvariantCulture, $"out-{Interlocked.Increment(ref _lastId)}");

    /// <summary>A connection of ours is there: from now on it is in the list.</summary>
    internal OutboundSession Opened(SessionLog said, ClientSession client, IDialedConnection connection, string host, string? account)
    {
        said.Client = client;
        var session = new OutboundSession(said, client, connection, host, account);
        sessions.Add(session);
        Tell(said.Facts, "opened");
        return session;
    }

    /// <summary>The sides of a connection were exchanged, so that it is served now. It is one session, and ends as such.</summary>
    internal void GoesOnAs(OutboundSession session, LiveSession live)
    {
        sessions.Add(live);
        sessions.Remove(session);
    }

    public void Opened(LiveSession session)
    {
        sessions.Add(session);
        Tell(session.Facts, "opened");
    }

    /// <param name="failure">Why no mail could be sent over it any more; null: it was ended in order.</param>
    internal void Closed(OutboundSession session, ClientFailure? failure)
    {
        if (!sessions.Remove(session)) return;
        var (outcome, end) = failure switch
        {
            _ when session.CloseRequest is { } request => (SessionOutcome.Closed, $"{request.Text}."),
            null => (SessionOutcome.Completed, "Ended with QUIT."),
            { Reply: { } reply } => (SessionOutcome.Refused, $"{failure.Reason} ({reply.Code})."),
            _ => (SessionOutcome.Broken, $"{failure.Reason}."),
        };
        history.Add(session, outcome, char.ToUpperInvariant(end[0]) + end[1..]);
        Tell(session.Facts, "closed");
    }

    public void Closed(LiveSession session, SessionOutcome outcome, string end)
    {
        sessions.Remove(session);
        history.Add(session, outcome, end);
        Tell(session.Facts, "closed");
    }

    /// <summary>A connection was refused before it became a session.</summary>
    public void Refused(SiteSnapshot site, string id, EndPoint remote, EndPoint? local, Reply reply)
    {
        var said = log.Begin(site, id, SessionDirection.Inbound, SessionPurpose.Client, remote, local);
        if (said.Listens) said.ServerSaid(reply.ToString());
        var now = time.GetUtcNow();
        history.Add(new(
            id, site.Id, SessionDirection.Inbound, SessionPurpose.Client, SessionFacts.Show(remote), said.Facts.Address, local is null ? null : SessionFacts.Show(local), null, null, null, null, "CONNECT",
            said.Facts.StartedAt, now, 0, 0, reply.ToString().Length + 2, reply.ToString(), SessionOutcome.Refused, $"{reply.Text.TrimEnd('.')}."), said.Kept);
    }

    void Tell(SessionFacts facts, string what)
    {
        if (events.HasReaders) events.Publish(new SessionEvent(time.GetUtcNow(), facts.SiteId, facts.Id, what));
    }
}
