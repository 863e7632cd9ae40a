using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

/// <summary>What a queue does. active: it is being delivered or about to be. retry: it waits after a failed attempt, or for its route: see reason.</summary>
enum QueueState { Active, Retry, Held, Frozen }

/// <summary>The mail of a site that lives for one destination.</summary>
/// <param name="Domain">The destination.</param>
/// <param name="Route">The type of its route.</param>
/// <param name="WillGoVia">Where the next attempt goes, in words.</param>
/// <param name="Messages">Messages that have a recipient there.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Oldest">When the oldest of them was received.</param>
/// <param name="NextAttempt">When the next is due; null where nothing is due: held, frozen.</param>
/// <param name="LastError">The last reply that was not a success.</param>
/// <param name="State">What happens to it.</param>
/// <param name="Reason">Why its route is not used at this moment, such as a log-in that is refused; null: nothing is known to be wrong.</param>
/// <param name="StoppedBy">Who stopped the destination; null: nobody did.</param>
/// <param name="StoppedAt">Since when it is stopped.</param>
sealed record QueueResponse(
    string Domain, RouteType Route, string WillGoVia, long Messages, long Bytes, DateTimeOffset? Oldest, DateTimeOffset? NextAttempt, string? LastError,
    QueueState State, string? Reason, string? StoppedBy, DateTimeOffset? StoppedAt)
{
    public static QueueResponse Of(RoutePlan plan, DestinationSummary row, RouteState route) => new(
        row.Domain, plan.Type, Mta.Queue.WillGoVia.Describe(plan), row.Messages, row.Bytes, row.Oldest, row.Stopped is null ? row.NextAttempt : null, row.LastError ?? route.Reason,
        row switch
        {
            { Stopped: not null } => QueueState.Frozen,
            { AnyDelivering: true } => QueueState.Active,
            { AnyRetrying: true } => QueueState.Retry,
            { NextAttempt: not null } when route.State is not RouteCondition.Ok => QueueState.Retry,
            { AnyHeld: true } => QueueState.Held,
            { AnyFrozen: true, NextAttempt: null } => QueueState.Frozen,
            _ => QueueState.Active,
        }, route.Reason, row.Stopped?.By, row.Stopped?.At);
}

static class QueueEndpoints
{
    const string Tag = "Queue";

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/sites/{id:int}/queues", ListAsync)
        .Describe(Role.Viewer, Tag, "List a site's destinations", "One row for each destination with living mail, and each that is stopped, by name.", 404)
        .Produces<Listed<QueueResponse>>()
        .ListExample("""
            { "domain": "test.com", "route": "hold", "willGoVia": "held until collected", "messages": 12, "bytes": 48211, "oldest": "2026-11-22T21:10:05Z",
              "nextAttempt": null, "lastError": null, "state": "held", "reason": null, "stoppedBy": null, "stoppedAt": null }
            """);

    static async Task<IResult> ListAsync(
        HttpContext context, SiteRegistry sites, RoutePlanner planner, QueueOperations queue, RouteStates routes, int id, string? limit, string? cursor)
    {
        var page = PageRequest.Read($"queues {id}", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        if (sites.Find(id) is not { } view) return SiteEndpoints.NotFound(id).Answer();
        return context.Show(wanted.Of(
            await queue.ListDestinationsAsync(id, wanted.After, wanted.Limit, context.RequestAborted),
            row => planner.Plan(view.Site, row.Domain) is var plan ? QueueResponse.Of(plan, row, routes.Of(plan, id)) : throw new InvalidOperationException()));
    }
}
