using System.Collections.Concurrent;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Delivery;

// From a leased message to its destinations, and what becomes of those that cannot be tried now.
public sealed partial class Scheduler
{
    /// <summary>Domains that are left out of a look; with more of them everything waits.</summary>
    const int MostLeftOut = 500;

    /// <summary>What waits for a limit so soon over is not written anew, entry by entry.</summary>
    static readonly TimeSpan ShortWait = TimeSpan.FromMinutes(1);

    /// <summary>Domains whose destination can take nothing at the moment, and what tells that it can again.</summary>
    readonly ConcurrentDictionary<(int SiteId, string Domain), Func<bool>> _leftOut = new();

    DestinationKey KeyFor(SiteSnapshot site, Recipient recipient)
    {
        var plan = _planner.Plan(site, recipient);
        return new(site, plan, plan.Type is RouteType.Drop ? FolderOf(site, recipient) : null);
    }

    string FolderOf(SiteSnapshot site, Recipient recipient) =>
        site.RuleFor(recipient.ViaDomain ?? recipient.Domain)?.Route.Directory is { } folder ? _spool.Full(folder) : site.Folders.Drop;

    /// <summary>Finds the way of each entry; what is not to be tried now is settled.</summary>
    async Task DispatchAsync(LeasedMessage message, CancellationToken stop)
    {
        if (_sites.Find(message.Message.SiteId)?.Site is not { } site)
        {
            // Its site was deleted at this moment; the one that gets the mail has it soon.
            await Settling.WriteAsync(message, Untried(message, Time.GetUtcNow() + Longest, "queued"), stop);
            return;
        }
        foreach (var group in message.Recipients.GroupBy(recipient => KeyFor(site, recipient)))
        {
            var part = message with { Recipients = [.. group] };
            switch (group.Key.Plan.Type)
            {
                case RouteType.Hold:
                    await Settling.WriteAsync(part, Untried(part, null, "held"), stop);
                    break;
                case RouteType.Refuse:
                    var refused = Attempt.Ours(part, new(550, 5, 7, 1, "Mail for this domain is not taken any more"));
                    await Settling.WriteAsync(part, [.. refused.Outcomes.Select(outcome => Settlements.Failed(outcome, refused, Owner, null, Logger))], stop);
                    break;
                case RouteType.Dns or RouteType.SmartHost or RouteType.Drop when Failing.Find(group.Key) is { } failing && failing.PutsOff(Time.GetUtcNow()):
                    await PutOffAsync(part, failing, stop);
                    if (failing.Trouble.Condition is RouteCondition.OverBudget && failing.RetryAt - Time.GetUtcNow() <= ShortWait)
                        LeaveOut(part, group.Key, () => Failing.Find(group.Key)?.PutsOff(Time.GetUtcNow()) is not true);
                    break;
                case RouteType.Dns or RouteType.SmartHost or RouteType.Drop when !TryHandOn(group.Key, part):
                    await Settling.WriteAsync(part, Untried(part, Time.GetUtcNow(), "queued"), stop);
                    break;
            }
        }
    }

    IReadOnlyList<Settlement> Untried(LeasedMessage message, DateTimeOffset? dueAt, string what) =>
        [.. message.Recipients.Select(recipient => Settlements.Untried(recipient, Owner, dueAt, what))];

    /// <summary>It waits for what its destination waits for, or has waited long enough.</summary>
    internal Task PutOffAsync(LeasedMessage message, FailingDestination failing, CancellationToken stop)
    {
        var (now, over) = (Time.GetUtcNow(), Attempt.Nowhere(message, failing.Trouble));
        return Settling.WriteAsync(message, [.. over.Outcomes.Select(outcome =>
            failing.DueFor(message.Message, outcome.Recipient, now) is { } due
                ? Settlements.PutOff(outcome.Recipient, failing.Trouble, Owner, due, !failing.KeepsAll, Logger) with { HeldBackUntil = failing.KeepsAll ? due : null }
                : Settlements.Expired(outcome, over, Owner, Logger))], stop);
    }

    /// <summary>What was put off before and was not even leased now is put off again, all at once.</summary>
    internal async Task PutOffRestAsync(FailingDestination before, FailingDestination now)
    {
        // Those whose time is over before the next try, or whose senders are to be told, are looked at one by one.
        var settings = now.Key.Plan.Settings;
        var notice = settings.Get(SettingsTable.DelayNotificationAfter);
        await MoveAsync(now.Key.Site.Id, before.RetryAt, new(now.RetryAt)
        {
            ReceivedAfter = now.KeepsAll ? DateTimeOffset.MinValue : now.RetryAt - settings.Get(SettingsTable.ExpireAfter),
            UnreportedAfter = notice > TimeSpan.Zero ? now.RetryAt - notice : DateTimeOffset.MinValue,
        });
    }

    /// <summary>Everything that was put off is due now.</summary>
    internal async Task BringBackAsync(FailingDestination was)
    {
        var now = Time.GetUtcNow();
        if (was.RetryAt > now) await MoveAsync(was.Key.Site.Id, was.RetryAt, new(now));
        Wake();
    }

    async Task MoveAsync(int siteId, DateTimeOffset from, DueMove to)
    {
        try
        {
            await _queue.MoveDueAsync(siteId, from, to);
        }
        catch (Exception e) when (e is QueueFullException or QueueUnavailableException)
        {
            // Each entry comes at its time all the same.
            Log.SchedulerTrouble(Logger, e);
        }
    }

    /// <summary>Mail whose destination is another one by now, because a setting was changed, does not wait for the old one.</summary>
    async Task ReleaseReroutedAsync()
    {
        if (Failing.IsEmpty) return;
        foreach (var failing in Failing.All)
        {
            var site = _sites.Find(failing.Key.Site.Id)?.Site;
            if (site is not null && KeyFor(site, failing.Sample).Equals(failing.Key)) continue;
            if (Failing.Remove(failing.Key) is { } was) await BringBackAsync(was);
        }
    }

    /// <summary>False: the destination has all it can take.</summary>
    bool TryHandOn(DestinationKey key, LeasedMessage message)
    {
        while (true)
        {
            var work = _work.GetOrAdd(key, static key => new(key));
            if (Failing.Find(key) is not null) work.BeCautious();
            Interlocked.Increment(ref _inFlight);
            if (work.TryAdd(message, out var worker, out var over))
            {
                if (worker) Begin(work);
                return true;
            }
            Interlocked.Decrement(ref _inFlight);
            if (over)
            {
                _work.TryRemove(new(key, work));
                continue;
            }
            LeaveOut(message, key, () => work.HasRoom);
            return false;
        }
    }

    void LeaveOut(LeasedMessage message, DestinationKey key, Func<bool> until)
    {
        foreach (var recipient in message.Recipients) _leftOut.TryAdd((key.Site.Id, recipient.Domain), until);
    }
}
