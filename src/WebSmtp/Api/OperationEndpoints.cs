using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Api;

/// <summary>An act on many messages.</summary>
/// <param name="Id">To follow or cancel it.</param>
/// <param name="SiteId">The site whose mail it is about.</param>
/// <param name="What">What it does.</param>
/// <param name="By">Who began it.</param>
/// <param name="State">running, done, cancelled or failed.</param>
/// <param name="Done">Messages that it is done with.</param>
/// <param name="Total">Messages that it is about, as far as that is known.</param>
/// <param name="Failed">Messages with which it could not be done.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
/// <param name="Reason">Why it failed, or why the first message did.</param>
sealed record OperationResponse(
    string Id, int SiteId, string What, string By, OperationState State, long Done, long Total, long Failed, DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt, string? Reason)
{
    public const string Example = """
        { "id": "02P3K9ZC1G00A", "siteId": 1, "what": "freeze", "by": "admin", "state": "done", "done": 12, "total": 13, "failed": 1,
          "startedAt": "2026-11-22T21:10:05Z", "endedAt": "2026-11-22T21:10:06Z", "reason": "It is being delivered or collected at this moment." }
        """;

    public static OperationResponse Of(OperationView view) => new(
        view.Id, view.SiteId, view.What, view.By, view.State, view.Done, view.Total, view.Failed, view.StartedAt, view.EndedAt, view.Reason);
}

static class OperationEndpoints
{
    const string Tag = "Operations";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/operations", List)
            .Describe(Role.Viewer, Tag, "List operations", "Acts on many messages, newest first: those that run, and those that ended within the last hour.")
            .Produces<Listed<OperationResponse>>().ListExample(OperationResponse.Example);
        api.MapGet("/operations/{id}", Get)
            .Describe(Role.Viewer, Tag, "Show an operation", "How far it has come.", 404)
            .Produces<OperationResponse>().Example(response: OperationResponse.Example);
        api.MapDelete("/operations/{id}", Cancel)
            .Describe(Role.Operator, Tag, "Cancel an operation", "It ends after the messages that it is at; what it did stays done. Refused with 409 when it has ended.", 404, 409)
            .Produces(204);
    }

    static IResult List(HttpContext context, Operations operations, string? limit, string? cursor)
    {
        var page = PageRequest.Read("operations", limit, cursor);
        return page.Value is { } wanted
            ? context.Show(wanted.Of(operations.List(), NewestFirst, OperationResponse.Of))
            : page.Problem!.Answer();
    }

    static string NewestFirst(OperationView view) =>
        (long.MaxValue - (MessageId.TryParse(view.Id, out var id) ? id.Value : 0)).ToString("D19", CultureInfo.InvariantCulture);

    static IResult Get(HttpContext context, Operations operations, string id) => operations.Find(id) is { } view
        ? context.Show(OperationResponse.Of(view), EntityTags.OfContent(OperationResponse.Of(view)))
        : Problem.NotFound($"There is no operation '{id}'.").Answer();

    static IResult Cancel(HttpContext context, Operations operations, string id) =>
        operations.Cancel(id, context.Actor())?.Answer() ?? TypedResults.NoContent();
}
