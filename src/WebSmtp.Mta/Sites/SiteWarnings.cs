using WebSmtp.Mta.Acceptance;

namespace WebSmtp.Mta.Sites;

/// <summary>What an administrator should know about sites that are allowed, but cannot all run at the same time, or let strangers in.</summary>
static class SiteWarnings
{
    /// <summary>Warnings by site id.</summary>
    public static ILookup<int, string> Of(IReadOnlyList<SiteSnapshot> sites) =>
        Overlaps(sites).Concat(from site in sites
                               let open = OpenRelay.Find(site)
                               where open is not null
                               select (site.Id, Text: $"It is an open relay: {open.What}. {OpenRelay.Advice}"))
            .ToLookup(warning => warning.Id, warning => warning.Text);

    static IEnumerable<(int Id, string Text)> Overlaps(IReadOnlyList<SiteSnapshot> sites) =>
        sites.SelectMany(site => site.Endpoints, (site, endpoint) => (Site: site, Endpoint: endpoint))
            .GroupBy(pair => pair.Endpoint.Port)
            .SelectMany(port => from mine in port
                                from theirs in port
                                where mine.Site != theirs.Site && EndpointOverlap.Overlaps(mine.Endpoint, theirs.Endpoint)
                                select (mine.Site.Id, Describe(mine.Endpoint, theirs.Site, theirs.Endpoint)));

    static string Describe(SiteEndpoint mine, SiteSnapshot other, SiteEndpoint theirs) =>
        $"{EndpointOverlap.Show(mine)} is also an endpoint of site '{other.Name}' ({other.Id}){EndpointOverlap.Explain(mine, theirs)}; "
        + "only one of the two sites can run.";
}
