using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Collectors;

/// <summary>What an administrator writes about a collector.</summary>
/// <param name="Password">Null: keep the one it has; without a user name there is none.</param>
public sealed record CollectorConfiguration(
    string Name, bool Enabled, string Host, int Port, HostTls Tls, string? CertificateAuthority, CollectionMethod Method,
    string? Username, string? Password, IReadOnlyList<string> Domains, string? Schedule, TimeSpan? Every);

/// <summary>A collector with what it does.</summary>
/// <param name="LastRun">Null: it never ran.</param>
/// <param name="NextRun">Null: on demand only.</param>
public sealed record CollectorView(Collector Collector, CollectorRun? LastRun, DateTimeOffset? NextRun);

/// <summary>Everything that is done with a site's collectors, for every door. Thread-safe.</summary>
public sealed class CollectorOperations(
    ICollectorStore store, CollectorRunner runner, CollectorHosts hosts, SiteRegistry sites, ISecretProtector secrets, Audit audit, TimeProvider time,
    ILogger<CollectorOperations> log)
{
    const int MaxPage = 500;

    /// <summary>By name.</summary>
    public async Task<Result<IReadOnlyList<CollectorView>>> ListAsync(int siteId, CancellationToken stop)
    {
        if (sites.Find(siteId) is null) return NoSite(siteId);
        var views = new List<CollectorView>();
        foreach (var collector in (await store.ListAsync(stop)).Where(one => one.SiteId == siteId)) views.Add(await ViewAsync(collector, stop));
        return views;
    }

    public async Task<Result<CollectorView>> FindAsync(int siteId, string name, CancellationToken stop)
    {
        if (sites.Find(siteId) is null) return NoSite(siteId);
        return await FindOneAsync(siteId, name, stop) is { } found ? await ViewAsync(found, stop) : NoCollector(siteId, name);
    }

    public Task<Result<CollectorView>> CreateAsync(int siteId, CollectorConfiguration wanted, Actor actor, CancellationToken stop) =>
        audit.ActAsync<CollectorView>(actor, Role.Administrator, "create", $"sites/{siteId}/collectors/{wanted.Name}", async act =>
        {
            if (sites.Find(siteId) is not { } view) return NoSite(siteId);
            if (await RefuseAsync(view.Site, wanted, hasPassword: false, stop) is { } problem) return problem;
            var collector = new Collector { SiteId = siteId, Name = wanted.Name, Host = wanted.Host };
            Fill(collector, wanted);
            if (!await store.AddAsync(collector, stop)) return Problem.Conflict($"Site {siteId} has a collector '{wanted.Name}' already.");
            act.Changes(null, AuditImage.Of(collector));
            Changed(view.Site, collector, "created", actor);
            return await ViewAsync(collector, stop);
        });

    public Task<Result<CollectorView>> UpdateAsync(
        int siteId, string name, CollectorConfiguration wanted, long? version, Actor actor, CancellationToken stop) =>
        audit.ActAsync<CollectorView>(actor, Role.Administrator, "change", $"sites/{siteId}/collectors/{name}", async act =>
        {
            if (sites.Find(siteId) is not { } view) return NoSite(siteId);
            if (await FindOneAsync(siteId, name, stop) is not { } collector) return NoCollector(siteId, name);
            if (version is not null && version != collector.Version) return Stale(collector);
            if (wanted.Name != collector.Name) return Problem.Invalid("name", "A collector's name cannot be changed: its runs are found by it. Make another one.");
            if (await RefuseAsync(view.Site, wanted, collector.Password is not null, stop) is { } problem) return problem;
            var before = AuditImage.Of(collector);
            Fill(collector, wanted);
            if (!await store.UpdateAsync(collector, stop)) return Stale(collector);
            act.Changes(before, AuditImage.Of(collector));
            Changed(view.Site, collector, "changed", actor);
            return await FindAsync(siteId, name, stop);
        });

    /// <summary>A run that is on its way goes on to its end; runs stay as history.</summary>
    public Task<Problem?> DeleteAsync(int siteId, string name, long? version, Actor actor, CancellationToken stop) =>
        audit.ActAsync(actor, Role.Administrator, "delete", $"sites/{siteId}/collectors/{name}", async act =>
        {
            if (sites.Find(siteId) is not { } view) return NoSite(siteId);
            if (await FindOneAsync(siteId, name, stop) is not { } collector) return NoCollector(siteId, name);
            if (version is not null && version != collector.Version) return Stale(collector);
            await store.DeleteAsync(collector.Id, stop);
            act.Changes(AuditImage.Of(collector), null);
            Changed(view.Site, collector, "deleted", actor);
            return null;
        });

    /// <summary>Begins a run, also of a collector that is not enabled. Refused (Conflict) while one is on its way, or where the site does not run.</summary>
    public Task<Result<CollectorRun>> RunAsync(int siteId, string name, Actor actor, CancellationToken stop) =>
        audit.ActAsync<CollectorRun>(actor, Role.Operator, "run", $"sites/{siteId}/collectors/{name}", async _ =>
        {
            if (sites.Find(siteId) is not { } view) return NoSite(siteId);
            if (await FindOneAsync(siteId, name, stop) is not { } collector) return NoCollector(siteId, name);
            if (view.State is not SiteState.Running) return Problem.Conflict($"Site {siteId} does not run; start it first.");
            if (view.Site.ServiceVersion < 2) return Problem.Conflict("smtpServiceVersion is 1: nothing is collected. Set it to 2 first.");
            return await runner.TryRunAsync(collector, actor.Name, stop) is { } run
                ? run
                : Problem.Conflict($"Collector '{collector.Name}' runs already, or the server is being stopped.");
        });

    /// <summary>Newest first. The cursor is the id of the last run of the page before.</summary>
    public async Task<Result<Page<CollectorRun>>> RunsAsync(int siteId, string name, string? cursor, int limit, CancellationToken stop)
    {
        if (sites.Find(siteId) is null) return NoSite(siteId);
        if (await FindOneAsync(siteId, name, stop) is not { } collector) return NoCollector(siteId, name);
        limit = Math.Clamp(limit, 1, MaxPage);
        var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : default(long?);
        // One more than asked for tells whether another page follows.
        var found = await store.ListRunsAsync(siteId, collector.Name, before, limit + 1, stop);
        var next = found.Count > limit ? found[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null;
        return new Page<CollectorRun>([.. found.Take(limit)], next, await store.CountRunsAsync(siteId, collector.Name, stop));
    }

    /// <summary>One run, with its transcript.</summary>
    public async Task<Result<CollectorRun>> FindRunAsync(int siteId, string name, long id, CancellationToken stop)
    {
        if (sites.Find(siteId) is null) return NoSite(siteId);
        if (await FindOneAsync(siteId, name, stop) is not { } collector) return NoCollector(siteId, name);
        return await store.FindRunAsync(siteId, collector.Name, id, stop) is { } run ? run : Problem.NotFound($"Collector '{collector.Name}' has no run {id}.");
    }

    async Task<Problem?> RefuseAsync(SiteSnapshot site, CollectorConfiguration wanted, bool hasPassword, CancellationToken stop)
    {
        var complaints = new Complaints();
        CollectorValidation.Check(wanted, hasPassword, complaints);
        if (!complaints.Any && HostAndPort.TryParseHost(wanted.Host, out var host)
            && (await hosts.FindAsync(site, host, wanted.Port, stop)).IsItself)
        {
            complaints.Add("host", CollectorHosts.Itself(host, wanted.Port));
        }
        return complaints.ToProblem();
    }

    void Fill(Collector collector, CollectorConfiguration wanted)
    {
        collector.Enabled = wanted.Enabled;
        collector.Host = HostAndPort.TryParseHost(wanted.Host, out var host) ? host : wanted.Host;
        collector.Port = wanted.Port;
        collector.Tls = wanted.Tls;
        collector.CertificateAuthority = wanted.CertificateAuthority;
        collector.Method = wanted.Method;
        collector.Username = wanted.Username;
        if (wanted.Username is null) collector.Password = null;
        else if (wanted.Password is not null) collector.Password = secrets.Protect(Encoding.UTF8.GetBytes(wanted.Password));
        collector.Domains = [.. wanted.Domains];
        collector.Schedule = wanted.Schedule;
        collector.Every = wanted.Every;
    }

    void Changed(SiteSnapshot site, Collector collector, string act, Actor actor)
    {
        Log.CollectorChanged(log, collector.Name, site.Name, site.Id, act, actor.Name, actor.From);
        runner.Wake();
    }

    async Task<Collector?> FindOneAsync(int siteId, string name, CancellationToken stop) =>
        (await store.ListAsync(stop)).FirstOrDefault(one => one.SiteId == siteId && string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase));

    async Task<CollectorView> ViewAsync(Collector collector, CancellationToken stop)
    {
        var runs = await store.ListRunsAsync(collector.SiteId, collector.Name, null, 1, stop);
        var last = runs.Count > 0 ? runs[0] : null;
        return new(collector, last, CollectorSchedule.Next(collector, last?.StartedAt, time.GetUtcNow()));
    }

    static Problem NoSite(int siteId) => Problem.NotFound($"There is no site {siteId}.");
    static Problem NoCollector(int siteId, string name) => Problem.NotFound($"Site {siteId} has no collector '{name}'.");
    static Problem Stale(Collector collector) => Problem.Stale($"Collector '{collector.Name}' was changed meanwhile; read it again.");
}
