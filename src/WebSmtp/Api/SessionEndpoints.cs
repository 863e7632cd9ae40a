using System.Globalization;
using System.Net;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;

namespace WebSmtp.Api;

/// <summary>An SMTP session that lives now.</summary>
/// <param name="Id">To close it with.</param>
/// <param name="Direction">inbound: a client's connection to a site.</param>
/// <param name="RemoteAddress">The client's address and port.</param>
/// <param name="LocalEndpoint">The address and port that it came to.</param>
/// <param name="Helo">What the client called itself; null before EHLO or HELO.</param>
/// <param name="Account">The account that logged in; null before.</param>
/// <param name="Tls">The version of TLS; null: in clear.</param>
/// <param name="Stage">The command in work, or the last one.</param>
/// <param name="StartedAt">When the connection was taken.</param>
/// <param name="Messages">Messages accepted in it.</param>
/// <param name="Bytes">Bytes of content received in it.</param>
sealed record SessionResponse(
    string Id, string Direction, string RemoteAddress, string LocalEndpoint, string? Helo, string? Account, string? Tls, string Stage,
    DateTimeOffset StartedAt, int Messages, long Bytes)
{
    public static SessionResponse Of(LiveSession live)
    {
        var session = live.Session;
        return new(
            session.Id, "inbound", Show(session.Remote), Show(session.Local), session.HeloName, session.Account, session.Tls?.ToString(),
            session.Stage, session.StartedAt, session.MessagesAccepted, session.ContentBytes);
    }

    static string Show(EndPoint endpoint) => endpoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
        ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port).ToString()
        : endpoint.ToString() ?? "";
}

static class SessionEndpoints
{
    const string Tag = "Sessions";

    static readonly Reply Closed = new(421, 4, 3, 2, "Closed by an administrator");

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/sites/{id:int}/sessions", List)
            .Describe(Role.Viewer, Tag, "List a site's sessions", "Connections that live now, longest first.", 404)
            .Produces<Listed<SessionResponse>>()
            .ListExample("""
                { "id": "0HN1", "direction": "inbound", "remoteAddress": "127.0.0.1:51514", "localEndpoint": "127.0.0.1:2525",
                  "helo": "client.example", "account": null, "tls": "Tls13", "stage": "DATA", "startedAt": "2026-11-23T08:00:00Z",
                  "messages": 3, "bytes": 12051 }
                """);
        api.MapDelete("/sessions/{id}", Close)
            .Describe(Role.Operator, Tag, "Close a session", "Ends it with 421 at its next command; a message that is arriving is taken first.", 404)
            .Produces(204);
    }

    static IResult List(HttpContext context, SiteRegistry sites, SessionRegistry sessions, int id, string? limit, string? cursor)
    {
        var page = PageRequest.Read($"sessions {id}", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        if (sites.Find(id) is null) return SiteEndpoints.NotFound(id).Answer();
        return context.Show(wanted.Of(
            [.. sessions.OfSite(id)],
            live => string.Create(CultureInfo.InvariantCulture, $"{live.Session.StartedAt.UtcTicks:D20} {live.Session.Id}"), SessionResponse.Of));
    }

    static IResult Close(HttpContext context, SessionRegistry sessions, Audit audit, string id)
    {
        var refused = audit.Act(context.Actor(), Role.Operator, "close", $"sessions/{id}", _ =>
        {
            if (sessions.Find(id) is not { } live) return Problem.NotFound($"There is no session '{id}'.");
            live.Session.RequestClose(Closed);
            return null;
        });
        return refused?.Answer() ?? TypedResults.NoContent();
    }
}
