using System.Net.NetworkInformation;
using WebSmtp.Mta.Administration;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Sites;

// Making and changing sites.
public sealed partial class SiteOperations
{
    /// <summary>Makes a site, stopped, with its folders and its default domain.</summary>
    public Task<Result<SiteView>> CreateAsync(SiteConfiguration wanted, Actor actor, CancellationToken stop) =>
        audit.ActAsync<SiteView>(actor, Role.Administrator, "create", "sites", async act =>
        {
            using var pass = await gate.EnterAsync(stop);
            var (site, problem) = await AddAsync(wanted, await LoadAsync(stop), DesiredState.Stopped, stop);
            if (problem is not null) return problem;
            var runner = await ReloadAsync(site!.Id);
            act.Subject = $"sites/{runner.Id}";
            act.Changes(null, AuditImage.Of(site));
            Tell(runner.Id, "created");
            Log.SiteCreated(log, runner.Site.Name, runner.Id, actor.Name, actor.From);
            return registry.Sites[runner.Id];
        });

    /// <summary>Changes a site. A running one is re-bound when its endpoints change; if that fails nothing changes (Conflict).</summary>
    /// <param name="version">The version that the change was made from; null: whatever is there.</param>
    public Task<Result<SiteView>> UpdateAsync(
        int siteId, SiteConfiguration wanted, long? version, Actor actor, CancellationToken stop) =>
        audit.ActAsync<SiteView>(actor, Role.Administrator, "change", $"sites/{siteId}", async act =>
        {
            using var pass = await gate.EnterAsync(stop);
            var sites = await LoadAsync(stop);
            if (sites.FirstOrDefault(site => site.Id == siteId) is not { } site) return NoSite(siteId);
            if (version is not null && version != site.Version) return Stale($"Site '{site.Name}' ({siteId})");

            wanted = wanted with
            {
                Mailroot = wanted.Mailroot ?? Mailroots.DefaultFor(siteId),
                DefaultDomain = wanted.DefaultDomain ?? MachineName(),
            };
            var complaints = new Complaints();
            var valid = new SiteValidation(_mailroots, smartHosts).Check(wanted, site, sites, complaints);
            PrepareMailroot(valid.Mailroot, complaints);
            if (complaints.ToProblem() is { } problem) return problem;

            var image = AuditImage.Of(site);
            var runner = _runners[siteId];
            if (await ChangeAsync(runner, site, valid) is { } conflict) return conflict;
            var before = runner.Site;
            // The reason speaks of what it had before, and may not be true any more.
            if (runner.State is SiteState.Failed && !(valid.Endpoints.SequenceEqual(before.Endpoints) && site.Mailroot == before.ConfiguredMailroot))
                runner.Enter(SiteState.Failed, "It could not be started, and was changed since then; start it again.");
            if (valid.DefaultDomain is { } domain && domain != before.DefaultDomain)
            {
                await store.RenameDefaultDomainAsync(siteId, domain, CancellationToken.None);
                await ReloadAsync(siteId);
                await RerouteAsync(before, runner.Site, before.DefaultDomain);
                await RerouteAsync(before, runner.Site, domain);
            }
            else
            {
                await ReloadAsync(siteId);
            }
            act.Changes(image, AuditImage.Of(site, runner.Site.DefaultDomain));
            Tell(siteId, "changed");
            Log.SiteChanged(log, runner.Site.Name, siteId, actor.Name, actor.From);
            return registry.Sites[siteId];
        });

    /// <summary>The one way in which a site comes into being.</summary>
    async Task<Result<Site>> AddAsync(SiteConfiguration wanted, IReadOnlyList<Site> sites, DesiredState desired, CancellationToken stop)
    {
        var complaints = new Complaints();
        var valid = new SiteValidation(_mailroots, smartHosts).Check(wanted, null, sites, complaints);
        // The number, and with it the default folder's name, is only known after adding; so its parent is tried.
        if (valid.Mailroot is null && !complaints.Any && _mailroots.Prepare(Mailroots.DefaultParent) is { } trouble)
            complaints.Add("mailroot", trouble);
        PrepareMailroot(valid.Mailroot, complaints);
        if (complaints.ToProblem() is { } problem) return problem;

        var site = new Site
        {
            Name = valid.Name,
            AutoStart = valid.AutoStart,
            Desired = desired,
            Endpoints = valid.Endpoints,
            Mailroot = valid.Mailroot ?? "",
            Fqdn = valid.Fqdn,
            Settings = valid.Settings,
            Domains = [new() { Name = valid.DefaultDomain ?? MachineName(), Kind = DomainKind.Default, Route = new() { Type = RouteType.Drop } }],
        };
        await store.AddAsync(site, stop);
        if (valid.Mailroot is null && _mailroots.Prepare(Mailroots.DefaultFor(site.Id), MailrootFolders.Names) is { } reason)
            Log.MailrootFailed(log, site.Name, site.Id, reason);
        return site;
    }

    /// <summary>Folders are only made for input that is right in every other way.</summary>
    void PrepareMailroot(string? mailroot, Complaints complaints)
    {
        if (mailroot is not null && !complaints.Any && _mailroots.Prepare(mailroot, MailrootFolders.Names) is { } trouble)
            complaints.Add("mailroot", trouble);
    }

    /// <summary>Writes the change, and moves a running site's sockets with it: both, or neither.</summary>
    async Task<Problem?> ChangeAsync(SiteRunner runner, Site site, ValidSite valid)
    {
        var change = runner.Change();
        if (runner.IsBound)
        {
            if (Taken(runner, valid.Endpoints) is { } taken) return Problem.Conflict(taken);
            if (await change.TryAsync(valid.Endpoints) is { } reason)
            {
                await LoseAsync(runner, change);
                return Problem.Conflict(reason);
            }
        }
        (site.Name, site.Endpoints, site.Fqdn, site.AutoStart, site.Settings) =
            (valid.Name, valid.Endpoints, valid.Fqdn, valid.AutoStart, valid.Settings);
        site.Mailroot = valid.Mailroot ?? site.Mailroot;
        var written = false;
        try
        {
            written = await store.UpdateAsync(site, CancellationToken.None);
        }
        finally
        {
            if (written)
            {
                await change.CommitAsync();
            }
            else
            {
                await change.RollBackAsync();
                await LoseAsync(runner, change);
            }
        }
        return written ? null : Stale($"Site '{runner.Site.Name}' ({runner.Id})");
    }

    /// <summary>A site that could not get back a socket it had is no site that runs.</summary>
    async Task LoseAsync(SiteRunner runner, EndpointChange change)
    {
        if (change.Lost is not { } reason) return;
        await runner.UnbindAsync();
        runner.Enter(SiteState.Failed, reason);
        Publish();
        Tell(runner.Id, "failed");
        Log.SiteFailed(log, runner.Site.Name, runner.Id, reason);
    }

    static string MachineName()
    {
        var machine = IPGlobalProperties.GetIPGlobalProperties();
        return DomainName.TryParse($"{machine.HostName}.{machine.DomainName}", out var full) ? full
            : DomainName.TryParse(machine.HostName, out var host) ? host
            : "localhost";
    }
}
