using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Tests.Sites;

public sealed class SiteChangeTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    Task<Result<SiteView>> UpdateAsync(int id, SiteConfiguration wanted, long? version = null) =>
        _bench.Sites.UpdateAsync(id, wanted, version, SiteBench.Administrator, _bench.Stop);

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task What_is_taken_away_from_a_site_has_its_default_again()
    {
        await _bench.BootAsync();
        var id = await _bench.StoppedAsync("Branch", 2526);
        await UpdateAsync(id, _bench.Current(id) with { Mailroot = "elsewhere", DefaultDomain = "branch.example" });
        var site = (await UpdateAsync(id, _bench.Current(id) with { Mailroot = null, DefaultDomain = null })).Value!.Site;
        Assert.Equal($"mailroot/{id}", site.ConfiguredMailroot);
        Assert.Equal(_bench.Registry.Sites[id].Site.DefaultDomain, site.DefaultDomain);
        Assert.NotEqual("branch.example", site.DefaultDomain);
    }

    Task<Result<SiteView>> MoveAsync(int id, params SiteEndpoint[] endpoints) => UpdateAsync(id, _bench.Current(id) with { Endpoints = endpoints });

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Renaming_touches_no_socket_and_no_state()
    {
        await _bench.BootAsync();
        var history = _bench.Binder.History.Count;
        var view = (await UpdateAsync(1, _bench.Current(1) with { Name = "Head office" })).Value!;
        Assert.Equal(("Head office", SiteState.Running, 2L), (view.Site.Name, view.State, view.Site.Version));
        Assert.Equal(history, _bench.Binder.History.Count);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_may_change_the_case_of_its_own_name()
    {
        await _bench.BootAsync();
        Assert.Null((await UpdateAsync(1, _bench.Current(1) with { Name = "default smtp site" })).Problem);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_running_site_moves_while_the_others_run_and_what_stays_keeps_its_socket()
    {
        await _bench.BootAsync();
        await _bench.RunningAsync("Branch", 2526);
        await MoveAsync(1, new("127.0.0.1", 2525), new("127.0.0.1", 2530));
        _bench.Binder.History.Clear();
        var view = (await MoveAsync(1, new("127.0.0.1", 2525), new("127.0.0.1", 2531))).Value!;
        Assert.Equal(["+127.0.0.1:2531", "-127.0.0.1:2530"], _bench.Binder.History);
        Assert.Equal((SiteState.Running, 2531), (view.State, view.Site.Endpoints[1].Port));
        Assert.Equal(["127.0.0.1:2525", "127.0.0.1:2526", "127.0.0.1:2531"], _bench.Binder.Bound);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task What_is_spoken_on_a_socket_changes_without_a_new_one()
    {
        await _bench.BootAsync();
        _bench.Binder.History.Clear();
        await MoveAsync(1, new SiteEndpoint("127.0.0.1", 2525, EndpointTls.Implicit, Odmr: true));
        Assert.Empty(_bench.Binder.History);
        var now = _bench.Registry.Sites[1].Site.FindEndpoint(new("127.0.0.1", 2525));
        Assert.Equal((EndpointTls.Implicit, true), (now!.Tls, now.Odmr));
        Assert.Null(_bench.Registry.Sites[1].Site.FindEndpoint(new("127.0.0.1", 2526)));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_can_widen_its_own_address()
    {
        await _bench.BootAsync();
        Assert.Null((await MoveAsync(1, new SiteEndpoint("::", 2525))).Problem);
        Assert.Equal(["[::]:2525"], _bench.Binder.Bound);
        Assert.Null((await MoveAsync(1, new("127.0.0.1", 2525), new("::1", 2525))).Problem);
        Assert.Equal(["127.0.0.1:2525", "[::1]:2525"], _bench.Binder.Bound);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task When_another_site_has_the_new_endpoint_nothing_changes()
    {
        await _bench.BootAsync();
        await _bench.RunningAsync("Branch", 2526);
        _bench.Binder.History.Clear();
        var problem = (await UpdateAsync(1, _bench.Current(1) with { Name = "Moved", Endpoints = [new("0.0.0.0", 2526)] })).Problem;
        SiteBench.AssertConflict(problem, "site 'Branch' (2)");
        Assert.Empty(_bench.Binder.History);
        Assert.Equal(("Default SMTP Site", SiteState.Running), (_bench.Registry.Sites[1].Site.Name, _bench.State(1)));
        Assert.Equal("127.0.0.1", _bench.Store.Stored(1).Endpoints.Single().Address);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task When_the_system_refuses_a_new_endpoint_the_old_ones_stay()
    {
        await _bench.BootAsync();
        _bench.Binder.Foreign.Add("127.0.0.1:2531");
        var problem = (await MoveAsync(1, new("127.0.0.1", 2530), new("127.0.0.1", 2531))).Problem;
        SiteBench.AssertConflict(problem, "127.0.0.1:2531 is used by another program.");
        Assert.Equal(["127.0.0.1:2525"], _bench.Binder.Bound);
        Assert.Equal((SiteState.Running, 1L), (_bench.State(1), _bench.Store.Stored(1).Version));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_old_endpoint_that_gave_way_in_vain_comes_back()
    {
        await _bench.BootAsync();
        _bench.Binder.Foreign.Add("0.0.0.0:2525");
        Assert.NotNull((await MoveAsync(1, new SiteEndpoint("0.0.0.0", 2525))).Problem);
        Assert.Equal(["127.0.0.1:2525"], _bench.Binder.Bound);
        Assert.Equal(SiteState.Running, _bench.State(1));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_change_that_is_not_written_leaves_the_sockets_as_they_were()
    {
        await _bench.BootAsync();
        _bench.Store.NextUpdateIsStale = true;
        Assert.Equal(ProblemKind.Stale, (await MoveAsync(1, new SiteEndpoint("0.0.0.0", 2525))).Problem?.Kind);
        Assert.Equal(["127.0.0.1:2525"], _bench.Binder.Bound);
        Assert.Equal("127.0.0.1", _bench.Registry.Sites[1].Site.Endpoints[0].Address);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_change_made_from_an_old_version_is_stale()
    {
        await _bench.BootAsync();
        Assert.Null((await UpdateAsync(1, _bench.Current(1) with { Name = "A" }, version: 1)).Problem);
        Assert.Equal(ProblemKind.Stale, (await UpdateAsync(1, _bench.Current(1) with { Name = "B" }, version: 1)).Problem?.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_stopped_site_takes_any_endpoint_as_a_plan()
    {
        await _bench.BootAsync();
        var id = await _bench.StoppedAsync("Branch", 2526);
        var view = (await MoveAsync(id, new SiteEndpoint("127.0.0.1", 2525))).Value!;
        Assert.Single(view.Warnings);
        Assert.Equal(SiteState.Stopped, view.State);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Renaming_the_default_domain_is_a_change_of_the_site()
    {
        await _bench.BootAsync();
        var site = (await UpdateAsync(1, _bench.Current(1) with { DefaultDomain = "New.Example" })).Value!.Site;
        Assert.Equal(("new.example", "new.example", DomainKind.Default), (site.DefaultDomain, site.HostName, site.RuleFor("new.example")!.Kind));
        Assert.Null(site.FindDomain("hub.example"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_remote_domain_cannot_become_the_default_one()
    {
        await _bench.BootAsync();
        await _bench.Sites.CreateDomainAsync(1, new("far.example", DomainKind.Remote, new(), [], null, []), SiteBench.Administrator, _bench.Stop);
        SiteBench.AssertInvalid((await UpdateAsync(1, _bench.Current(1) with { DefaultDomain = "far.example" })).Problem, "defaultDomain");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_change_makes_a_new_snapshot_and_leaves_the_old_one()
    {
        await _bench.BootAsync();
        var old = _bench.Registry.Sites[1].Site;
        await UpdateAsync(1, _bench.Current(1) with { Settings = new() { ["banner"] = "New" } });
        Assert.Equal("ESMTP WebSmtp", old.Settings.Get(Mta.Settings.SettingsTable.Banner));
        Assert.Equal("New", _bench.Registry.Sites[1].Site.Settings.Get(Mta.Settings.SettingsTable.Banner));
    }
}
