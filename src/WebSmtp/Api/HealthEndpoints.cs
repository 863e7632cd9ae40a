using System.Text.Json.Serialization;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

/// <summary>Whether the program can do its work.</summary>
/// <param name="Status">alive; ready or unready.</param>
/// <param name="Degraded">Sites that should run and do not.</param>
/// <param name="Reasons">Why it is unready.</param>
sealed record HealthResponse(
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<DegradedSite>? Degraded = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Reasons = null);

/// <summary>A site that should run and does not.</summary>
/// <param name="Site">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Reason">Why, in one sentence.</param>
sealed record DegradedSite(int Site, string Name, string Reason);

static class HealthEndpoints
{
    const string Tag = "Health";
    static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);
    static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapMethods("/healthz", Methods, (HttpContext context) => context.Show(new HealthResponse("alive")))
            .AllowAnonymous().WithTags(Tag).WithSummary("Is it alive?").WithDescription("The process answers. Needs no key.")
            .Produces<HealthResponse>().Example(response: """{ "status": "alive" }""");
        app.MapMethods("/readyz", Methods, ReadyAsync)
            .AllowAnonymous().WithTags(Tag).WithSummary("Is it ready?")
            .WithDescription("The database can be written and at least one site that should run is running. A site that failed is named in degraded. Needs no key.")
            .Produces<HealthResponse>().Produces<HealthResponse>(503)
            .Example(response: """{ "status": "ready", "degraded": [] }""");
    }

    static async Task<IResult> ReadyAsync(HttpContext context, SiteRegistry sites, IQueueStore queue, TimeProvider time)
    {
        var health = await LookAsync(sites, queue, time, context.RequestAborted);
        return context.Show(health, status: health.Reasons is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    public static async Task<HealthResponse> LookAsync(SiteRegistry sites, IQueueStore queue, TimeProvider time, CancellationToken stop)
    {
        var reasons = new List<string>();
        if (!await CanWriteAsync(queue, time, stop)) reasons.Add("The database cannot be written.");
        var all = sites.Sites.Values.OrderBy(view => view.Site.Id).ToList();
        if (!all.Any(view => view.State is SiteState.Running)) reasons.Add("No site is running.");
        var degraded = all.Where(view => view.State is SiteState.Failed)
            .Select(view => new DegradedSite(view.Site.Id, view.Site.Name, view.StateReason ?? "It could not be started.")).ToList();
        return reasons.Count == 0 ? new("ready", degraded) : new("unready", degraded, reasons);
    }

    static async Task<bool> CanWriteAsync(IQueueStore queue, TimeProvider time, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(ProbeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
        try
        {
            return await queue.ProbeAsync(either.Token).WaitAsync(either.Token);
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // Whatever kept it from writing keeps it from taking mail.
            return false;
        }
    }
}
