using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

public sealed class SiteStateTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_second_site_on_an_endpoint_fails_says_who_has_it_and_harms_nothing()
    {
        await _bench.BootAsync();
        await _bench.RunningAsync("Branch", 2526);
        var id = await _bench.StoppedAsync("Other", 2526);
        var before = _bench.Binder.History.Count;
        var problem = (await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Problem;
        SiteBench.AssertConflict(problem, "127.0.0.1:2526 is already used by site 'Branch' (2)");
        Assert.Equal((SiteState.Failed, problem!.Detail), (_bench.State(id), _bench.Registry.Sites[id].StateReason));
        Assert.Equal(SiteState.Running, _bench.State(2));
        Assert.Equal(before, _bench.Binder.History.Count);
        Assert.Equal(DesiredState.Running, _bench.Store.Stored(id).Desired);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_failed_site_that_is_given_other_endpoints_does_not_go_on_complaining_of_the_old_ones()
    {
        await _bench.BootAsync();
        var id = await _bench.StoppedAsync("Other", 2525);
        var reason = (await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Problem!.Detail;
        await ChangeAsync(_bench.Current(id) with { Name = "Another" });
        Assert.Equal((SiteState.Failed, reason), (_bench.State(id), _bench.Registry.Sites[id].StateReason));
        await ChangeAsync(_bench.Current(id) with { Endpoints = [new("127.0.0.1", 2526)] });
        Assert.Equal((SiteState.Failed, "It could not be started, and was changed since then; start it again."),
            (_bench.State(id), _bench.Registry.Sites[id].StateReason));
        Assert.Null((await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Problem);
        Assert.Null(_bench.Registry.Sites[id].StateReason);

        async Task ChangeAsync(SiteConfiguration wanted) =>
            Assert.Null((await _bench.Sites.UpdateAsync(id, wanted, null, SiteBench.Administrator, _bench.Stop)).Problem);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_reason_explains_an_overlap_that_is_not_plain_to_see()
    {
        await _bench.BootAsync();
        await _bench.RunningAsync("Branch", 2526, "::");
        var id = await _bench.StoppedAsync("Other", 2526);
        var problem = (await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Problem;
        SiteBench.AssertConflict(problem, "127.0.0.1:2526 is already used by site 'Branch' (2), which listens on [::]:2526; [::] takes IPv4 addresses as well.");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_same_address_with_another_port_and_the_same_port_with_another_address_work()
    {
        await _bench.BootAsync();
        await _bench.RunningAsync("Another port", 2526);
        await _bench.RunningAsync("Another address", 2525, "127.0.0.2");
        Assert.Equal(["127.0.0.1:2525", "127.0.0.1:2526", "127.0.0.2:2525"], _bench.Binder.Bound);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_that_does_not_run_holds_no_endpoint()
    {
        await _bench.BootAsync();
        var first = await _bench.RunningAsync("Branch", 2526);
        var second = await _bench.StoppedAsync("Other", 2526);
        await _bench.Sites.StopAsync(first, SiteBench.Operator, _bench.Stop);
        Assert.Null((await _bench.Sites.StartAsync(second, SiteBench.Operator, _bench.Stop)).Problem);
        Assert.Equal((SiteState.Stopped, SiteState.Running), (_bench.State(first), _bench.State(second)));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_paused_site_holds_its_endpoints()
    {
        await _bench.BootAsync();
        var first = await _bench.RunningAsync("Branch", 2526);
        await _bench.Sites.PauseAsync(first, SiteBench.Operator, _bench.Stop);
        var second = await _bench.StoppedAsync("Other", 2526);
        SiteBench.AssertConflict((await _bench.Sites.StartAsync(second, SiteBench.Operator, _bench.Stop)).Problem, "site 'Branch' (2)");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task When_the_system_refuses_one_endpoint_the_site_has_none()
    {
        await _bench.BootAsync();
        _bench.Binder.Foreign.Add("127.0.0.1:2527");
        var created = await _bench.Sites.CreateAsync(
            SiteBench.Wanted("Branch", 0) with { Endpoints = [new("127.0.0.1", 2526), new("127.0.0.1", 2527)] }, SiteBench.Administrator, _bench.Stop);
        var problem = (await _bench.Sites.StartAsync(created.Value!.Site.Id, SiteBench.Operator, _bench.Stop)).Problem;
        SiteBench.AssertConflict(problem, "127.0.0.1:2527 is used by another program.");
        Assert.Equal(SiteState.Failed, _bench.State(2));
        Assert.Equal(["127.0.0.1:2525"], _bench.Binder.Bound);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_failed_site_starts_when_the_cause_is_gone()
    {
        await _bench.BootAsync();
        _bench.Binder.Foreign.Add("127.0.0.1:2526");
        var id = await _bench.StoppedAsync("Branch", 2526);
        Assert.NotNull((await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Problem);
        _bench.Binder.Foreign.Clear();
        var view = (await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Value!;
        Assert.Equal((SiteState.Running, null), (view.State, view.StateReason));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Starting_what_runs_and_stopping_what_is_stopped_change_nothing()
    {
        await _bench.BootAsync();
        var id = await _bench.StoppedAsync("Branch", 2526);
        var before = _bench.Binder.History.Count;
        Assert.Equal(SiteState.Stopped, (await _bench.Sites.StopAsync(id, SiteBench.Operator, _bench.Stop)).Value!.State);
        Assert.Equal(SiteState.Running, (await _bench.Sites.StartAsync(1, SiteBench.Operator, _bench.Stop)).Value!.State);
        Assert.Equal(before, _bench.Binder.History.Count);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Pausing_keeps_the_sockets_and_continuing_finds_them()
    {
        await _bench.BootAsync();
        var before = _bench.Binder.History.Count;
        Assert.Equal(SiteState.Paused, (await _bench.Sites.PauseAsync(1, SiteBench.Operator, _bench.Stop)).Value!.State);
        Assert.Equal(SiteState.Paused, (await _bench.Sites.PauseAsync(1, SiteBench.Operator, _bench.Stop)).Value!.State);
        Assert.Equal(DesiredState.Paused, _bench.Store.Stored(1).Desired);
        Assert.Equal(SiteState.Running, (await _bench.Sites.ContinueAsync(1, SiteBench.Operator, _bench.Stop)).Value!.State);
        Assert.Equal(DesiredState.Running, _bench.Store.Stored(1).Desired);
        Assert.Equal(before, _bench.Binder.History.Count);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Starting_a_paused_site_continues_it()
    {
        await _bench.BootAsync();
        await _bench.Sites.PauseAsync(1, SiteBench.Operator, _bench.Stop);
        Assert.Equal(SiteState.Running, (await _bench.Sites.StartAsync(1, SiteBench.Operator, _bench.Stop)).Value!.State);
        Assert.Equal(DesiredState.Running, _bench.Registry.Sites[1].Site.Desired);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Only_a_running_site_is_paused_and_only_a_paused_one_continued()
    {
        await _bench.BootAsync();
        var id = await _bench.StoppedAsync("Branch", 2526);
        SiteBench.AssertConflict((await _bench.Sites.PauseAsync(id, SiteBench.Operator, _bench.Stop)).Problem, "is stopped, so it cannot be paused");
        SiteBench.AssertConflict((await _bench.Sites.ContinueAsync(id, SiteBench.Operator, _bench.Stop)).Problem, "is stopped, so it cannot be continued");
        SiteBench.AssertConflict((await _bench.Sites.ContinueAsync(1, SiteBench.Operator, _bench.Stop)).Problem, "is running");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Operators_start_and_stop_and_viewers_only_look()
    {
        await _bench.BootAsync();
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.StartAsync(1, SiteBench.Viewer, _bench.Stop)).Problem?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.StopAsync(1, SiteBench.Viewer, _bench.Stop)).Problem?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.PauseAsync(1, SiteBench.Viewer, _bench.Stop)).Problem?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.ContinueAsync(1, SiteBench.Viewer, _bench.Stop)).Problem?.Kind);
        Assert.Equal(SiteState.Running, _bench.State(1));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_that_is_not_there_is_not_found()
    {
        await _bench.BootAsync();
        Assert.Equal(ProblemKind.NotFound, (await _bench.Sites.StartAsync(9, SiteBench.Operator, _bench.Stop)).Problem?.Kind);
        Assert.Equal(ProblemKind.NotFound, (await _bench.Sites.StopAsync(9, SiteBench.Operator, _bench.Stop)).Problem?.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Those_who_watch_are_told()
    {
        await _bench.BootAsync();
        var told = new List<string>();
        var watching = WatchAsync();
        Assert.True(_bench.Events.HasReaders);
        await _bench.Sites.PauseAsync(1, SiteBench.Operator, _bench.Stop);
        await _bench.Sites.ContinueAsync(1, SiteBench.Operator, _bench.Stop);
        await _bench.Sites.StopAsync(1, SiteBench.Operator, _bench.Stop);
        await watching;
        Assert.Equal(["paused", "continued", "stopped"], told);

        async Task WatchAsync()
        {
            await foreach (var what in _bench.Events.ReadAsync(_bench.Stop))
            {
                if (what is Mta.Events.SiteEvent site) told.Add(site.What);
                if (told.Count == 3) return;
            }
        }
    }
}
