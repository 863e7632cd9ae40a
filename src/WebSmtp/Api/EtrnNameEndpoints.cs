using System.Text.Json.Serialization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

/// <summary>What <c>ETRN #name</c> means. RFC 1985 section 5.3.</summary>
/// <param name="Name">Without the #.</param>
/// <param name="Domains">The domains whose mail it releases.</param>
/// <param name="Warnings">After a change: domains that ETRN does not release at this site. Left out elsewhere.</param>
sealed record EtrnNameResponse(
    string Name, IReadOnlyList<string> Domains,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings = null);

/// <summary>What can be written about an ETRN name.</summary>
/// <param name="Domains">The domains whose mail it releases.</param>
sealed record EtrnNameRequest(IReadOnlyList<string> Domains);

static class EtrnNameEndpoints
{
    const string Tag = "ETRN names";
    const string ExampleResponse = """{ "name": "branches", "domains": [ "test.com" ] }""";

    public static void Map(IEndpointRouteBuilder api)
    {
        var names = api.MapGroup("/sites/{id:int}/etrn-names");
        names.MapGet("", List)
            .Describe(Role.Viewer, Tag, "List a site's ETRN names", "Named sets of domains that ETRN #name releases.", 404)
            .Produces<Listed<EtrnNameResponse>>().ListExample(ExampleResponse);
        names.MapGet("/{name}", Get)
            .Describe(Role.Viewer, Tag, "Show an ETRN name", "The domains that ETRN #name releases.", 404)
            .Produces<EtrnNameResponse>().Example(response: ExampleResponse);
        names.MapPut("/{name}", PutAsync)
            .Describe(Role.Administrator, Tag, "Make or replace an ETRN name", "201 when it is new, 200 when it was there.", 404, 412, 415)
            .AcceptsJson<EtrnNameRequest>().Produces<EtrnNameResponse>().Produces<EtrnNameResponse>(201)
            .Example("""{ "domains": [ "test.com" ] }""", ExampleResponse);
        names.MapDelete("/{name}", DeleteAsync)
            .Describe(Role.Administrator, Tag, "Delete an ETRN name", "The domains stay as they are.", 404, 412)
            .Produces(204);
    }

    static IResult List(HttpContext context, SiteRegistry sites, int id, string? limit, string? cursor)
    {
        var page = PageRequest.Read($"etrn-names {id}", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        return sites.Find(id) is { } view
            ? context.Show(wanted.Of([.. view.Site.EtrnNames], pair => pair.Key, pair => new EtrnNameResponse(pair.Key, pair.Value)))
            : SiteEndpoints.NotFound(id).Answer();
    }

    static IResult Get(HttpContext context, SiteRegistry sites, int id, string name) => sites.Find(id) switch
    {
        null => SiteEndpoints.NotFound(id).Answer(),
        var view when Find(view, name) is { } found => context.Show(found, EntityTags.OfContent(found)),
        _ => NotFound(id, name).Answer(),
    };

    static async Task<IResult> PutAsync(HttpContext context, SiteOperations sites, SiteRegistry registry, int id, string name)
    {
        if (registry.Find(id) is not { } view) return SiteEndpoints.NotFound(id).Answer();
        var before = Find(view, name);
        if (EntityTags.Refuse(context.Request, before is null ? null : EntityTags.OfContent(before)) is { } stale) return stale.Answer();
        var body = await JsonInput.ReadAsync<EtrnNameRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        if (await sites.PutEtrnNameAsync(id, name, wanted.Domains, context.Actor(), context.RequestAborted) is { } refused) return refused.Answer();
        var site = registry.Find(id) ?? view;
        var now = Find(site, name) ?? new(name, wanted.Domains);
        var (shown, tag) = (now with { Warnings = WarningsOf(site, now) }, EntityTags.OfContent(now));
        return before is null
            ? context.ShowCreated($"/api/v1/sites/{id}/etrn-names/{Uri.EscapeDataString(now.Name)}", shown, tag)
            : context.Show(shown, tag);
    }

    static async Task<IResult> DeleteAsync(HttpContext context, SiteOperations sites, SiteRegistry registry, int id, string name)
    {
        if (registry.Find(id) is not { } view) return SiteEndpoints.NotFound(id).Answer();
        if (Find(view, name) is not { } found) return NotFound(id, name).Answer();
        var refused = EntityTags.Refuse(context.Request, EntityTags.OfContent(found))
            ?? await sites.DeleteEtrnNameAsync(id, found.Name, context.Actor(), context.RequestAborted);
        return refused?.Answer() ?? TypedResults.NoContent();
    }

    static List<string> WarningsOf(SiteView view, EtrnNameResponse name) =>
        [.. view.Site.NotReleasedBy(name.Name).Select(domain => $"'{domain}' is not held with etrn at this site, so ETRN #{name.Name} does not release it.")];

    static EtrnNameResponse? Find(SiteView view, string name) =>
        view.Site.EtrnNames.FirstOrDefault(pair => string.Equals(pair.Key, name, StringComparison.OrdinalIgnoreCase)) is { Key: { } key, Value: var domains }
            ? new(key, domains)
            : null;

    static Problem NotFound(int id, string name) => Problem.NotFound($"Site {id} has no ETRN name '{name}'.");
}
