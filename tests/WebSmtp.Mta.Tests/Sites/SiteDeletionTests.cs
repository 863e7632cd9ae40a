using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

public sealed class SiteDeletionTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    Task<Result<SiteDeletion>> DeleteAsync(int id, DeleteMessages messages = DeleteMessages.Refuse, int? to = null, long? version = null) =>
        _bench.Sites.DeleteAsync(id, messages, to, version, SiteBench.Administrator, _bench.Stop);

    async Task<int> BranchAsync(long messages)
    {
        await _bench.BootAsync();
        var id = await _bench.RunningAsync("Branch", 2526);
        if (messages > 0) _bench.Queue.Messages[(id, "far.example")] = messages;
        return id;
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_without_mail_is_stopped_and_removed_and_its_folders_stay()
    {
        var id = await BranchAsync(0);
        var folder = _bench.Registry.Sites[id].Site.Folders.Root;
        Assert.Equal(new SiteDeletion(0, null), (await DeleteAsync(id)).Value);
        Assert.Null(_bench.Registry.Find(id));
        Assert.Equal(["127.0.0.1:2525"], _bench.Binder.Bound);
        Assert.True(Directory.Exists(folder));
        Assert.Equal(ProblemKind.NotFound, (await DeleteAsync(id)).Problem?.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_default_site_cannot_be_deleted()
    {
        await BranchAsync(0);
        SiteBench.AssertConflict((await DeleteAsync(1)).Problem, "default site");
        Assert.Equal(SiteState.Running, _bench.State(1));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_refused_deletion_says_how_much_is_queued_and_the_site_never_stops()
    {
        var id = await BranchAsync(7);
        _bench.Binder.History.Clear();
        SiteBench.AssertConflict((await DeleteAsync(id)).Problem, "7 messages");
        Assert.Empty(_bench.Binder.History);
        Assert.Equal(SiteState.Running, _bench.State(id));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Mail_that_comes_while_the_site_is_being_stopped_brings_it_back()
    {
        var id = await BranchAsync(0);
        _bench.Queue.BeforeCount = (2, () => _bench.Queue.Messages[(id, "far.example")] = 1);
        SiteBench.AssertConflict((await DeleteAsync(id)).Problem, "1 message ");
        Assert.Equal((SiteState.Running, null), (_bench.State(id), _bench.Registry.Sites[id].StateReason));
        Assert.Equal(["127.0.0.1:2525", "127.0.0.1:2526"], _bench.Binder.Bound);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_paused_site_comes_back_paused()
    {
        var id = await BranchAsync(0);
        await _bench.Sites.PauseAsync(id, SiteBench.Operator, _bench.Stop);
        _bench.Queue.BeforeCount = (2, () => _bench.Queue.Messages[(id, "far.example")] = 1);
        Assert.NotNull((await DeleteAsync(id)).Problem);
        Assert.Equal(SiteState.Paused, _bench.State(id));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Export_writes_the_mail_out_and_says_where()
    {
        var id = await BranchAsync(3);
        var folder = _bench.Registry.Sites[id].Site.Folders.Root;
        Assert.Equal(new SiteDeletion(3, Path.Combine(folder, "Export")), (await DeleteAsync(id, DeleteMessages.Export)).Value);
        Assert.Null(_bench.Registry.Find(id));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_export_that_fails_leaves_the_site_running()
    {
        var id = await BranchAsync(3);
        _bench.Export = _ => throw new IOException("No space left on device");
        await Assert.ThrowsAsync<IOException>(() => DeleteAsync(id, DeleteMessages.Export));
        Assert.Equal(SiteState.Running, _bench.State(id));
        Assert.Equal(["127.0.0.1:2525", "127.0.0.1:2526"], _bench.Binder.Bound);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_export_that_leaves_something_behind_deletes_nothing()
    {
        var id = await BranchAsync(3);
        _bench.Export = site =>
        {
            _bench.Queue.Messages[(id, "far.example")] = 1;
            return (2, site.Folders.Root);
        };
        SiteBench.AssertConflict((await DeleteAsync(id, DeleteMessages.Export)).Problem, "1 message ");
        Assert.Equal(SiteState.Running, _bench.State(id));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Move_hands_the_mail_to_another_site_where_it_follows_that_sites_rules()
    {
        var id = await BranchAsync(3);
        _bench.Queue.Messages[(id, "held.example")] = 2;
        _bench.Queue.Messages[(id, "held-there.example")] = 1;
        await _bench.Sites.CreateDomainAsync(id, Held("held.example"), SiteBench.Administrator, _bench.Stop);
        await _bench.Sites.CreateDomainAsync(1, Held("held-there.example"), SiteBench.Administrator, _bench.Stop);
        _bench.Queue.Rerouted.Clear();
        Assert.Equal(new SiteDeletion(6, _bench.Registry.Sites[1].Site.Folders.Root), (await DeleteAsync(id, DeleteMessages.Move, 1)).Value);
        Assert.Equal(3, _bench.Queue.Messages[(1, "far.example")]);
        Assert.Equal([(1, "held-there.example", true), (1, "held.example", false)], _bench.Queue.Rerouted.Order());

        static DomainConfiguration Held(string name) => new(name, DomainKind.Remote, new() { Type = RouteType.Hold }, [], null, []);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Move_needs_another_site_that_exists()
    {
        var id = await BranchAsync(3);
        SiteBench.AssertInvalid((await DeleteAsync(id, DeleteMessages.Move)).Problem, "to");
        SiteBench.AssertInvalid((await DeleteAsync(id, DeleteMessages.Move, id)).Problem, "to");
        SiteBench.AssertInvalid((await DeleteAsync(id, DeleteMessages.Move, 9)).Problem, "to");
        Assert.Equal(SiteState.Running, _bench.State(id));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_deletion_from_an_old_version_is_stale()
    {
        var id = await BranchAsync(0);
        Assert.Equal(ProblemKind.Stale, (await DeleteAsync(id, version: 9)).Problem?.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_number_of_a_deleted_site_is_not_used_again()
    {
        var id = await BranchAsync(0);
        await DeleteAsync(id);
        Assert.Equal(id + 1, await _bench.StoppedAsync("Next", 2527));
    }
}
