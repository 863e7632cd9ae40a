using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// Takes one destination's messages, one after another, and settles each: delivered, tried again later, given up. When
/// the destination fails as a whole, all that waits for it is put off with the one that was tried. Used by one task.
/// </summary>
sealed class DeliveryWorker(Scheduler scheduler, DestinationWork work)
{
    readonly TimeProvider _time = scheduler.Time;
    readonly DestinationKey _key = work.Key;

    /// <summary>Works until nothing waits for the destination, or after the message that is on its way when <paramref name="ending"/>.</summary>
    public async Task RunAsync(CancellationToken ending, CancellationToken stop)
    {
        var idle = _key.Plan.Settings.Get(SettingsTable.OutboundIdleTimeout);
        await using var hosts = _key.Folder is null ? new HostDelivery(scheduler.Outbound, _key.Site, _key.Plan, stop) : null;
        while (!ending.IsCancellationRequested)
        {
            var linger = hosts?.IsOpen is true && !scheduler.Places.AreScarce(_key.Site.Id) ? idle : TimeSpan.Zero;
            var next = work.TakeAsync(linger, _time, ending, out var room);
            if (room) scheduler.Wake();
            if (await next is not { } message) return;
            try
            {
                await DeliverAsync(hosts, message, stop);
            }
            finally
            {
                scheduler.Done(message);
            }
        }
    }

    async Task DeliverAsync(HostDelivery? hosts, LeasedMessage message, CancellationToken stop)
    {
        var attempt = await AttemptAsync(hosts, message, stop);
        if (attempt.Trouble is { Condition: not RouteCondition.Ok } trouble)
        {
            await PutOffAsync(message, attempt, trouble, stop);
            return;
        }
        // One moment for all, so that they are tried again together; databases keep no more than this.
        var now = _time.GetUtcNow();
        now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
        var settled = attempt.Outcomes.Select(outcome => Settle(outcome, attempt, message.Message, now)).ToList();
        await scheduler.Settling.WriteAsync(message, settled, stop);
        scheduler.Publish("settled", _key, message);
        await JudgeAsync(attempt);
    }

    async Task<Attempt> AttemptAsync(HostDelivery? hosts, LeasedMessage message, CancellationToken stop)
    {
        try
        {
            return hosts is null ? await scheduler.Drop.DeliverAsync(message, _key.Folder!, stop) : await hosts.SendAsync(message, stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.DeliveryTrouble(scheduler.Logger, e, _key.Name, _key.Site.Id);
            return Attempt.Ours(message, new(451, 4, 3, 0, "Trouble of this server"));
        }
    }

    /// <summary>A host that answers at all works: what waits for it comes back.</summary>
    async Task JudgeAsync(Attempt attempt)
    {
        if (_key.Folder is null && attempt.Host is not null && attempt.Trouble is null && scheduler.Failing.Remove(_key) is { } was)
            await scheduler.BringBackAsync(was);
        if (attempt.Broken is not null) work.Stumbled();
        else if (work.Succeeded()) scheduler.Begin(work);
    }

    Settlement Settle(RecipientOutcome outcome, Attempt attempt, Message message, DateTimeOffset now)
    {
        var (owner, log) = (scheduler.Owner, scheduler.Logger);
        if (outcome.Reply is { IsPositive: true }) return Settlements.Delivered(outcome, attempt, owner, "delivered", null, log);
        if (outcome.Reply is { IsPermanent: true }) return Settlements.Failed(outcome, attempt, owner, null, log);

        var settings = _key.Plan.Settings;
        var end = Expiry.Of(message, outcome.Recipient, settings);
        if (now >= end) return Settlements.Expired(outcome, attempt, owner, log);
        var intervals = settings.Get(SettingsTable.RetryIntervals);
        var due = now + intervals[Math.Min(outcome.Recipient.Attempts, intervals.Count - 1)];
        due = ReportTimes.Cap(due, now, message, outcome.Recipient, settings);
        // The last attempt is made when the time is over, not at some time after.
        return Settlements.Deferred(outcome, attempt, owner, due < end ? due : end, null, log);
    }

    /// <summary>The one that was tried, then all the others that wait for the same.</summary>
    async Task PutOffAsync(LeasedMessage message, Attempt attempt, RouteTrouble trouble, CancellationToken stop)
    {
        var failing = scheduler.Failing.Failed(_key, trouble, message.Recipients[0], out var before);
        // Before it is settled: what comes after that may be its next try.
        var waited = work.Failed();
        var now = _time.GetUtcNow();
        await scheduler.Settling.WriteAsync(message, [.. attempt.Outcomes.Select(outcome =>
            failing.DueFor(message.Message, outcome.Recipient, now) is { } due
                ? Settlements.Deferred(outcome, attempt, scheduler.Owner, due, null, scheduler.Logger) with { CountsAsAttempt = !failing.KeepsAll, HeldBackUntil = failing.KeepsAll ? due : null }
                : Settlements.Expired(outcome, attempt, scheduler.Owner, scheduler.Logger))], stop);
        await Task.WhenAll(waited.Select(other => scheduler.PutOffAsync(other, failing, stop)));
        foreach (var other in waited) scheduler.Done(other);
        scheduler.Publish("deferred", _key, message);
        if (before is not null && before.RetryAt < failing.RetryAt) await scheduler.PutOffRestAsync(before, failing);
    }
}
