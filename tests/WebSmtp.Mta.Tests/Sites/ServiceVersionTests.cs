using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

public sealed class ServiceVersionTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    Task SetAsync(int version) => _bench.Sites.SetServiceVersionAsync(version, SiteBench.Administrator, _bench.Stop);

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task At_1_only_the_default_site_runs_and_going_to_2_starts_the_rest()
    {
        await _bench.BootAsync();
        var running = await _bench.RunningAsync("Running", 2526);
        var paused = await _bench.RunningAsync("Paused", 2527);
        var stopped = await _bench.StoppedAsync("Stopped", 2528);
        await _bench.Sites.PauseAsync(paused, SiteBench.Operator, _bench.Stop);
        await SetAsync(1);
        Assert.Equal(1, _bench.Sites.ServiceVersion);
        Assert.Equal(["127.0.0.1:2525"], _bench.Binder.Bound);
        Assert.Equal((SiteState.Stopped, "smtpServiceVersion is 1: only the default site runs."),
            (_bench.State(running), _bench.Registry.Sites[running].StateReason));
        Assert.Equal(DesiredState.Running, _bench.Store.Stored(running).Desired);
        Assert.All(_bench.Registry.Sites.Values, view => Assert.Equal(1, view.Site.ServiceVersion));

        await SetAsync(2);
        Assert.Equal([SiteState.Running, SiteState.Running, SiteState.Paused, SiteState.Stopped],
            [_bench.State(1), _bench.State(running), _bench.State(paused), _bench.State(stopped)]);
        Assert.All(_bench.Registry.Sites.Values, view => Assert.Equal((2, null), (view.Site.ServiceVersion, view.StateReason)));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task At_1_no_other_site_can_be_started_paused_or_continued()
    {
        await _bench.BootAsync();
        var id = await _bench.RunningAsync("Branch", 2526);
        await SetAsync(1);
        const string why = "smtpServiceVersion is 1: only the default site runs";
        SiteBench.AssertConflict((await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Problem, why);
        SiteBench.AssertConflict((await _bench.Sites.PauseAsync(id, SiteBench.Operator, _bench.Stop)).Problem, why);
        SiteBench.AssertConflict((await _bench.Sites.ContinueAsync(id, SiteBench.Operator, _bench.Stop)).Problem, why);
        Assert.Null((await _bench.Sites.PauseAsync(1, SiteBench.Operator, _bench.Stop)).Problem);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_that_is_stopped_at_1_stays_stopped_at_2()
    {
        await _bench.BootAsync();
        var id = await _bench.RunningAsync("Branch", 2526);
        await SetAsync(1);
        var view = (await _bench.Sites.StopAsync(id, SiteBench.Operator, _bench.Stop)).Value!;
        Assert.Null(view.StateReason);
        await SetAsync(2);
        Assert.Equal(SiteState.Stopped, _bench.State(id));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_switch_survives_a_restart()
    {
        await _bench.BootAsync();
        var id = await _bench.RunningAsync("Branch", 2526);
        await SetAsync(1);
        await _bench.RebootAsync();
        Assert.Equal((1, SiteState.Stopped, SiteState.Running), (_bench.Sites.ServiceVersion, _bench.State(id), _bench.State(1)));
        await SetAsync(2);
        Assert.Equal(SiteState.Running, _bench.State(id));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_that_cannot_start_at_2_is_failed()
    {
        await _bench.BootAsync();
        var id = await _bench.RunningAsync("Branch", 2526);
        await SetAsync(1);
        _bench.Binder.Foreign.Add("127.0.0.1:2526");
        await SetAsync(2);
        Assert.Equal(SiteState.Failed, _bench.State(id));
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData(0)]
    [InlineData(3)]
    public async Task There_is_only_1_and_2(int version)
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid(await _bench.Sites.SetServiceVersionAsync(version, SiteBench.Administrator, _bench.Stop), "smtpServiceVersion");
    }
}
