using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Api;

/// <summary>An act on many messages.</summary>
/// <param name="Id">To follow or cancel it.</param>
/// <param name="SiteId">The site whose mail it is about; 0: several.</param>
/// <param name="What">What it does.</param>
/// <param name="By">Who began it.</param>
/// <param name="State">running, paused, done, cancelled or failed.</param>
/// <param name="Done">Messages that it is done with.</param>
/// <param name="Total">Messages that it is about, as far as that is known.</param>
/// <param name="Failed">Messages with which it could not be done.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
/// <param name="Reason">Why it failed, or why the first message did.</param>
/// <param name="Filter">The search that it is about, where it began with one.</param>
/// <param name="Failures">The first messages with which it could not be done, at most 200.</param>
/// <param name="Folder">Where export wrote its files.</param>
sealed record OperationResponse(
    string Id, int SiteId, string What, string By, OperationState State, long Done, long Total, long Failed, DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt, string? Reason, string Filter, IReadOnlyList<OperationFailureResponse> Failures, string? Folder)
{
    public const string Example = """
        { "id": "02P3K9ZC1G00A", "siteId": 1, "what": "freeze", "by": "admin", "state": "done", "done": 12, "total": 13, "failed": 1,
          "startedAt": "2026-11-22T21:10:05Z", "endedAt": "2026-11-22T21:10:06Z", "reason": "It is being delivered or collected at this moment.",
          "filter": "domain:test.com", "failures": [ { "messageId": "02P3K9ZC1G004", "reason": "It is being delivered or collected at this moment." } ], "folder": null }
        """;

    public static OperationResponse Of(OperationView view) => new(
        view.Id, view.SiteId, view.What, view.By, view.State, view.Done, view.Total, view.Failed, view.StartedAt, view.EndedAt, view.Reason,
        view.Filter, [.. view.Failures.Select(one => new OperationFailureResponse(one.MessageId.ToString(), one.Reason))], view.Folder);
}

/// <summary>A message with which it could not be done.</summary>
/// <param name="MessageId">Its id.</param>
/// <param name="Reason">Why.</param>
sealed record OperationFailureResponse(string MessageId, string Reason);

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
        api.MapPost("/operations/{id}/pause", (HttpContext context, Operations operations, string id) => Pause(context, operations, id, true))
            .Describe(Role.Operator, Tag, "Pause an operation", "It stops after the messages that it is at, until it is continued. Refused with 409 when it has ended.", 404, 409)
            .Produces<OperationResponse>().Example(response: OperationResponse.Example);
        api.MapPost("/operations/{id}/continue", (HttpContext context, Operations operations, string id) => Pause(context, operations, id, false))
            .Describe(Role.Operator, Tag, "Continue an operation", "One that is paused goes on. Refused with 409 when it has ended.", 404, 409)
            .Produces<OperationResponse>().Example(response: OperationResponse.Example);
    }

    static IResult Pause(HttpContext context, Operations operations, string id, bool pause) =>
        operations.Pause(id, pause, context.Actor())?.Answer() ?? Get(context, operations, id);

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
