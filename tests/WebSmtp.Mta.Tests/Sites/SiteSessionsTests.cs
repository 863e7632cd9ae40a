using System.IO.Pipelines;
using System.Net;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Tests.Sites;

/// <summary>What becomes of sessions when their site is stopped.</summary>
public sealed class SiteSessionsTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    sealed class Client(SiteBench bench, int siteId)
    {
        readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool WasCut { get; private set; }
        public Task Asked => _asked.Task;

        public Client Connect()
        {
            var pipe = new Duplex(new NoticingReader(_asked), new Pipe().Writer);
            var session = new ServerSession($"s{siteId}", pipe, new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Loopback, 2525),
                new() { HostName = "hub.example" }, null!, bench.Time);
            bench.Sessions.Add(new LiveSession(siteId, session, _ended.Task, () =>
            {
                WasCut = true;
                End();
            }));
            return this;
        }

        public void End() => _ended.TrySetResult();
    }

    sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Notices that the session was woken up to say its last words.</summary>
    sealed class NoticingReader(TaskCompletionSource asked) : PipeReader
    {
        public override void CancelPendingRead() => asked.TrySetResult();
        public override void AdvanceTo(SequencePosition consumed) { }
        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) { }
        public override void Complete(Exception? exception = null) { }
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Sessions_are_asked_to_end_and_waited_for()
    {
        await _bench.BootAsync();
        var client = new Client(_bench, 1).Connect();
        var stopping = _bench.Sites.StopAsync(1, SiteBench.Operator, _bench.Stop);
        await client.Asked;
        Assert.False(stopping.IsCompleted);
        client.End();
        Assert.Equal(SiteState.Stopped, (await stopping).Value!.State);
        Assert.False(client.WasCut);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_session_that_does_not_end_within_ten_seconds_is_cut()
    {
        await _bench.BootAsync();
        var client = new Client(_bench, 1).Connect();
        var stopping = _bench.Sites.StopAsync(1, SiteBench.Operator, _bench.Stop);
        await client.Asked;
        _bench.Time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(client.WasCut);
        _bench.Time.Advance(TimeSpan.FromSeconds(0.1));
        await stopping;
        Assert.True(client.WasCut);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task While_sessions_end_the_site_is_stopped_already_and_other_acts_go_on()
    {
        await _bench.BootAsync();
        var branch = await _bench.RunningAsync("Branch", 2526);
        var client = new Client(_bench, branch).Connect();
        var stopping = _bench.Sites.StopAsync(branch, SiteBench.Operator, _bench.Stop);
        await client.Asked;
        Assert.Equal(SiteState.Stopped, _bench.State(branch));
        Assert.Equal(["127.0.0.1:2525"], _bench.Binder.Bound);
        Assert.Equal(SiteState.Paused, (await _bench.Sites.PauseAsync(1, SiteBench.Operator, _bench.Stop)).Value!.State);
        client.End();
        await stopping;
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Neither_pausing_nor_changing_nor_stopping_another_site_touches_a_session()
    {
        await _bench.BootAsync();
        var branch = await _bench.RunningAsync("Branch", 2526);
        var client = new Client(_bench, 1).Connect();
        await _bench.Sites.StopAsync(branch, SiteBench.Operator, _bench.Stop);
        await _bench.Sites.UpdateAsync(1, _bench.Current(1) with { Endpoints = [new("127.0.0.1", 2530)] }, null, SiteBench.Administrator, _bench.Stop);
        await _bench.Sites.PauseAsync(1, SiteBench.Operator, _bench.Stop);
        Assert.False(client.Asked.IsCompleted);
        Assert.Equal(1, _bench.Sessions.Count(1));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_version_switch_ends_the_sessions_of_all_sites_but_the_default_one()
    {
        await _bench.BootAsync();
        var branch = await _bench.RunningAsync("Branch", 2526);
        var mine = new Client(_bench, 1).Connect();
        var theirs = new Client(_bench, branch).Connect();
        var switching = _bench.Sites.SetServiceVersionAsync(1, SiteBench.Administrator, _bench.Stop);
        await theirs.Asked;
        theirs.End();
        Assert.Null(await switching);
        Assert.False(mine.Asked.IsCompleted);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Shutting_down_ends_the_sessions_of_all_sites_at_the_same_time()
    {
        await _bench.BootAsync();
        var branch = await _bench.RunningAsync("Branch", 2526);
        Client[] clients = [new Client(_bench, 1).Connect(), new Client(_bench, branch).Connect()];
        var ending = _bench.Sites.ShutDownAsync(TimeSpan.FromSeconds(3));
        await Task.WhenAll(clients.Select(client => client.Asked));
        _bench.Time.Advance(TimeSpan.FromSeconds(3));
        await ending;
        Assert.All(clients, client => Assert.True(client.WasCut));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Deleting_waits_for_the_sessions_before_the_mail_is_counted_for_good()
    {
        await _bench.BootAsync();
        var branch = await _bench.RunningAsync("Branch", 2526);
        var client = new Client(_bench, branch).Connect();
        var deleting = _bench.Sites.DeleteAsync(branch, DeleteMessages.Refuse, null, null, SiteBench.Administrator, _bench.Stop);
        await client.Asked;
        // The message that was arriving is taken before the session ends.
        _bench.Queue.Messages[(branch, "far.example")] = 1;
        client.End();
        SiteBench.AssertConflict((await deleting).Problem, "1 message ");
        Assert.Equal(SiteState.Running, _bench.State(branch));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_session_that_ended_badly_does_not_make_stopping_fail()
    {
        await _bench.BootAsync();
        var session = new ServerSession("bad", new Duplex(new NoticingReader(new()), new Pipe().Writer), new IPEndPoint(IPAddress.Loopback, 1),
            new IPEndPoint(IPAddress.Loopback, 2525), new() { HostName = "hub.example" }, null!, _bench.Time);
        _bench.Sessions.Add(new LiveSession(1, session, Task.FromException(new IOException("gone")), () => { }));
        Assert.Null((await _bench.Sites.StopAsync(1, SiteBench.Operator, _bench.Stop)).Problem);
    }
}
