using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;

namespace WebSmtp.Api;

/// <summary>A route that has trouble, or limits.</summary>
/// <param name="Route">A domain, or the smart hosts of the route in their order.</param>
/// <param name="SiteId">null: a smart host, which all sites share.</param>
/// <param name="State">ok: it works. coolingDown: it could not be reached. onHold: it refuses our log-in; nothing bounces meanwhile. overBudget: its limits are used up.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="Since">Since when.</param>
/// <param name="Until">When it is tried again.</param>
/// <param name="Budget">How much of its limits is used; null: it has no limits, or was not used since the start.</param>
sealed record RouteStateResponse(
    string Route, int? SiteId, RouteCondition State, string? Reason, DateTimeOffset? Since, DateTimeOffset? Until, RouteBudgetResponse? Budget)
{
    public static RouteStateResponse Of(RouteState state, RouteBudget? budget) => new(
        state.Route, state.SiteId, state.State, state.Reason, state.Since, state.Until, budget is null ? null : RouteBudgetResponse.Of(budget));
}

/// <summary>How much of a route's limits is used.</summary>
/// <param name="Connections">Open now; counted where connections are limited.</param>
/// <param name="ThisMinute">Messages within this minute.</param>
/// <param name="Today">Messages since midnight UTC; counted where a day's messages are limited.</param>
/// <param name="MaxConnections">Connections at the same time; null: no limit.</param>
/// <param name="PerMinute">Messages a minute; null: no limit.</param>
/// <param name="PerDay">Messages a day; null: no limit.</param>
sealed record RouteBudgetResponse(int Connections, long ThisMinute, long Today, int? MaxConnections, int? PerMinute, int? PerDay)
{
    public static RouteBudgetResponse Of(RouteBudget budget) => new(
        budget.Connections, budget.ThisMinute, budget.Today, budget.Limits.Connections, budget.Limits.PerMinute, budget.Limits.PerDay);
}

/// <summary>A route that is to be tried.</summary>
/// <param name="Route">As the list of routes calls it.</param>
/// <param name="SiteId">The site of the route; left out: a smart host.</param>
sealed record RouteRetryRequest(string Route, int? SiteId = null);

static class RouteEndpoints
{
    const string Example = """
        { "route": "primary", "siteId": null, "state": "onHold", "reason": "smtp.example.com did not let us log in: 535 5.7.8 Authentication failed",
          "since": "2026-11-26T08:00:00Z", "until": "2026-11-26T08:30:00Z", "budget": null }
        """;

    public static void Map(IEndpointRouteBuilder api)
    {
        MapList(api);
        api.MapPost("/routes/retry", TryAsync)
            .Describe(Role.Operator, "Routes", "Try a route now",
                "A route that is on hold or cools down is not waited for: its mail is due at once. The answer is how it was. Refused with 409 where nothing is wrong, or where limits are used up.",
                409, 415)
            .AcceptsJson<RouteRetryRequest>().Produces<RouteStateResponse>(202).Example("""{ "route": "primary" }""", Example);
    }

    static void MapList(IEndpointRouteBuilder api) => api.MapGet("/routes", List)
        .Describe(Role.Viewer, "Routes", "List the routes that have trouble, or limits",
            "Destinations and smart hosts that mail cannot be handed to at this moment, those on hold first, and those whose limits are counted. What is not listed works.")
        .Produces<Listed<RouteStateResponse>>()
        .ListExample("""
            { "route": "primary", "siteId": null, "state": "onHold", "reason": "smtp.example.com did not let us log in: 535 5.7.8 Authentication failed",
              "since": "2026-11-26T08:00:00Z", "until": "2026-11-26T08:30:00Z",
              "budget": { "connections": 0, "thisMinute": 0, "today": 120, "maxConnections": 10, "perMinute": 60, "perDay": 2000 } }
            """);

    static async Task<IResult> TryAsync(HttpContext context, RouteOperations routes)
    {
        var body = await JsonInput.ReadAsync<RouteRetryRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var tried = await routes.TryNowAsync(wanted.Route, wanted.SiteId, context.Actor());
        return tried.Value is { } state ? context.Show(RouteStateResponse.Of(state, null), status: StatusCodes.Status202Accepted) : tried.Problem!.Answer();
    }

    static IResult List(HttpContext context, RouteOperations routes, string? limit, string? cursor)
    {
        var page = PageRequest.Read("routes", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        var all = routes.List().Select(route => RouteStateResponse.Of(route.State, route.Budget)).ToList();
        return context.Show(wanted.Of(all, route => $"{Rank(route.State)} {route.Route} {route.SiteId:D10}", route => route));
    }

    static int Rank(RouteCondition state) => state switch
    {
        RouteCondition.OnHold => 0,
        RouteCondition.Ok => 2,
        _ => 1,
    };
}
