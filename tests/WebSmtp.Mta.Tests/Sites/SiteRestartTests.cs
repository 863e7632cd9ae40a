using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

public sealed class SiteRestartTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_first_run_makes_the_default_site_and_starts_it()
    {
        await _bench.BootAsync();
        var view = Assert.Single(_bench.Registry.Sites).Value;
        Assert.Equal((1, true, SiteState.Running), (view.Site.Id, view.Site.IsDefault, view.State));
        Assert.Equal(["127.0.0.1:2525"], _bench.Binder.Bound);
        await _bench.RebootAsync();
        Assert.Single(_bench.Registry.Sites);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_first_site_that_is_not_allowed_stops_the_start_and_says_why()
    {
        var problem = await _bench.Sites.StartAllAsync(SiteBench.Wanted("Default SMTP Site", 70000), _bench.Stop);
        Assert.Contains("70000", problem!.Detail, StringComparison.Ordinal);
        Assert.Empty(_bench.Binder.Bound);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task What_ran_comes_back_and_what_was_paused_or_stopped_stays_so()
    {
        await _bench.BootAsync();
        var running = await _bench.RunningAsync("Running", 2526);
        var paused = await _bench.RunningAsync("Paused", 2527);
        var stopped = await _bench.RunningAsync("Stopped", 2528);
        await _bench.Sites.PauseAsync(paused, SiteBench.Operator, _bench.Stop);
        await _bench.Sites.StopAsync(stopped, SiteBench.Operator, _bench.Stop);
        await _bench.RebootAsync();
        Assert.Equal([SiteState.Running, SiteState.Running, SiteState.Paused, SiteState.Stopped],
            [_bench.State(1), _bench.State(running), _bench.State(paused), _bench.State(stopped)]);
        Assert.Equal(["127.0.0.1:2525", "127.0.0.1:2526", "127.0.0.1:2527"], _bench.Binder.Bound);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_without_autoStart_comes_back_stopped_and_stays_so()
    {
        await _bench.BootAsync();
        var id = await _bench.RunningAsync("Branch", 2526);
        await _bench.Sites.UpdateAsync(id, _bench.Current(id) with { AutoStart = false }, null, SiteBench.Administrator, _bench.Stop);
        Assert.Equal(SiteState.Running, _bench.State(id));
        await _bench.RebootAsync();
        Assert.Equal(SiteState.Stopped, _bench.State(id));
        Assert.Equal(DesiredState.Stopped, _bench.Store.Stored(id).Desired);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_that_cannot_start_at_boot_is_failed_and_the_others_run()
    {
        await _bench.BootAsync();
        var broken = await _bench.RunningAsync("Broken", 2526);
        var fine = await _bench.RunningAsync("Fine", 2527);
        _bench.Restart();
        _bench.Binder.Foreign.Add("127.0.0.1:2526");
        await _bench.BootAsync();
        Assert.Equal((SiteState.Failed, "127.0.0.1:2526 is used by another program."),
            (_bench.State(broken), _bench.Registry.Sites[broken].StateReason));
        Assert.Equal((SiteState.Running, SiteState.Running), (_bench.State(1), _bench.State(fine)));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_failed_site_tries_again_with_the_next_start()
    {
        await _bench.BootAsync();
        var id = await _bench.StoppedAsync("Branch", 2526);
        _bench.Binder.Foreign.Add("127.0.0.1:2526");
        Assert.NotNull((await _bench.Sites.StartAsync(id, SiteBench.Operator, _bench.Stop)).Problem);
        await _bench.RebootAsync();
        Assert.Equal(SiteState.Running, _bench.State(id));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Shutting_down_unbinds_everything_and_forgets_nothing()
    {
        await _bench.BootAsync();
        await _bench.RunningAsync("Branch", 2526);
        await _bench.Sites.ShutDownAsync(TimeSpan.FromSeconds(1));
        Assert.Empty(_bench.Binder.Bound);
        Assert.All(_bench.Registry.Sites.Values, view => Assert.Equal(SiteState.Stopped, view.State));
        Assert.Equal(DesiredState.Running, _bench.Store.Stored(2).Desired);
    }
}
