using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

/// <summary>Trying a site before it is made, and draining one.</summary>
public sealed class SiteCheckTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_check_says_who_has_an_endpoint_and_makes_nothing()
    {
        await _bench.BootAsync();
        await _bench.RunningAsync("Branch", 2526);
        await _bench.StoppedAsync("Planned", 2527);
        _bench.Binder.Foreign.Add("127.0.0.1:2528");
        var before = _bench.Binder.History.Count;
        var wanted = new SiteConfiguration(
            "branch", [new("127.0.0.1", 2526), new("127.0.0.1", 2527), new("127.0.0.1", 2528), new("127.0.0.1", 2529)], "/elsewhere", null, null, true, []);

        var check = (await _bench.Sites.CheckAsync(wanted, null, SiteBench.Administrator, _bench.Stop)).Value!;

        Assert.Equal([false, true, false, true], check.Endpoints.Select(endpoint => endpoint.IsFree));
        Assert.Contains("site 'Branch' (2)", check.Endpoints[0].Reason, StringComparison.Ordinal);
        Assert.Contains("site 'Planned' (3), which is stopped", check.Endpoints[1].Warning, StringComparison.Ordinal);
        Assert.Contains("another program", check.Endpoints[2].Reason, StringComparison.Ordinal);
        Assert.Null(check.Endpoints[3].Warning);
        Assert.Equal(["mailroot", "name"], check.Errors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((before, 3), (_bench.Binder.History.Count, _bench.Registry.Sites.Count));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_check_of_a_change_does_not_count_what_the_site_has_itself()
    {
        await _bench.BootAsync();
        await _bench.RunningAsync("Branch", 2526);
        var check = (await _bench.Sites.CheckAsync(_bench.Current(2), 2, SiteBench.Administrator, _bench.Stop)).Value!;
        Assert.True(Assert.Single(check.Endpoints).IsFree);
        Assert.Empty(check.Errors);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_drain_is_a_pause_with_a_purpose_and_says_who_wants_it()
    {
        await _bench.BootAsync();
        await _bench.RunningAsync("Branch", 2526);
        Assert.Null((await _bench.Sites.DrainAsync(2, SiteBench.Operator, _bench.Stop)).Problem);
        Assert.Equal((SiteState.Paused, true, SiteBench.Operator.Name), (_bench.State(2), _bench.Registry.Sites[2].Site.IsDraining, _bench.Registry.Sites[2].Site.StateBy));
        Assert.NotNull(_bench.Registry.Sites[2].Site.StateSince);

        await _bench.Sites.PauseAsync(2, SiteBench.Operator, _bench.Stop);
        Assert.Equal((SiteState.Paused, false), (_bench.State(2), _bench.Registry.Sites[2].Site.IsDraining));
        await _bench.Sites.DrainAsync(2, SiteBench.Operator, _bench.Stop);
        await _bench.Sites.ContinueAsync(2, SiteBench.Operator, _bench.Stop);
        Assert.Equal((SiteState.Running, false), (_bench.State(2), _bench.Registry.Sites[2].Site.IsDraining));

        await _bench.Sites.StopAsync(2, SiteBench.Operator, _bench.Stop);
        SiteBench.AssertConflict((await _bench.Sites.DrainAsync(2, SiteBench.Operator, _bench.Stop)).Problem, "so it cannot be drained; start it first");
    }
}
