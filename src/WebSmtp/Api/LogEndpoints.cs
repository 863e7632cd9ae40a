using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Mvc;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Api;

/// <summary>A line of the protocol log.</summary>
/// <param name="Number">Counts all lines; the next question asks for those after the last.</param>
/// <param name="At">When it passed.</param>
/// <param name="SiteId">The site.</param>
/// <param name="SessionId">The session.</param>
/// <param name="Direction">Of the session: inbound or outbound.</param>
/// <param name="Address">The peer's.</param>
/// <param name="Speaker">client or server of the SMTP session, or note.</param>
/// <param name="Ours">This server said it.</param>
/// <param name="Text">The line.</param>
sealed record LogLineResponse(
    long Number, DateTimeOffset At, int SiteId, string SessionId, SessionDirection Direction, string Address, Speaker Speaker, bool Ours, string Text)
{
    public static LogLineResponse Of(ProtocolLine line) => new(
        line.Number, line.Line.At, line.Session.SiteId, line.Session.Id, line.Session.Direction, line.Session.Address, line.Line.Speaker, line.Line.Ours, line.Line.Text);
}

/// <summary>The newest lines of the protocol log that match.</summary>
/// <param name="Items">In order.</param>
/// <param name="Last">What to give as after to go on.</param>
/// <param name="Skipped">Lines since then that are not here: more than were asked for, or no longer known.</param>
sealed record LogResponse(IReadOnlyList<LogLineResponse> Items, long Last, long Skipped);

/// <summary>A log file in the W3C extended format.</summary>
/// <param name="Name">To read it with.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="WrittenAt">When it was last written.</param>
sealed record LogFileResponse(string Name, long Bytes, DateTimeOffset WrittenAt);

static class LogEndpoints
{
    const string Tag = "Log";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/log", Tail)
            .Describe(Role.Viewer, Tag, "Read the protocol log",
                "The newest lines, of all sites or one; with after, those that came since. Sites whose protocolLog is off are in it for half a minute after each question: ask again and again to follow. At most 4000 lines are kept. format=text answers them as text.")
            .Produces<LogResponse>().Example(response: """
                { "items": [ { "number": 17, "at": "2026-11-23T08:00:00Z", "siteId": 1, "sessionId": "0HN1", "direction": "inbound", "address": "192.0.2.7",
                  "speaker": "client", "ours": false, "text": "EHLO client.example" } ], "last": 17, "skipped": 0 }
                """);
        api.MapGet("/sites/{id:int}/log/files", Files)
            .Describe(Role.Viewer, Tag, "List a site's log files", "Written while the site's protocolLog is file; newest first.", 404)
            .Produces<Listed<LogFileResponse>>().ListExample("""{ "name": "ex261123.log", "bytes": 18211, "writtenAt": "2026-11-23T08:00:00Z" }""");
        api.MapGet("/sites/{id:int}/log/files/{name}", File)
            .Describe(Role.Viewer, Tag, "Read a log file", "In the W3C extended format, as it is now.", 404)
            .Produces<string>(200, "text/plain").Example(response: "\"#Software: WebSmtp\\n#Version: 1.0\\n\"");
    }

    static IResult Tail(HttpContext context, ProtocolLog log, [AsParameters] LogQuery query)
    {
        var read = query.Read();
        if (read.Value is not { } wanted) return read.Problem!.Answer();
        var page = log.Read(wanted.Filter, wanted.After, wanted.Limit);
        if (query.Format is "text") return TypedResults.Text(Written(page), "text/plain; charset=utf-8");
        return context.Show(new LogResponse([.. page.Lines.Select(LogLineResponse.Of)], page.Last, page.Skipped));
    }

    /// <summary>For people: time, site, session, peer, who speaks, the line.</summary>
    static string Written(ProtocolPage page)
    {
        var text = new StringBuilder();
        foreach (var line in page.Lines)
        {
            var said = line.Line;
            text.Append(CultureInfo.InvariantCulture, $"{said.At.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} site={line.Session.SiteId} session={line.Session.Id} {line.Session.Address} ")
                .Append(said.Speaker switch { Speaker.Client => "C: ", Speaker.Server => "S: ", _ => "# " }).Append(said.Text).Append('\n');
        }
        return text.ToString();
    }

    static IResult Files(HttpContext context, SiteRegistry sites, ProtocolFiles files, int id, string? limit, string? cursor)
    {
        var page = PageRequest.Read($"log files {id}", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        if (sites.Find(id) is null) return SiteEndpoints.NotFound(id).Answer();
        return context.Show(wanted.Of(
            files.List(id), file => string.Create(CultureInfo.InvariantCulture, $"{long.MaxValue - file.Written.UtcTicks:D20} {file.Name}"),
            file => new LogFileResponse(file.Name, file.Bytes, file.Written)));
    }

    static IResult File(SiteRegistry sites, ProtocolFiles files, int id, string name)
    {
        if (sites.Find(id) is null) return SiteEndpoints.NotFound(id).Answer();
        return files.Open(id, name) is { } stream
            ? TypedResults.Stream(stream, "text/plain; charset=utf-8", name)
            : Problem.NotFound($"Site {id} has no log file '{name}'.").Answer();
    }
}

/// <summary>Which lines are wanted.</summary>
sealed record LogRequest(ProtocolFilter Filter, long After, int Limit);

/// <summary>The same as it is asked for.</summary>
sealed class LogQuery
{
    const int DefaultLimit = 200, MaxLimit = 1000;

    [FromQuery(Name = "site")] public string? Site { get; init; }
    [FromQuery(Name = "address")] public string? Address { get; init; }
    [FromQuery(Name = "text")] public string? Text { get; init; }
    [FromQuery(Name = "session")] public string? Session { get; init; }
    [FromQuery(Name = "errors")] public string? Errors { get; init; }
    [FromQuery(Name = "after")] public string? After { get; init; }
    [FromQuery(Name = "limit")] public string? Limit { get; init; }
    [FromQuery(Name = "format")] public string? Format { get; init; }

    public Result<LogRequest> Read()
    {
        var (site, after, limit) = (0L, 0L, (long)DefaultLimit);
        if (Site is not null && !(TryNumber(Site, out site) && site is > 0 and <= int.MaxValue)) return Problem.Invalid("site", "Give the id of a site.");
        if (After is not null && !TryNumber(After, out after)) return Problem.Invalid("after", "Give the number of a line, as last says it.");
        if (Limit is not null && !(TryNumber(Limit, out limit) && limit is >= 1 and <= MaxLimit)) return Problem.Invalid("limit", $"Give a whole number from 1 to {MaxLimit}.");
        if (Format is not (null or "json" or "text")) return Problem.Invalid("format", "Give json or text.");
        if (Errors is not (null or "true" or "false")) return Problem.Invalid("errors", "Give true or false.");
        return new LogRequest(new(Site is null ? null : (int)site, Address, Text, Errors is "true", Session), after, (int)limit);
    }

    static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
