using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

static class SessionEndpoints
{
    const string Tag = "Sessions";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/sites/{id:int}/sessions", List)
            .Describe(Role.Viewer, Tag, "List a site's sessions",
                "Connections that live now, both ways, longest first. With history=true those that have ended, the last of them since the program started, what ended last first. address is the peer's, or how it begins; from and to are times, outcome is of those that have ended.", 404)
            .Produces<Listed<SessionResponse>>().ListExample(SessionResponse.Example);
        api.MapDelete("/sites/{id:int}/sessions", CloseAll)
            .Describe(Role.Operator, Tag, "Close all sessions with an address", "Each ends as by closing it alone; the answer says how many there were.", 404)
            .Produces<SessionsClosedResponse>().Example(response: """{ "sessions": 2 }""");
        api.MapGet("/sessions/{id}", Get)
            .Describe(Role.Viewer, Tag, "Show a session",
                "One session, living or ended, with its conversation. Where the site's protocolLog is off, the conversation is kept from the first time that somebody asks for it.", 404)
            .Produces<SessionResponse>().Example(response: SessionResponse.ExampleWithConversation);
        api.MapDelete("/sessions/{id}", Close)
            .Describe(Role.Operator, Tag, "Close a session",
                "Ends it with 421 at its next command; a message that is arriving is taken first. A connection of ours is cut off, but not while the reply to a whole message is awaited.", 404)
            .Produces(204);
    }

    static IResult List(HttpContext context, SiteRegistry sites, SessionOperations sessions, int id, [AsParameters] SessionQuery query)
    {
        var history = query.History is "true";
        if (query.History is not (null or "true" or "false")) return Problem.Invalid("history", "Give true or false.").Answer();
        var page = PageRequest.Read($"sessions {id} {history}", query.Limit, query.Cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        if (sites.Find(id) is null) return SiteEndpoints.NotFound(id).Answer();
        var read = query.Filter(id);
        if (read.Value is not { } filter) return read.Problem!.Answer();
        return history
            ? context.Show(wanted.Of(sessions.History(filter, wanted.After, wanted.Limit), view => SessionResponse.Of(view)))
            : context.Show(wanted.Of(
                sessions.List(filter), view => string.Create(CultureInfo.InvariantCulture, $"{view.StartedAt.UtcTicks:D20} {view.Id}"), view => SessionResponse.Of(view)));
    }

    static IResult Get(HttpContext context, SessionOperations sessions, string id) => sessions.Look(id) is { } story
        ? context.Show(SessionResponse.Of(story.View, story.Said))
        : Problem.NotFound($"There is no session '{id}'.").Answer();

    static IResult Close(HttpContext context, SessionOperations sessions, string id) =>
        sessions.Close(id, context.Actor()).Problem?.Answer() ?? TypedResults.NoContent();

    static IResult CloseAll(HttpContext context, SessionOperations sessions, int id, string? address)
    {
        var closed = sessions.CloseAll(id, address, context.Actor());
        return closed.Value is { } done ? context.Show(new SessionsClosedResponse(done.Sessions)) : closed.Problem!.Answer();
    }
}

/// <summary>Sessions that were asked to end.</summary>
/// <param name="Sessions">How many.</param>
sealed record SessionsClosedResponse(int Sessions);

/// <summary>Which sessions a list shows.</summary>
sealed class SessionQuery
{
    [FromQuery(Name = "history")] public string? History { get; init; }
    [FromQuery(Name = "address")] public string? Address { get; init; }
    [FromQuery(Name = "account")] public string? Account { get; init; }
    [FromQuery(Name = "outcome")] public string? Outcome { get; init; }
    [FromQuery(Name = "direction")] public string? Direction { get; init; }
    [FromQuery(Name = "from")] public string? From { get; init; }
    [FromQuery(Name = "to")] public string? To { get; init; }
    [FromQuery(Name = "limit")] public string? Limit { get; init; }
    [FromQuery(Name = "cursor")] public string? Cursor { get; init; }

    public Result<SessionFilter> Filter(int siteId)
    {
        if (!TraceEndpoints.TryRead(From, out var from)) return Problem.Invalid("from", "Give an ISO 8601 time such as 2026-11-22T21:10:00Z.");
        if (!TraceEndpoints.TryRead(To, out var to)) return Problem.Invalid("to", "Give an ISO 8601 time such as 2026-11-22T21:10:00Z.");
        if (!TryRead<SessionOutcome>(Outcome, out var outcome)) return Problem.Invalid("outcome", Allowed<SessionOutcome>());
        if (!TryRead<Mta.Watching.SessionDirection>(Direction, out var direction)) return Problem.Invalid("direction", Allowed<Mta.Watching.SessionDirection>());
        return new SessionFilter(siteId, Address, Account, outcome, direction, from, to);
    }

    internal static bool TryRead<T>(string? text, out T? value) where T : struct, Enum
    {
        value = null;
        if (text is null) return true;
        if (!Enum.TryParse<T>(text, ignoreCase: true, out var read) || !char.IsAsciiLetter(text[0])) return false;
        value = read;
        return true;
    }

    static string Allowed<T>() where T : struct, Enum => $"Give one of {string.Join(", ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant()))}.";
}
