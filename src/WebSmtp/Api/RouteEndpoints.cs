using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;

namespace WebSmtp.Api;

/// <summary>A route that has trouble.</summary>
/// <param name="Route">A domain, or the smart hosts of the route in their order.</param>
/// <param name="SiteId">null: a smart host, which all sites share.</param>
/// <param name="State">coolingDown: it could not be reached. onHold: it refuses our log-in; nothing bounces meanwhile. overBudget: its limits are used up.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="Since">Since when.</param>
/// <param name="Until">When it is tried again.</param>
sealed record RouteStateResponse(string Route, int? SiteId, RouteCondition State, string? Reason, DateTimeOffset? Since, DateTimeOffset? Until);

static class RouteEndpoints
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/routes", List)
        .Describe(Role.Viewer, "Routes", "List the routes that have trouble",
            "Destinations and smart hosts that mail cannot be handed to at this moment: those on hold first. What is not listed works.")
        .Produces<Listed<RouteStateResponse>>()
        .ListExample("""
            { "route": "primary", "siteId": null, "state": "onHold", "reason": "smtp.example.com did not let us log in: 535 5.7.8 Authentication failed",
              "since": "2026-11-26T08:00:00Z", "until": "2026-11-26T08:30:00Z" }
            """);

    static IResult List(HttpContext context, RouteStates states, string? limit, string? cursor)
    {
        var page = PageRequest.Read("routes", limit, cursor);
        return page.Value is not { } wanted
            ? page.Problem!.Answer()
            : context.Show(wanted.Of(states.List(), state => $"{(state.State is RouteCondition.OnHold ? 0 : 1)} {state.Route} {state.SiteId:D10}",
                state => new RouteStateResponse(state.Route, state.SiteId, state.State, state.Reason, state.Since, state.Until)));
    }
}
