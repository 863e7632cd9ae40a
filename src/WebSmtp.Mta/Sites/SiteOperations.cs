using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Sites;

/// <summary>
/// Everything that an administrator does to sites. Thread-safe: acts follow one another. Every change is in the database
/// and in the <see cref="SiteRegistry"/> when its task completes.
/// </summary>
/// <param name="gate">The one of the program, shared with the operations on accounts.</param>
public sealed partial class SiteOperations(
    ISiteStore store, IAccountStore accounts, IQueueStore queue, ISiteExport export, IEndpointBinder binder,
    SessionRegistry sessions, SiteRegistry registry, SmartHostRules smartHosts, EventStream events, DataDirectory data, Audit audit, ActGate gate,
    TimeProvider time, ILogger<SiteOperations> log)
{
    /// <summary>How long the sessions of a site that is stopped may take to end.</summary>
    static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    const string OnlyDefaultRuns = "smtpServiceVersion is 1: only the default site runs";

    readonly Mailroots _mailroots = new(data);
    readonly SortedDictionary<int, SiteRunner> _runners = [];
    volatile int _serviceVersion = 2;

    public int ServiceVersion => _serviceVersion;

    /// <summary>Loads all sites, makes the default site at first run, and starts what should run. A site that cannot start is Failed.</summary>
    /// <returns>Null: done. Else what is not allowed in the first site's configuration, and nothing was started.</returns>
    public async Task<Problem?> StartAllAsync(SiteConfiguration firstSite, CancellationToken stop)
    {
        using var pass = await gate.EnterAsync(stop);
        _serviceVersion = await store.ReadServiceVersionAsync(stop);
        var sites = await LoadAsync(stop);
        if (sites.Count == 0)
        {
            var (_, problem) = await AddAsync(firstSite, sites, DesiredState.Running, stop);
            if (problem is not null) return problem;
        }
        foreach (var site in sites.Where(site => !site.AutoStart && site.Desired is not DesiredState.Stopped))
            await store.SetDesiredAsync(site.Id, Wish(DesiredState.Stopped, Actor.System), stop);
        await ReloadAllAsync();
        await BringUpAsync();
        return null;
    }

    /// <summary>Unbinds everything and ends sessions with 421, without touching what each site should be after the next start.</summary>
    public async Task ShutDownAsync(TimeSpan grace)
    {
        using var pass = await gate.EnterAsync(CancellationToken.None);
        foreach (var runner in _runners.Values)
        {
            await runner.UnbindAsync();
            runner.Enter(SiteState.Stopped);
        }
        Publish();
        await EndSessionsAsync(_runners.Keys, grace);
    }

    /// <summary>Switches between 1 (only the default site; no ETRN, TURN, ATRN) and 2 (all), at once.</summary>
    public Task<Problem?> SetServiceVersionAsync(int version, Actor actor, CancellationToken stop) =>
        audit.ActAsync(actor, Role.Administrator, "change", "service", async act =>
        {
            if (version is not (1 or 2)) return Problem.Invalid("smtpServiceVersion", $"{version} is not allowed; give 1 or 2.");
            List<int> ended;
            using (await gate.EnterAsync(stop))
            {
                if (version == _serviceVersion) return null;
                act.Changes(new() { ["smtpServiceVersion"] = _serviceVersion }, new() { ["smtpServiceVersion"] = version });
                await store.WriteServiceVersionAsync(version, CancellationToken.None);
                _serviceVersion = version;
                Log.ServiceVersion(log, version, actor.Name, actor.From);
                ended = [.. _runners.Values.Where(runner => runner.IsBound && MustRest(runner)).Select(runner => runner.Id)];
                foreach (var id in ended) await _runners[id].UnbindAsync();
                await ReloadAllAsync();
                await BringUpAsync();
            }
            await EndSessionsAsync(ended, StopGrace);
            return null;
        });

    bool MustRest(SiteRunner runner) => _serviceVersion == 1 && !runner.Site.IsDefault;

    /// <summary>Brings every site that is not bound into the state that it should be in.</summary>
    async Task BringUpAsync()
    {
        foreach (var runner in _runners.Values.Where(runner => !runner.IsBound && runner.Site.Desired is not DesiredState.Stopped))
        {
            if (MustRest(runner))
            {
                runner.Enter(SiteState.Stopped, OnlyDefaultRuns + ".");
                Publish();
                Tell(runner.Id, "stopped");
            }
            else
            {
                await RunAsync(runner, runner.Site.Desired is DesiredState.Paused ? SiteState.Paused : SiteState.Running);
            }
        }
    }

    /// <summary>Binds a site's endpoints; when that cannot be it is Failed, and the reason is returned.</summary>
    async Task<string?> RunAsync(SiteRunner runner, SiteState state)
    {
        var reason = await BindAsync(runner);
        if (reason is null) runner.Enter(state);
        else runner.Enter(SiteState.Failed, reason);
        Publish();
        Tell(runner.Id, reason is null ? NameOf(state) : "failed");
        if (reason is not null) Log.SiteFailed(log, runner.Site.Name, runner.Id, reason);
        return reason;
    }

    async Task<string?> BindAsync(SiteRunner runner)
    {
        var mailroot = runner.Site.ConfiguredMailroot;
        if (_mailroots.Judge(mailroot) is { } refusal) return refusal;
        if (_mailroots.Prepare(mailroot, MailrootFolders.Names) is { } trouble) return trouble;
        if (Taken(runner, runner.Site.Endpoints) is { } taken) return taken;
        var change = runner.Change();
        if (await change.TryAsync(runner.Site.Endpoints) is { } reason) return reason;
        await change.CommitAsync();
        return null;
    }

    /// <summary>Which other site has one of the endpoints at this moment; null when none has.</summary>
    string? Taken(SiteRunner? runner, IReadOnlyList<SiteEndpoint> wanted)
    {
        foreach (var other in _runners.Values.Where(other => other != runner))
        {
            foreach (var held in other.Held)
            {
                if (wanted.FirstOrDefault(endpoint => EndpointOverlap.Overlaps(endpoint, held)) is not { } endpoint) continue;
                var explanation = EndpointOverlap.Explain(endpoint, held);
                return $"{EndpointOverlap.Show(endpoint)} is already used by site '{other.Site.Name}' ({other.Id}){explanation}.";
            }
        }
        return null;
    }

    async Task EndSessionsAsync(IEnumerable<int> siteIds, TimeSpan grace)
    {
        var reply = new Reply(421, 4, 3, 2, "The service is being stopped; try again later");
        await Task.WhenAll(siteIds.Select(id => sessions.CloseAllAsync(id, reply, grace, time)));
    }

    async Task<IReadOnlyList<Site>> LoadAsync(CancellationToken stop)
    {
        var sites = await store.LoadAsync(stop);
        foreach (var site in sites.Where(site => site.Mailroot.Length == 0)) site.Mailroot = Mailroots.DefaultFor(site.Id);
        return sites;
    }

    /// <summary>Takes up what the database says about all sites. Not cancellable: it follows a change that is made.</summary>
    async Task ReloadAllAsync()
    {
        foreach (var site in await LoadAsync(CancellationToken.None)) await TakeUpAsync(site);
        Publish();
    }

    /// <summary>Takes up what the database says about one site.</summary>
    async Task<SiteRunner> ReloadAsync(int siteId)
    {
        var site = (await LoadAsync(CancellationToken.None)).First(site => site.Id == siteId);
        var runner = await TakeUpAsync(site);
        Publish();
        return runner;
    }

    async Task<SiteRunner> TakeUpAsync(Site site)
    {
        var ids = site.Domains.SelectMany(domain => domain.TurnMappings).Select(mapping => mapping.AccountId).ToHashSet();
        var names = await accounts.NamesAsync(ids, CancellationToken.None);
        var snapshot = new SiteSnapshot(site, _mailroots.FullPath(site.Mailroot), _serviceVersion, names);
        if (_runners.TryGetValue(site.Id, out var runner)) runner.Site = snapshot;
        else _runners[site.Id] = runner = new(snapshot, binder);
        return runner;
    }

    /// <summary>Shows everybody the sites as they are now.</summary>
    void Publish()
    {
        var warnings = SiteWarnings.Of([.. _runners.Values.Select(runner => runner.Site)]);
        registry.Replace(_runners.Values.ToDictionary(
            runner => runner.Id,
            runner => new SiteView(runner.Site, runner.State, runner.Reason, [.. warnings[runner.Id]])));
    }

    void Tell(int siteId, string what)
    {
        if (events.HasReaders) events.Publish(new SiteEvent(time.GetUtcNow(), siteId, what));
    }

    /// <summary>An act on the state of one site, between its permission and its answer.</summary>
    Task<Result<SiteView>> StateActAsync(
        int siteId, string action, Actor actor, Func<SiteRunner, Task<Problem?>> act, CancellationToken stop) =>
        audit.ActAsync<SiteView>(actor, Role.Operator, action, $"sites/{siteId}", async audited =>
        {
            using var pass = await gate.EnterAsync(stop);
            if (!_runners.TryGetValue(siteId, out var runner)) return NoSite(siteId);
            var before = AuditImage.Of(new { runner.State, runner.Site.Desired });
            if (await act(runner) is { } problem) return problem;
            audited.Changes(before, AuditImage.Of(new { runner.State, runner.Site.Desired }));
            return registry.Sites[siteId];
        });

    static Problem NoSite(int siteId) => Problem.NotFound($"There is no site {siteId}.");

    static Problem Stale(string what) => Problem.Stale($"{what} was changed meanwhile; read it again.");

    static string NameOf(SiteState state) => state is SiteState.Running ? "started" : "paused";
}
