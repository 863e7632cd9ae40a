using System.Net;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Watching;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Sessions;

/// <summary>A session with what was said on it; null where nothing of it was kept.</summary>
public sealed record SessionStory(SessionView View, ConversationCopy? Said, bool IsRecorded);

/// <summary>How many connections were asked to end.</summary>
public sealed record SessionsClosed(int Sessions);

/// <summary>The list of sessions, living and ended, and their ends by hand. Thread-safe.</summary>
public sealed class SessionOperations(SessionRegistry sessions, SessionHistory history, SiteRegistry sites, Audit audit)
{
    static readonly Reply Closed = new(421, 4, 3, 2, "Closed by an administrator");

    /// <summary>Those that live, longest first.</summary>
    public IReadOnlyList<SessionView> List(SessionFilter filter) =>
        [.. sessions.All.Select(session => session.View()).Where(filter.Matches).OrderBy(view => view.StartedAt).ThenBy(view => view.Id, StringComparer.Ordinal)];

    public Page<SessionView> History(SessionFilter filter, string? cursor, int limit) => history.Find(filter, cursor, limit);

    /// <summary>One session, living or ended. What a living one says from now on is kept for whoever asked.</summary>
    public SessionStory? Look(string id)
    {
        if (sessions.Find(id) is { } session) return new(session.View(), session.Said?.Watch(), session.Said is { IsRecorded: true });
        return history.Find(id) is { } ended ? new(ended.View, ended.Said, IsRecorded: ended.Said is not null) : null;
    }

    /// <summary>Asks one to end, with 421 where we are the server; what is arriving is taken first.</summary>
    public Result<SessionsClosed> Close(string id, Actor actor) =>
        audit.Act<SessionsClosed>(actor, Role.Operator, "close", $"sessions/{id}", act =>
        {
            if (sessions.Find(id) is not { } session) return Problem.NotFound($"There is no session '{id}'.");
            act.Changes(AuditImage.Of(new { Site = session.SiteId, session.Facts.Address, Began = session.Facts.StartedAt }), null);
            session.Close(Closed);
            return new SessionsClosed(1);
        });

    /// <summary>The same for all that a site has with one address.</summary>
    public Result<SessionsClosed> CloseAll(int siteId, string? address, Actor actor) =>
        audit.Act(actor, Role.Operator, "close", $"sites/{siteId}/sessions", act => CloseAll(siteId, address, act));

    Result<SessionsClosed> CloseAll(int siteId, string? address, AuditedAct act)
    {
        if (sites.Find(siteId) is null) return Problem.NotFound($"There is no site {siteId}.");
        if (!IPAddress.TryParse(address, out var wanted) || !address.Contains(':', StringComparison.Ordinal) && address.Count('.') != 3)
            return Problem.Invalid("address", $"'{address}' is no IP address; give one like 192.0.2.1 or 2001:db8::1.");
        var text = (wanted.IsIPv4MappedToIPv6 ? wanted.MapToIPv4() : wanted).ToString();
        var found = sessions.All.Where(session => session.SiteId == siteId && session.Facts.Address == text).ToList();
        foreach (var session in found) session.Close(Closed);
        act.Changes(new() { ["address"] = text, ["sessions"] = found.Count }, new() { ["address"] = text, ["sessions"] = 0 });
        return new SessionsClosed(found.Count);
    }
}
