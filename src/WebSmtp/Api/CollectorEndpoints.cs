using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collectors;

namespace WebSmtp.Api;

/// <summary>A site's collectors, their runs, and a run on demand.</summary>
static class CollectorEndpoints
{
    const string Tag = "Collectors";

    public static void Map(IEndpointRouteBuilder api)
    {
        var collectors = api.MapGroup("/sites/{id:int}/collectors");
        collectors.MapGet("", ListAsync)
            .Describe(Role.Viewer, Tag, "List a site's collectors", "What collects the site's mail from other servers, by name.", 404)
            .Produces<Listed<CollectorResponse>>().ListExample(CollectorExamples.Collector);
        collectors.MapPost("", CreateAsync)
            .Describe(Role.Administrator, Tag, "Make a collector", "It connects to a provider by its schedule, or on demand, and asks for held mail.", 404, 409, 415)
            .AcceptsJson<CollectorRequest>().Produces<CollectorResponse>(201)
            .Example(CollectorExamples.New, CollectorExamples.Collector);
        collectors.MapGet("/{name}", GetAsync)
            .Describe(Role.Viewer, Tag, "Show a collector", "One collector with its last run and its next. The password is never shown.", 404)
            .Produces<CollectorResponse>().Example(response: CollectorExamples.Collector);
        collectors.MapPatch("/{name}", ChangeAsync)
            .Describe(Role.Administrator, Tag, "Change a collector", "JSON merge patch. A password that is not given stays.", 404, 409, 412, 415)
            .AcceptsPatch<CollectorRequest>().Produces<CollectorResponse>()
            .Example("""{ "every": null, "schedule": "*/15 6-20 * * 1-5" }""", CollectorExamples.Collector);
        collectors.MapDelete("/{name}", DeleteAsync)
            .Describe(Role.Administrator, Tag, "Delete a collector", "A run that is on its way goes on to its end.", 404, 412)
            .Produces(204);
        collectors.MapPost("/{name}/run", RunAsync)
            .Describe(Role.Operator, Tag, "Run a collector now", "Answers at once; the run is the newest of its runs. 409 while one is on its way, or where the site does not run.", 404, 409)
            .Produces<CollectorRunResponse>(202).Example(response: CollectorExamples.Started);
        collectors.MapGet("/{name}/runs", RunsAsync)
            .Describe(Role.Viewer, Tag, "List a collector's runs", "Newest first, kept as long as the history of messages.", 404)
            .Produces<Listed<CollectorRunResponse>>().ListExample(CollectorExamples.Run);
        collectors.MapGet("/{name}/runs/{run:long}", RunDetailsAsync)
            .Describe(Role.Viewer, Tag, "Show a run with its conversation", "What both sides said, secrets taken out; long ones are shortened in the middle.", 404)
            .Produces<CollectorRunDetailsResponse>().Example(response: CollectorExamples.Details);
    }

    static async Task<IResult> RunDetailsAsync(HttpContext context, CollectorOperations collectors, int id, string name, long run)
    {
        var found = await collectors.FindRunAsync(id, name, run, context.RequestAborted);
        return found.Value is { } one
            ? context.Show(new CollectorRunDetailsResponse(CollectorRunResponse.Of(one), one.Transcript?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? []))
            : found.Problem!.Answer();
    }

    static async Task<IResult> ListAsync(HttpContext context, CollectorOperations collectors, int id, string? limit, string? cursor)
    {
        var page = PageRequest.Read($"collectors {id}", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        var found = await collectors.ListAsync(id, context.RequestAborted);
        return found.Value is { } views
            ? context.Show(wanted.Of(views, view => view.Collector.Name, CollectorResponse.Of))
            : found.Problem!.Answer();
    }

    static async Task<IResult> GetAsync(HttpContext context, CollectorOperations collectors, int id, string name) =>
        Show(context, await collectors.FindAsync(id, name, context.RequestAborted));

    static async Task<IResult> CreateAsync(HttpContext context, CollectorOperations collectors, int id)
    {
        var body = await JsonInput.ReadAsync<CollectorRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var created = await collectors.CreateAsync(id, wanted.Configuration, context.Actor(), context.RequestAborted);
        return created.Value is { } view
            ? context.ShowCreated(
                $"/api/v1/sites/{id}/collectors/{Uri.EscapeDataString(view.Collector.Name)}", CollectorResponse.Of(view), EntityTags.Of(view.Collector.Version))
            : created.Problem!.Answer();
    }

    static async Task<IResult> ChangeAsync(HttpContext context, CollectorOperations collectors, int id, string name) =>
        Show(context, await MergePatch.ApplyAsync<CollectorView, CollectorRequest, CollectorView>(
            context.Request, () => collectors.FindAsync(id, name, context.RequestAborted), view => view.Collector.Version,
            (view, _) => CollectorRequest.ForPatch(view.Collector),
            async (wanted, patch, version) => patch.TryGetPropertyValue("password", out var password) && password is null && wanted.Username is not null
                ? Problem.Invalid("password", "A password goes with its username: set username to null as well, or leave the password out to keep it.")
                : await collectors.UpdateAsync(id, name, wanted.Configuration, version, context.Actor(), context.RequestAborted)));

    static async Task<IResult> DeleteAsync(HttpContext context, CollectorOperations collectors, int id, string name)
    {
        var found = await collectors.FindAsync(id, name, context.RequestAborted);
        if (found.Value is not { Collector: var collector }) return found.Problem!.Answer();
        var refused = EntityTags.Refuse(context.Request, EntityTags.Of(collector.Version)) ?? await collectors.DeleteAsync(
            id, name, EntityTags.AreGiven(context.Request) ? collector.Version : null, context.Actor(), context.RequestAborted);
        return refused?.Answer() ?? TypedResults.NoContent();
    }

    static async Task<IResult> RunAsync(HttpContext context, CollectorOperations collectors, int id, string name)
    {
        var started = await collectors.RunAsync(id, name, context.Actor(), context.RequestAborted);
        return started.Value is { } run
            ? context.Show(CollectorRunResponse.Of(run), status: StatusCodes.Status202Accepted)
            : started.Problem!.Answer();
    }

    static async Task<IResult> RunsAsync(HttpContext context, CollectorOperations collectors, int id, string name, string? limit, string? cursor)
    {
        var page = PageRequest.Read($"collectors {id} {name.ToUpperInvariant()} runs", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        var found = await collectors.RunsAsync(id, name, wanted.After, wanted.Limit, context.RequestAborted);
        return found.Value is { } runs ? context.Show(wanted.Of(runs, CollectorRunResponse.Of)) : found.Problem!.Answer();
    }

    static IResult Show(HttpContext context, Result<CollectorView> result) => result.Value is { } view
        ? context.Show(CollectorResponse.Of(view), EntityTags.Of(view.Collector.Version))
        : result.Problem!.Answer();
}
