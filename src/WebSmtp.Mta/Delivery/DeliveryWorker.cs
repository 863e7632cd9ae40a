using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Delivery;

/// <summary>Takes one destination's messages, one after another, and settles each: delivered, tried again later, given up.</summary>
sealed class DeliveryWorker(Outbound outbound, DropDelivery drop, Settling settling, EventStream events, TimeProvider time, string owner, ILogger log)
{
    /// <summary>Works until nothing waits for the destination, or after the message that is on its way when <paramref name="ending"/>.</summary>
    public async Task RunAsync(DestinationWork work, Action done, CancellationToken ending, CancellationToken stop)
    {
        var settings = work.Site.RuleFor(work.Key.Domain)?.Settings ?? work.Site.Settings;
        await using var hosts = work.Key.Hosts is { } route ? new HostDelivery(outbound, work.Site, settings, route, work.Key.Tls!) : null;
        while (!ending.IsCancellationRequested && work.TryTake(out var message))
        {
            try
            {
                var attempt = await AttemptAsync(hosts, work, message, stop);
                var settled = attempt.Outcomes.Select(outcome => Settle(outcome, attempt, message.Message, work.Site)).ToList();
                await settling.WriteAsync(message, settled, stop);
                events.Publish(new QueueEvent(time.GetUtcNow(), work.Key.SiteId, "settled", work.Key.Domain));
            }
            finally
            {
                done();
            }
        }
    }

    async Task<Attempt> AttemptAsync(HostDelivery? hosts, DestinationWork work, LeasedMessage message, CancellationToken stop)
    {
        try
        {
            if (hosts is null) return await drop.DeliverAsync(message, work.Key.Folder!, stop);
            var attempt = await hosts.SendAsync(message, stop);
            return hosts.Unreachable is { } why ? Attempt.Ours(message, why) : attempt;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.DeliveryTrouble(log, e, work.Key.Domain, work.Key.SiteId);
            return Attempt.Ours(message, new(451, 4, 3, 0, "Trouble of this server"));
        }
    }

    Settlement Settle(RecipientOutcome outcome, Attempt attempt, Message message, SiteSnapshot site)
    {
        if (outcome.Reply is { IsPositive: true }) return Settlements.Delivered(outcome, attempt, owner, "delivered", null, log);
        if (outcome.Reply is { IsPermanent: true }) return Settlements.Failed(outcome, attempt, owner, null, log);

        var settings = site.RuleFor(outcome.Recipient.Domain)?.Settings ?? site.Settings;
        var (now, end) = (time.GetUtcNow(), message.ReceivedAt + settings.Get(SettingsTable.ExpireAfter));
        if (now >= end) return Settlements.Expired(outcome, attempt, owner, log);
        var intervals = settings.Get(SettingsTable.RetryIntervals);
        var due = now + intervals[Math.Min(outcome.Recipient.Attempts, intervals.Count - 1)];
        due = ReportTimes.Cap(due, now, message, outcome.Recipient, settings);
        // The last attempt is made when the time is over, not at some time after.
        return Settlements.Deferred(outcome, attempt, owner, due < end ? due : end, null, log);
    }
}
