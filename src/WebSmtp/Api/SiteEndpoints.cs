using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

static class SiteEndpoints
{
    const string Tag = "Sites";

    public static void Map(IEndpointRouteBuilder api)
    {
        MapResource(api);
        MapActs(api);
        api.MapGet("/sites/{id:int}/settings/schema", (HttpContext context, SiteRegistry sites, int id) =>
                sites.Find(id) is null ? NotFound(id).Answer() : context.Show(SettingResponse.All))
            .Describe(Role.Viewer, Tag, "List what can be set",
                "Name, type, range, default, unit and help text of each setting.", 404)
            .Produces<IReadOnlyList<SettingResponse>>().Example(response: SettingResponse.Example);
    }

    public static Problem NotFound(int id) => Problem.NotFound($"There is no site {id.ToString(CultureInfo.InvariantCulture)}.");

    static void MapResource(IEndpointRouteBuilder api)
    {
        api.MapGet("/sites", List)
            .Describe(Role.Viewer, Tag, "List the sites", "All SMTP sites with their state, by id.")
            .Produces<Listed<SiteResponse>>().ListExample(SiteExamples.Site);
        api.MapPost("/sites", CreateAsync)
            .Describe(Role.Administrator, Tag, "Make a site",
                "The new site is stopped until it is started. An address and port that another site has is allowed, with a warning: starting it will fail.",
                409, 415)
            .AcceptsJson<SiteRequest>().Produces<SiteResponse>(201).Example(SiteExamples.New, SiteExamples.Site);
        api.MapPost("/sites/check", CheckAsync)
            .Describe(Role.Administrator, Tag, "Try a site before it is made",
                "Says of each endpoint whether it is free now, by trying it, and else who has it; whether the mail root can be written; and what else is wrong. Everything may be left out. With siteId: as a change of that site. Nothing is made, nothing is kept.",
                404, 415)
            .AcceptsJson<SiteCheckRequest>().Produces<SiteCheckResponse>().Example(SiteCheckResponse.ExampleRequest, SiteCheckResponse.Example);
        api.MapGet("/sites/{id:int}", Get)
            .Describe(Role.Viewer, Tag, "Show a site", "One site, with the effective value of every setting.", 404)
            .Produces<SiteResponse>().Example(response: SiteExamples.Site);
        api.MapPatch("/sites/{id:int}", ChangeAsync)
            .Describe(Role.Administrator, Tag, "Change a site",
                "JSON merge patch. A running site is bound again when its endpoints change; if that fails nothing changes (409). null for a setting restores its default.",
                404, 409, 412, 415)
            .AcceptsPatch<SiteRequest>().Produces<SiteResponse>().Example(SiteExamples.Patch, SiteExamples.Site);
        api.MapDelete("/sites/{id:int}", DeleteAsync)
            .Describe(Role.Administrator, Tag, "Delete a site",
                "A running site is stopped first. messages says what becomes of mail that is still queued: refuse (default; 409 while there is any), export (ready for another site's Pickup folder) or move (to the site of to). The default site cannot be deleted.",
                404, 409, 412)
            .Produces<SiteDeletionResponse>().Produces(204).Example(response: """{ "messages": 12, "folder": "export/site-2" }""");
    }

    static void MapActs(IEndpointRouteBuilder api)
    {
        Act("start", "Start a site", "Binds its endpoints and serves. When an address and port is taken the answer is 409, says who has it, and the site is failed.",
            static (sites, id, actor, stop) => sites.StartAsync(id, actor, stop));
        Act("stop", "Stop a site", "Unbinds its endpoints and ends its sessions with 421.",
            static (sites, id, actor, stop) => sites.StopAsync(id, actor, stop));
        Act("pause", "Pause a site", "No new connections; those that are there go on, and so does the delivery of what is queued.",
            static (sites, id, actor, stop) => sites.PauseAsync(id, actor, stop));
        Act("drain", "Drain a site", "Pauses it until it is empty: no new mail by any door, while its sessions end by themselves and what can be delivered goes out; held and frozen mail stays. GET tells how far it is; continue cancels it. Survives a restart.",
            static (sites, id, actor, stop) => sites.DrainAsync(id, actor, stop));
        api.MapGet("/sites/{id:int}/drain", ShowDrainAsync)
            .Describe(Role.Viewer, Tag, "Show what a drain has left", "Messages that can be delivered, and sessions; done is true when a site that is being drained has neither.", 404)
            .Produces<DrainResponse>().Example(response: DrainResponse.Example);
        Act("continue", "Continue a paused site", "Takes new connections again.",
            static (sites, id, actor, stop) => sites.ContinueAsync(id, actor, stop));

        void Act(string verb, string summary, string description, Func<SiteOperations, int, Actor, CancellationToken, Task<Result<SiteView>>> act) =>
            api.MapPost($"/sites/{{id:int}}/{verb}", async (HttpContext context, SiteOperations sites, int id) =>
                    Show(context, await act(sites, id, context.Actor(), context.RequestAborted)))
                .Describe(Role.Operator, Tag, summary, description, 404, 409)
                .Produces<SiteResponse>().Example(response: SiteExamples.Site);
    }

    static async Task<IResult> ShowDrainAsync(HttpContext context, SiteOperations operations, SiteRegistry sites, int id) =>
        sites.Find(id) is { } view && await operations.FindRestAsync(id, context.RequestAborted) is { } rest
            ? context.Show(DrainResponse.Of(view, rest))
            : NotFound(id).Answer();

    static IResult List(HttpContext context, SiteRegistry sites, string? limit, string? cursor)
    {
        var page = PageRequest.Read("sites", limit, cursor);
        return page.Value is not { } wanted
            ? page.Problem!.Answer()
            : context.Show(wanted.Of([.. sites.Sites.Values], view => view.Site.Id.ToString("D10", CultureInfo.InvariantCulture), SiteResponse.Of));
    }

    static IResult Get(HttpContext context, SiteRegistry sites, int id) =>
        sites.Find(id) is { } view ? context.Show(SiteResponse.Of(view), EntityTags.Of(view.Site.Version)) : NotFound(id).Answer();

    static async Task<IResult> CreateAsync(HttpContext context, SiteOperations sites)
    {
        var body = await JsonInput.ReadAsync<SiteRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var created = await sites.CreateAsync(wanted.Configuration, context.Actor(), context.RequestAborted);
        return created.Value is { } view
            ? context.ShowCreated($"/api/v1/sites/{view.Site.Id}", SiteResponse.WithWarnings(view), EntityTags.Of(view.Site.Version))
            : created.Problem!.Answer();
    }

    static async Task<IResult> CheckAsync(HttpContext context, SiteOperations sites)
    {
        var body = await JsonInput.ReadAsync<SiteCheckRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var found = await sites.CheckAsync(wanted.Configuration, wanted.SiteId, context.Actor(), context.RequestAborted);
        return found.Value is { } check ? context.Show(SiteCheckResponse.Of(check, wanted)) : found.Problem!.Answer();
    }

    static async Task<IResult> ChangeAsync(HttpContext context, SiteOperations sites, SiteRegistry registry, int id)
    {
        var changed = await MergePatch.ApplyAsync<SiteView, SiteRequest, SiteView>(
            context.Request,
            () => Task.FromResult<Result<SiteView>>(registry.Find(id) is { } view ? view : NotFound(id)),
            view => view.Site.Version, SiteRequest.ForPatch,
            async (wanted, patch, version) => SettingResponse.RefuseUnknown(patch, "settings")
                ?? await sites.UpdateAsync(id, wanted.Configuration, version, context.Actor(), context.RequestAborted));
        return Show(context, changed, warnings: true);
    }

    static async Task<IResult> DeleteAsync(HttpContext context, SiteOperations sites, SiteRegistry registry, int id, string? messages, string? to)
    {
        var choice = DeleteMessages.Refuse;
        if (messages is not null && (!Enum.TryParse(messages, ignoreCase: true, out choice) || char.IsDigit(messages[0])))
            return Problem.Invalid("messages", "Give one of refuse, export, move.").Answer();
        int? moveTo = null;
        if (to is not null)
        {
            if (!int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var other)) return Problem.Invalid("to", "Give the id of a site.").Answer();
            moveTo = other;
        }
        if (registry.Find(id) is not { } view) return NotFound(id).Answer();
        if (EntityTags.Refuse(context.Request, EntityTags.Of(view.Site.Version)) is { } stale) return stale.Answer();
        var deleted = await sites.DeleteAsync(
            id, choice, moveTo, EntityTags.AreGiven(context.Request) ? view.Site.Version : null, context.Actor(), context.RequestAborted);
        if (deleted.Value is not { } done) return deleted.Problem!.Answer();
        return choice is DeleteMessages.Refuse ? TypedResults.NoContent() : context.Show(new SiteDeletionResponse(done.Messages, done.Folder));
    }

    static IResult Show(HttpContext context, Result<SiteView> result, bool warnings = false) => result.Value is { } view
        ? context.Show(warnings ? SiteResponse.WithWarnings(view) : SiteResponse.Of(view), EntityTags.Of(view.Site.Version))
        : result.Problem!.Answer();
}
