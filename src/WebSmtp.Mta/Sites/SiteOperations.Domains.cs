using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Sites;

// Domains of sites, and what ETRN #name means.
public sealed partial class SiteOperations
{
    const int MaxEtrnNameLength = 64;
    const int MaxEtrnDomains = 1000;

    public Task<Result<DomainSnapshot>> CreateDomainAsync(int siteId, DomainConfiguration wanted, Actor actor, CancellationToken stop) =>
        DomainActAsync(siteId, wanted.Name, "create", actor, async (site, sites) =>
        {
            var complaints = new Complaints();
            if (wanted.Kind is DomainKind.Default) complaints.Add("kind", "The default domain is made with its site; give alias or remote.");
            var name = DomainValidation.CheckName(wanted.Name, complaints);
            if (site.Domains.Find(other => other.Name == name) is { } taken)
                return Problem.Conflict($"Site '{site.Name}' ({siteId}) already has '{name}' as its {NameOf(taken.Kind)} domain.");
            var domain = new MailDomain { SiteId = siteId, Name = name };
            await FillAsync(domain, wanted, sites, complaints, stop);
            if (complaints.ToProblem() is { } problem) return problem;
            await store.AddDomainAsync(domain, CancellationToken.None);
            return await FollowAsync(site, name, "created", actor);
        }, stop);

    public Task<Result<DomainSnapshot>> UpdateDomainAsync(
        int siteId, string name, DomainConfiguration wanted, long? version, Actor actor, CancellationToken stop) =>
        DomainActAsync(siteId, name, "change", actor, async (site, sites) =>
        {
            if (Find(site, name) is not { } domain) return NoDomain(site, name);
            if (version is not null && version != domain.Version) return Stale($"Domain '{domain.Name}'");
            if (domain.Kind is DomainKind.Default != wanted.Kind is DomainKind.Default)
                return Problem.Conflict("Which domain is the default one is said by the site's defaultDomain.");
            var complaints = new Complaints();
            if (DomainValidation.CheckName(wanted.Name, complaints) != domain.Name && !complaints.Any)
            {
                complaints.Add("name", domain.Kind is DomainKind.Default
                    ? "The default domain is renamed by the site's defaultDomain."
                    : "A domain's name cannot be changed; make another domain.");
            }
            await FillAsync(domain, wanted, sites, complaints, stop);
            if (complaints.ToProblem() is { } problem) return problem;
            if (!await store.UpdateDomainAsync(domain, CancellationToken.None)) return Stale($"Domain '{domain.Name}'");
            return await FollowAsync(site, domain.Name, "changed", actor);
        }, stop);

    /// <summary>Null: done. Mail that is held for it is routed as for a domain without a rule.</summary>
    public async Task<Problem?> DeleteDomainAsync(int siteId, string name, long? version, Actor actor, CancellationToken stop) =>
        (await DomainActAsync(siteId, name, "delete", actor, async (site, _) =>
        {
            if (Find(site, name) is not { } domain) return NoDomain(site, name);
            if (domain.Kind is DomainKind.Default) return Problem.Conflict("The default domain cannot be deleted.");
            if (version is not null && version != domain.Version) return Stale($"Domain '{domain.Name}'");
            var deleted = _runners[siteId].Site.FindDomain(domain.Name)!;
            await store.DeleteDomainAsync(siteId, domain.Name, CancellationToken.None);
            await FollowAsync(site, domain.Name, "deleted", actor);
            return deleted;
        }, stop)).Problem;

    /// <summary>Makes or replaces what <c>ETRN #name</c> means.</summary>
    public Task<Problem?> PutEtrnNameAsync(int siteId, string name, IReadOnlyList<string> domains, Actor actor, CancellationToken stop) =>
        audit.ActAsync(actor, Role.Administrator, "set", $"sites/{siteId}/etrn-names/{name}", async act =>
        {
            var complaints = new Complaints();
            // What ETRN cannot say would never be asked for.
            if (name.Length is 0 or > MaxEtrnNameLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
                complaints.Add("name", $"A name has 1 to {MaxEtrnNameLength} letters, digits, hyphens, underscores and dots.");
            if (domains.Count is 0 or > MaxEtrnDomains) complaints.Add("domains", $"Give 1 to {MaxEtrnDomains} domains.");
            var valid = new List<string>();
            foreach (var (index, text) in domains.Take(MaxEtrnDomains).Index())
            {
                if (!DomainName.TryParsePattern(text, out var domain)) complaints.Add($"domains[{index}]", $"'{text}' is not a domain.");
                else if (!valid.Contains(domain, StringComparer.Ordinal)) valid.Add(domain);
            }
            using var pass = await gate.EnterAsync(stop);
            if (!_runners.TryGetValue(siteId, out var runner)) return NoSite(siteId);
            if (complaints.ToProblem() is { } problem) return problem;
            act.Changes(EtrnImage(runner, name), AuditImage.Of(new { Domains = valid }));
            // Names are the same without case, to the database as to ETRN.
            await store.PutEtrnNameAsync(new() { SiteId = siteId, Name = name.ToLowerInvariant(), Domains = valid }, CancellationToken.None);
            await EtrnNameChangedAsync(runner, name, "set", actor);
            return null;
        });

    public Task<Problem?> DeleteEtrnNameAsync(int siteId, string name, Actor actor, CancellationToken stop) =>
        audit.ActAsync(actor, Role.Administrator, "delete", $"sites/{siteId}/etrn-names/{name}", async act =>
        {
            using var pass = await gate.EnterAsync(stop);
            if (!_runners.TryGetValue(siteId, out var runner)) return NoSite(siteId);
            if (EtrnImage(runner, name) is not { } before) return Problem.NotFound($"Site '{runner.Site.Name}' ({siteId}) has no ETRN name '{name}'.");
            act.Changes(before, null);
            await store.DeleteEtrnNameAsync(siteId, name.ToLowerInvariant(), CancellationToken.None);
            await EtrnNameChangedAsync(runner, name, "deleted", actor);
            return null;
        });

    static System.Text.Json.Nodes.JsonObject? EtrnImage(SiteRunner runner, string name) =>
        runner.Site.EtrnNames.TryGetValue(name, out var domains) ? AuditImage.Of(new { Domains = domains }) : null;

    async Task EtrnNameChangedAsync(SiteRunner runner, string name, string act, Actor actor)
    {
        await ReloadAsync(runner.Id);
        Tell(runner.Id, "changed");
        Log.EtrnNameChanged(log, name, runner.Site.Name, runner.Id, act, actor.Name, actor.From);
    }

    /// <summary>An act on a domain, with its site and all sites as they are stored.</summary>
    Task<Result<DomainSnapshot>> DomainActAsync(
        int siteId, string name, string action, Actor actor, Func<Site, IReadOnlyList<Site>, Task<Result<DomainSnapshot>>> act, CancellationToken stop) =>
        audit.ActAsync<DomainSnapshot>(actor, Role.Administrator, action, $"sites/{siteId}/domains/{name}", async audited =>
        {
            using var pass = await gate.EnterAsync(stop);
            var sites = await LoadAsync(stop);
            if (sites.FirstOrDefault(site => site.Id == siteId) is not { } site) return NoSite(siteId);
            var stored = Find(site, name)?.Name ?? name;
            var before = AuditImage.Of(_runners[siteId].Site.FindDomain(stored));
            var result = await act(site, sites);
            if (result.Value is { } domain)
            {
                audited.Subject = $"sites/{siteId}/domains/{domain.Name}";
                audited.Changes(before, AuditImage.Of(_runners[siteId].Site.FindDomain(domain.Name)));
            }
            return result;
        });

    /// <summary>Writes what is wanted into the domain, complaining about what is wrong with it.</summary>
    /// <param name="prepare">Folders that are wanted are made.</param>
    async Task FillAsync(
        MailDomain domain, DomainConfiguration wanted, IReadOnlyList<Site> sites, Complaints complaints, CancellationToken stop, bool prepare = true)
    {
        domain.Kind = wanted.Kind;
        domain.AllowRelay = wanted.AllowRelay;
        domain.Overrides = SettingsInput.Read(wanted.Overrides, "overrides", smartHost: null, complaints);
        var accountIds = await FindAccountsAsync(wanted.TurnAccounts, complaints, stop);
        domain.TurnMappings = [.. accountIds.Select(id => new TurnMapping { SiteId = domain.SiteId, Domain = domain.Name, AccountId = id })];
        domain.Route = new DomainValidation(_mailroots, smartHosts).Check(wanted, domain.Name, domain.Route, sites, complaints, prepare);
    }

    async Task<IReadOnlyCollection<int>> FindAccountsAsync(IReadOnlyList<string> names, Complaints complaints, CancellationToken stop)
    {
        if (names.Count == 0) return [];
        var asked = names.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var found = (await accounts.FindIdsAsync(asked, stop)).ToDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (var name in asked.Where(name => !found.ContainsKey(name)))
            complaints.Add("route.turnAccounts", $"There is no account '{name}'.");
        return found.Values;
    }

    /// <summary>What follows every change of a domain: it holds for new mail first, then for what is queued.</summary>
    async Task<DomainSnapshot> FollowAsync(Site site, string name, string act, Actor actor)
    {
        var before = _runners[site.Id].Site;
        var runner = await ReloadAsync(site.Id);
        await RerouteAsync(before, runner.Site, name);
        Tell(site.Id, "changed");
        Log.DomainChanged(log, name, site.Name, site.Id, act, actor.Name, actor.From);
        return runner.Site.FindDomain(name)!;
    }

    /// <summary>Lets the queued mail that a rule speaks of follow a change of the site's rules.</summary>
    async Task RerouteAsync(SiteSnapshot before, SiteSnapshot after, string rule)
    {
        if (!rule.StartsWith("*.", StringComparison.Ordinal))
        {
            await FollowRuleAsync(before, after, rule);
            return;
        }
        foreach (var destination in await queue.FindSubdomainsAsync(after.Id, rule[2..], CancellationToken.None))
            await FollowRuleAsync(before, after, destination.Domain);
    }

    async Task FollowRuleAsync(SiteSnapshot before, SiteSnapshot after, string destination)
    {
        var hold = IsHeld(after, destination);
        if (IsHeld(before, destination) != hold) await queue.ReroutedAsync(after.Id, destination, hold, time.GetUtcNow());

        static bool IsHeld(SiteSnapshot site, string domain) => site.RuleFor(domain) is { IsHeld: true };
    }

    static MailDomain? Find(Site site, string name)
    {
        var stored = DomainName.TryParsePattern(name, out var parsed) ? parsed : name;
        return site.Domains.Find(domain => domain.Name == stored);
    }

    static Problem NoDomain(Site site, string name) => Problem.NotFound($"Site '{site.Name}' ({site.Id}) has no domain '{name}'.");

    static string NameOf(DomainKind kind) => kind.ToString().ToLowerInvariant();
}
