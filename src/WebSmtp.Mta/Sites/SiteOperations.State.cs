using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

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
            await store.SetDesiredAsync(siteId, Wish(DesiredState.Stopped, actor), CancellationToken.None);
            await runner.UnbindAsync();
            await EnterAsync(runner, SiteState.Stopped, "stopped", actor);
            return null;
        }, stop);
        // Outside of the act: other acts need not wait for this site's last sessions.
        if (result.Problem is null) await EndSessionsAsync([siteId], StopGrace);
        return result;
    }

    /// <summary>No new connections; those that are there and the queue go on.</summary>
    public Task<Result<SiteView>> PauseAsync(int siteId, Actor actor, CancellationToken stop) =>
        StateActAsync(siteId, "pause", actor, async runner =>
        {
            if (runner is { State: SiteState.Paused, Site.IsDraining: false }) return null;
            if (runner.State is not (SiteState.Running or SiteState.Paused)) return NotRunning(runner, "paused");
            await store.SetDesiredAsync(siteId, Wish(DesiredState.Paused, actor), CancellationToken.None);
            await EnterAsync(runner, SiteState.Paused, "paused", actor);
            return null;
        }, stop);

    /// <summary>
    /// Pauses it until it is empty: no new mail by any door, while the sessions that are there end by themselves and what
    /// can be delivered goes out. Held and frozen mail stays. Continuing it cancels that. Survives a restart.
    /// </summary>
    public Task<Result<SiteView>> DrainAsync(int siteId, Actor actor, CancellationToken stop) =>
        StateActAsync(siteId, "drain", actor, async runner =>
        {
            if (runner is { State: SiteState.Paused, Site.IsDraining: true }) return null;
            if (runner.State is not (SiteState.Running or SiteState.Paused)) return NotRunning(runner, "drained");
            await store.SetDesiredAsync(siteId, Wish(DesiredState.Paused, actor) with { Draining = true }, CancellationToken.None);
            await EnterAsync(runner, SiteState.Paused, "draining", actor);
            return null;
        }, stop);

    /// <summary>What is still left of a site, whether it is being drained or not; null when there is no such site.</summary>
    public async Task<SiteRest?> FindRestAsync(int siteId, CancellationToken stop)
    {
        if (registry.Find(siteId) is null) return null;
        var queued = await queue.ListAsync(new(siteId, State: RecipientState.Queued), null, 1, stop);
        var leaving = await queue.ListAsync(new(siteId, State: RecipientState.Delivering), null, 1, stop);
        return new(queued.Total + leaving.Total, queued.TotalIsEstimate || leaving.TotalIsEstimate, sessions.Count(siteId));
    }

    /// <summary>Lets a paused site take connections again.</summary>
    public Task<Result<SiteView>> ContinueAsync(int siteId, Actor actor, CancellationToken stop) =>
        StateActAsync(siteId, "continue", actor, async runner => runner.State switch
        {
            SiteState.Paused => await ResumeAsync(runner, actor),
            SiteState.Running => Problem.Conflict($"Site '{runner.Site.Name}' ({siteId}) is running; only a paused site can be continued."),
            _ => NotRunning(runner, "continued"),
        }, stop);

    StateWish Wish(DesiredState desired, Actor actor) => new(desired, actor.Name, time.GetUtcNow());

    async Task<Problem?> BeginAsync(SiteRunner runner, Actor actor)
    {
        await store.SetDesiredAsync(runner.Id, Wish(DesiredState.Running, actor), CancellationToken.None);
        await ReloadAsync(runner.Id);
        if (await RunAsync(runner, SiteState.Running) is { } reason) return Problem.Conflict(reason);
        Log.SiteState(log, runner.Site.Name, runner.Id, runner.State, actor.Name, actor.From);
        return null;
    }

    async Task<Problem?> ResumeAsync(SiteRunner runner, Actor actor)
    {
        await store.SetDesiredAsync(runner.Id, Wish(DesiredState.Running, actor), CancellationToken.None);
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
