using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Sites;

// Deleting a site. Whatever stops it half-way leaves the site running as it was.
public sealed partial class SiteOperations
{
    /// <summary>Stops and removes a site; never the default one. Its folders stay where they are.</summary>
    /// <param name="moveTo">The other site for <see cref="DeleteMessages.Move"/>.</param>
    public async Task<Result<SiteDeletion>> DeleteAsync(
        int siteId, DeleteMessages messages, int? moveTo, long? version, Actor actor, CancellationToken stop)
    {
        if (actor.Demand(Role.Administrator) is { } refusal) return refusal;
        using var pass = await gate.EnterAsync(stop);
        if (!_runners.TryGetValue(siteId, out var runner)) return NoSite(siteId);
        if (runner.Site.IsDefault) return Problem.Conflict("The default site cannot be deleted.");
        if (version is not null && version != runner.Site.Version) return Stale($"Site '{runner.Site.Name}' ({siteId})");
        if (messages is DeleteMessages.Move && (moveTo is null || moveTo == siteId || !_runners.ContainsKey(moveTo.Value)))
            return Problem.Invalid("to", moveTo is null ? "Say which site gets the messages." : $"{moveTo} is not another site.");
        // Before anything is touched: a site with mail that nobody may move goes on as if it had not been asked.
        if (messages is DeleteMessages.Refuse && await queue.CountLiveAsync(siteId, stop) is > 0 and var waiting)
            return Remaining(runner, waiting);

        var state = runner.State;
        await runner.UnbindAsync();
        runner.Enter(SiteState.Stopped, "It is being deleted.");
        Publish();
        var deleted = false;
        try
        {
            await EndSessionsAsync([siteId], StopGrace);
            var (count, folder) = await ClearAsync(runner.Site, messages, moveTo, stop);
            // A session that was just ending may have brought one more, and a delivery may still hold its own.
            if (await queue.CountLiveAsync(siteId, stop) is > 0 and var left) return Remaining(runner, left);
            await store.DeleteAsync(siteId, CancellationToken.None);
            deleted = true;
            _runners.Remove(siteId);
            Publish();
            Tell(siteId, "deleted");
            Log.SiteDeleted(log, runner.Site.Name, siteId, count, folder, actor.Name, actor.From);
            return new SiteDeletion(count, folder);
        }
        finally
        {
            if (!deleted) await RestoreAsync(runner, state);
        }
    }

    async Task<(long Messages, string? Folder)> ClearAsync(SiteSnapshot site, DeleteMessages messages, int? moveTo, CancellationToken stop)
    {
        if (messages is DeleteMessages.Refuse || await queue.CountLiveAsync(site.Id, stop) == 0) return (0, null);
        if (messages is DeleteMessages.Export) return await export.ExportSiteAsync(site, stop);

        var target = _runners[moveTo!.Value].Site;
        var destinations = await DestinationsAsync(site.Id, stop);
        var moved = await queue.MoveSiteAsync(site.Id, target.Id);
        foreach (var destination in destinations) await FollowRuleAsync(site, target, destination);
        return (moved, target.Folders.Root);
    }

    async Task<List<string>> DestinationsAsync(int siteId, CancellationToken stop)
    {
        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await queue.ListDestinationsAsync(siteId, cursor, 500, stop);
            names.AddRange(page.Items.Select(destination => destination.Domain));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return names;
    }

    async Task RestoreAsync(SiteRunner runner, SiteState state)
    {
        if (state is SiteState.Running or SiteState.Paused)
        {
            await RunAsync(runner, state);
            return;
        }
        runner.Enter(state);
        Publish();
    }

    static Problem Remaining(SiteRunner runner, long count) => Problem.Conflict(
        $"Site '{runner.Site.Name}' ({runner.Id}) still has {count} {(count == 1 ? "message" : "messages")} in its queue; export or move them, or wait.");
}
