using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

static class DomainEndpoints
{
    const string Tag = "Domains";

    public static void Map(IEndpointRouteBuilder api)
    {
        var domains = api.MapGroup("/sites/{id:int}/domains");
        domains.MapGet("", ListAsync)
            .Describe(Role.Viewer, Tag, "List a site's domains", "The domain rules of a site by name, with the mail that waits for the held ones.", 404)
            .Produces<Listed<DomainResponse>>().ListExample(DomainExamples.Domain);
        domains.MapPost("", CreateAsync)
            .Describe(Role.Administrator, Tag, "Make a domain",
                "An alias of the default domain, or a remote domain. A name such as *.example.com stands for every subdomain, not for the domain itself; the most specific name wins.",
                404, 409, 415)
            .AcceptsJson<DomainRequest>().Produces<DomainResponse>(201).Example(DomainExamples.New, DomainExamples.Domain);
        domains.MapGet("/{name}", GetAsync)
            .Describe(Role.Viewer, Tag, "Show a domain", "One domain rule, with the settings that hold for it and where each comes from.", 404)
            .Produces<DomainResponse>().Example(response: DomainExamples.Domain);
        domains.MapPatch("/{name}", ChangeAsync)
            .Describe(Role.Administrator, Tag, "Change a domain",
                "JSON merge patch. When route.type changes, members of the old type go unless the patch gives them. null for an override removes it.",
                404, 409, 412, 415)
            .AcceptsPatch<DomainRequest>().Produces<DomainResponse>().Example(DomainExamples.Patch, DomainExamples.Domain);
        domains.MapDelete("/{name}", DeleteAsync)
            .Describe(Role.Administrator, Tag, "Delete a domain",
                "Mail that is held for it is then routed as for a domain without a rule. The default domain cannot be deleted.", 404, 409, 412)
            .Produces(204);
        domains.MapPost("/{name}/dequeue", DequeueAsync)
            .Describe(Role.Operator, Tag, "Deliver held mail now",
                "Starts what ETRN would start: the mail that is held for the domain goes out over new connections to its hosts. Only for held domains.",
                404, 409)
            .Produces<DequeueResponse>(202).Example(response: """{ "messages": 12 }""");
    }

    static async Task<IResult> ListAsync(HttpContext context, SiteRegistry sites, HeldMail mail, int id, string? limit, string? cursor)
    {
        var page = PageRequest.Read($"domains {id}", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        if (sites.Find(id) is not { } view) return SiteEndpoints.NotFound(id).Answer();
        var held = (await mail.ListAsync(id, context.RequestAborted)).ToDictionary(row => row.Domain.Name, StringComparer.OrdinalIgnoreCase);
        return context.Show(wanted.Of(view.Site.Domains, domain => domain.Name, domain => DomainResponse.Of(domain, held.GetValueOrDefault(domain.Name))));
    }

    static async Task<IResult> GetAsync(HttpContext context, SiteRegistry sites, HeldMail mail, int id, string name)
    {
        var found = Find(sites, id, name);
        return found.Value is { } domain ? await ShowAsync(context, mail, domain) : found.Problem!.Answer();
    }

    static async Task<IResult> CreateAsync(HttpContext context, SiteOperations sites, SiteRegistry registry, HeldMail mail, int id)
    {
        if (registry.Find(id) is null) return SiteEndpoints.NotFound(id).Answer();
        var body = await JsonInput.ReadAsync<DomainRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var created = await sites.CreateDomainAsync(id, wanted.Configuration, context.Actor(), context.RequestAborted);
        if (created.Value is not { } domain) return created.Problem!.Answer();
        return context.ShowCreated(
            $"/api/v1/sites/{id}/domains/{Uri.EscapeDataString(domain.Name)}",
            DomainResponse.Of(domain, await mail.FindAsync(id, domain.Name, context.RequestAborted)), EntityTags.Of(domain.Version));
    }

    static async Task<IResult> ChangeAsync(HttpContext context, SiteOperations sites, SiteRegistry registry, HeldMail mail, int id, string name)
    {
        var changed = await MergePatch.ApplyAsync<DomainSnapshot, DomainRequest, DomainSnapshot>(
            context.Request, () => Task.FromResult(Find(registry, id, name)), domain => domain.Version, DomainRequest.ForPatch,
            async (wanted, patch, version) => SettingResponse.RefuseUnknown(patch, "overrides")
                ?? await sites.UpdateDomainAsync(id, name, wanted.Configuration, version, context.Actor(), context.RequestAborted));
        return changed.Value is { } domain ? await ShowAsync(context, mail, domain) : changed.Problem!.Answer();
    }

    static async Task<IResult> DeleteAsync(HttpContext context, SiteOperations sites, SiteRegistry registry, int id, string name)
    {
        var found = Find(registry, id, name);
        if (found.Value is not { } domain) return found.Problem!.Answer();
        var refused = EntityTags.Refuse(context.Request, EntityTags.Of(domain.Version)) ?? await sites.DeleteDomainAsync(
            id, domain.Name, EntityTags.AreGiven(context.Request) ? domain.Version : null, context.Actor(), context.RequestAborted);
        return refused?.Answer() ?? TypedResults.NoContent();
    }

    static async Task<IResult> DequeueAsync(HttpContext context, SiteRegistry registry, HeldMail mail, int id, string name)
    {
        var found = Find(registry, id, name);
        if (found.Value is not { } domain) return found.Problem!.Answer();
        var started = await mail.DequeueAsync(id, domain.Name, context.Actor(), context.RequestAborted);
        return started.Value is { } run
            ? context.Show(new DequeueResponse(run.Messages), status: StatusCodes.Status202Accepted)
            : started.Problem!.Answer();
    }

    static async Task<IResult> ShowAsync(HttpContext context, HeldMail mail, DomainSnapshot domain)
    {
        var held = domain.IsHeld ? await mail.FindAsync(domain.SiteId, domain.Name, context.RequestAborted) : null;
        return context.Show(DomainResponse.Of(domain, held), EntityTags.Of(domain.Version));
    }

    static Result<DomainSnapshot> Find(SiteRegistry sites, int id, string name)
    {
        if (sites.Find(id) is not { } view) return SiteEndpoints.NotFound(id);
        return view.Site.FindDomain(name) is { } domain ? domain : Problem.NotFound($"Site {id} has no domain '{name}'.");
    }
}
