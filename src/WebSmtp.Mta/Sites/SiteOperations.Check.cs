using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Mta.Sites;

/// <summary>Whether an endpoint can be had at this moment.</summary>
/// <param name="Reason">Why not: which site has it, or that another program does.</param>
/// <param name="Warning">It is free, but a site that does not run has it as well.</param>
public sealed record EndpointCheck(SiteEndpoint Endpoint, bool IsFree, string? Reason, string? Warning);

/// <summary>What would become of a site if it were made or changed so.</summary>
/// <param name="Errors">What is not allowed, by field.</param>
/// <param name="Endpoints">Those that are endpoints at all.</param>
/// <param name="Mailroot">Full path of the mail root; null where it is chosen when the site is made.</param>
public sealed record SiteCheck(IReadOnlyDictionary<string, string[]> Errors, IReadOnlyList<EndpointCheck> Endpoints, string? Mailroot);

// Trying before doing.
public sealed partial class SiteOperations
{
    static readonly Dictionary<string, string[]> NoErrors = [];

    /// <summary>Says what creating or changing a site would meet; nothing is made, and nothing is kept.</summary>
    /// <param name="siteId">The site that would be changed; null: a new one.</param>
    public async Task<Result<SiteCheck>> CheckAsync(SiteConfiguration wanted, int? siteId, Actor actor, CancellationToken stop)
    {
        if (actor.Demand(Role.Administrator) is { } refusal) return refusal;
        using var pass = await gate.EnterAsync(stop);
        var sites = await LoadAsync(stop);
        var current = sites.FirstOrDefault(site => site.Id == siteId);
        if (siteId is { } id && current is null) return NoSite(id);

        var complaints = new Complaints();
        var valid = new SiteValidation(_mailroots, smartHosts).Check(wanted, current, sites, complaints);
        if (!complaints.Has("mailroot") && _mailroots.Try(valid.Mailroot ?? Mailroots.DefaultParent) is { } trouble) complaints.Add("mailroot", trouble);
        var endpoints = valid.Endpoints.ConvertAll(endpoint => Check(endpoint, siteId));
        return new SiteCheck(
            complaints.ToProblem()?.Errors ?? NoErrors, endpoints,
            valid.Mailroot is { } mailroot ? _mailroots.FullPath(mailroot) : siteId is { } own ? _mailroots.FullPath(Mailroots.DefaultFor(own)) : null);
    }

    EndpointCheck Check(SiteEndpoint endpoint, int? siteId)
    {
        var own = siteId is { } id ? _runners.GetValueOrDefault(id) : null;
        if (Taken(own, [endpoint]) is { } taken) return new(endpoint, false, taken, null);
        // What the site has itself would be let go of first.
        if (own?.Held.Any(held => EndpointOverlap.Overlaps(held, endpoint)) is not true && binder.Probe(endpoint) is { } reason)
            return new(endpoint, false, reason, null);
        var planned = _runners.Values.FirstOrDefault(other => other != own && other.Site.Endpoints.Any(theirs => EndpointOverlap.Overlaps(endpoint, theirs)));
        return new(endpoint, true, null, planned is null
            ? null
            : $"{EndpointOverlap.Show(endpoint)} is free now, but is also an endpoint of site '{planned.Site.Name}' ({planned.Id}), which is {planned.State.ToString().ToLowerInvariant()}; only one of the two sites can run.");
    }

    /// <summary>
    /// The site as it would be with other settings, or with another domain, for whoever wants to see what that would do.
    /// Judged as the change itself would be; nothing is made, and nothing is kept.
    /// </summary>
    /// <param name="settings">All that is to be set; null: as it is.</param>
    /// <param name="domain">A domain as it is to be, new or in place of the one with its name; null: as they are.</param>
    internal async Task<Result<SiteSnapshot>> DraftAsync(
        int siteId, System.Text.Json.Nodes.JsonObject? settings, DomainConfiguration? domain, CancellationToken stop)
    {
        var sites = await LoadAsync(stop);
        if (sites.FirstOrDefault(site => site.Id == siteId) is not { } site) return NoSite(siteId);
        var complaints = new Complaints();
        if (settings is not null)
        {
            var before = SettingValues.ForSite(site.Settings).Get(SettingsTable.SmartHost);
            site.Settings = SettingsInput.Read(
                settings, "settings", (host, field) => smartHosts.Route(host, before, field, site.Endpoints, complaints), complaints);
        }
        if (domain is not null)
        {
            var name = DomainValidation.CheckName(domain.Name, complaints);
            var own = site.Domains.Find(other => other.Name == name);
            if (own is null) site.Domains.Add(own = new() { SiteId = siteId, Name = name });
            await FillAsync(own, domain, sites, complaints, stop, prepare: false);
        }
        if (complaints.ToProblem() is { } problem) return problem;
        var ids = site.Domains.SelectMany(other => other.TurnMappings).Select(mapping => mapping.AccountId).ToHashSet();
        return new SiteSnapshot(site, _mailroots.FullPath(site.Mailroot), _serviceVersion, await accounts.NamesAsync(ids, stop));
    }
}
