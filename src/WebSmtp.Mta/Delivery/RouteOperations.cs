using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Delivery;

/// <summary>Routes with trouble, for every door. Thread-safe.</summary>
public sealed class RouteOperations(RouteStates states, RouteBudgets budgets, Scheduler scheduler, Audit audit, ILogger<RouteOperations> log)
{
    /// <summary>Those with trouble, on hold first, and then those whose limits are counted. What is not listed works.</summary>
    public IReadOnlyList<(RouteState State, RouteBudget? Budget)> List()
    {
        var troubled = states.List().Select(state => (state, budgets.Find(state.Route, state.SiteId))).ToList();
        var limited = budgets.List().Select(budget => (states.Find(budget.Route.Route, budget.Route.SiteId), (RouteBudget?)budget))
            .Where(route => route.Item1.State is RouteCondition.Ok);
        return [.. troubled, .. limited];
    }

    /// <summary>Does not wait for the time of the next try: what is queued for the route is due now.</summary>
    /// <param name="route">As the list of routes calls it.</param>
    /// <param name="siteId">Null: a smart host.</param>
    public Task<Result<RouteState>> TryNowAsync(string route, int? siteId, Actor actor) =>
        audit.ActAsync<RouteState>(actor, Role.Operator, "retry", "routes", async act =>
        {
            act.Changes(null, AuditImage.Of(new { Route = route, SiteId = siteId }));
            var state = states.Find(route, siteId);
            switch (state.State)
            {
                case RouteCondition.Ok:
                    return Problem.Conflict($"Nothing is known to be wrong with the route '{route}'.");
                case RouteCondition.OverBudget:
                    return Problem.Conflict($"The limits of '{route}' are used up until {state.Until:u}; raise them to send more.");
            }
            await scheduler.TryNowAsync(state.Route, siteId);
            Log.RouteTriedNow(log, state.Route, actor.Name);
            return state;
        });
}
