using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Sites;

// Starting and stopping. What is wanted is written first: a site that fails to start tries again with the program, and
// one that is stopped stays so even when the program ends while its sessions do.
public sealed partial class SiteOperations
{
    /// <summary>Starts it; a site whose address and port are taken is Failed and the problem says who has it.</summary>
    public Task<Result<SiteView>> StartAsync(int siteId, Actor actor, CancellationToken stop) =>
        StateActAsync(siteId, "start", actor, async runner => runner.State switch
        {
            SiteState.Running => null,
            SiteState.Paused => await ResumeAsync(runner, actor),
            _ when MustRest(runner) => Problem.Conflict($"{OnlyDefaultRuns}."),
            _ => await BeginAsync(runner, actor),
        }, stop);

    /// <summary>Unbinds it and ends its sessions with 421; waits for them, for a short time.</summary>
    public async Task<Result<SiteView>> StopAsync(int siteId, Actor actor, CancellationToken stop)
    {
        var result = await StateActAsync(siteId, "stop", actor, async runner =>
        {
            if (runner is { State: SiteState.Stopped, Site.Desired: DesiredState.Stopped }) return null;
            await store.SetDesiredAsync(siteId, DesiredState.Stopped, CancellationToken.None);
            await runner.UnbindAsync();
            await EnterAsync(runner, SiteState.Stopped, "stopped", actor);
            return null;
        }, stop);
        // Outside of the act: other acts need not wait for this site's last sessions.
        if (result.Problem is null) await DrainAsync([siteId], StopGrace);
        return result;
    }

    /// <summary>No new connections; those that are there and the queue go on.</summary>
    public Task<Result<SiteView>> PauseAsync(int siteId, Actor actor, CancellationToken stop) =>
        StateActAsync(siteId, "pause", actor, async runner =>
        {
            if (runner.State is SiteState.Paused) return null;
            if (runner.State is not SiteState.Running) return NotRunning(runner, "paused");
            await store.SetDesiredAsync(siteId, DesiredState.Paused, CancellationToken.None);
            await EnterAsync(runner, SiteState.Paused, "paused", actor);
            return null;
        }, stop);

    /// <summary>Lets a paused site take connections again.</summary>
    public Task<Result<SiteView>> ContinueAsync(int siteId, Actor actor, CancellationToken stop) =>
        StateActAsync(siteId, "continue", actor, async runner => runner.State switch
        {
            SiteState.Paused => await ResumeAsync(runner, actor),
            SiteState.Running => Problem.Conflict($"Site '{runner.Site.Name}' ({siteId}) is running; only a paused site can be continued."),
            _ => NotRunning(runner, "continued"),
        }, stop);

    async Task<Problem?> BeginAsync(SiteRunner runner, Actor actor)
    {
        await store.SetDesiredAsync(runner.Id, DesiredState.Running, CancellationToken.None);
        await ReloadAsync(runner.Id);
        if (await RunAsync(runner, SiteState.Running) is { } reason) return Problem.Conflict(reason);
        Log.SiteState(log, runner.Site.Name, runner.Id, runner.State, actor.Name, actor.From);
        return null;
    }

    async Task<Problem?> ResumeAsync(SiteRunner runner, Actor actor)
    {
        await store.SetDesiredAsync(runner.Id, DesiredState.Running, CancellationToken.None);
        await EnterAsync(runner, SiteState.Running, "continued", actor);
        return null;
    }

    async Task EnterAsync(SiteRunner runner, SiteState state, string what, Actor actor)
    {
        runner.Enter(state);
        await ReloadAsync(runner.Id);
        Tell(runner.Id, what);
        Log.SiteState(log, runner.Site.Name, runner.Id, state, actor.Name, actor.From);
    }

    Problem NotRunning(SiteRunner runner, string act) => Problem.Conflict(MustRest(runner)
        ? $"{OnlyDefaultRuns}."
        : $"Site '{runner.Site.Name}' ({runner.Id}) is {runner.State.ToString().ToLowerInvariant()}, so it cannot be {act}; start it first.");
}
