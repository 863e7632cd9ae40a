using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Queue;

/// <summary>The entries of one message that an order is about.</summary>
sealed record OrderedEntries(Message Message, IReadOnlyList<Recipient> Entries);

/// <summary>Carries out an order on messages: many at a time, since they share commits. Thread-safe.</summary>
public sealed class QueueWork(
    IQueueStore queue, Spool spool, Settling settling, SiteRegistry sites, Scheduler scheduler, MessageIds ids, EventStream events,
    TimeProvider time, ILogger<QueueWork> log)
{
    /// <summary>Ends that wait for the same commit.</summary>
    const int Together = 50;

    /// <summary>Does what can be done, to its end; says of each message of which something could not, why.</summary>
    internal async Task<IReadOnlyDictionary<long, string>> DoAsync(
        IReadOnlyList<OrderedEntries> page, QueueOrder order, string name, string from, CancellationToken stop)
    {
        var by = $"{name} from {from}";
        var reasons = new Dictionary<long, string>();
        switch (order)
        {
            case { Act: QueueAct.Bounce }:
                await using (var lease = new LeaseKeeper(queue, $"{ids.NodePrefix}operator/{ids.Next()}", time, log))
                    await EachAsync(page, reasons, one => BounceAsync(one, lease, name, by, stop));
                break;
            case { Act: QueueAct.Delete }:
                await EachAsync(page, reasons, one => DeleteAsync(one, by));
                break;
            case { Act: QueueAct.Export, Folder: { } folder }:
                foreach (var one in page)
                    if (await ExportAsync(one, folder, stop) is { } reason) reasons[one.Message.Id] = reason;
                foreach (var root in page.Select(one => sites.Find(one.Message.SiteId)?.Site.Folders.Root).OfType<string>().Distinct(StringComparer.Ordinal))
                    if (Directory.Exists(Path.Combine(root, folder))) DiskTrouble.SyncDirectory(Path.Combine(root, folder));
                break;
            case { To.SiteId: { } siteId }:
                await EachAsync(page, reasons, one => MoveAsync(one, siteId, by));
                break;
            default:
                await ChangeAsync(page, reasons, order, by, stop);
                break;
        }
        Publish(page, order.Act);
        if (order.Act is QueueAct.Retry)
            foreach (var siteId in page.Select(one => one.Message.SiteId).Distinct()) scheduler.Forgive(siteId);
        else if (order.Act is QueueAct.Release or QueueAct.Redirect) scheduler.Wake();
        return reasons;
    }

    static async Task EachAsync(
        IReadOnlyList<OrderedEntries> page, Dictionary<long, string> reasons, Func<OrderedEntries, Task<string?>> act)
    {
        foreach (var some in page.Where(one => one.Entries.Count > 0).Chunk(Together))
        {
            var results = await Task.WhenAll(some.Select(act));
            foreach (var (one, reason) in some.Zip(results))
                if (reason is not null) reasons[one.Message.Id] = reason;
        }
    }

    /// <summary>Ends as failed, as if a host had refused it: its sender hears of it, where it wants to.</summary>
    async Task<string?> BounceAsync(OrderedEntries one, LeaseKeeper lease, string name, string by, CancellationToken stop)
    {
        var id = new MessageId(one.Message.Id);
        if (await queue.LeaseAsync(lease.Lease, id, Ids(one), stop) is not { } leased) return EntryRules.Busy;
        var reply = $"550 5.7.1 returned by {Trace.Plain.Of(name)}";
        await settling.WriteAsync(leased, [.. leased.Recipients.Select(entry => new Settlement(
            entry.Id, id, lease.Owner, RecipientState.Failed, null, reply, null, false,
            new() { Event = "failed", Recipient = entry.Address, Reply = reply, By = by }))], stop);
        return leased.Recipients.Count < one.Entries.Count ? EntryRules.Busy : null;
    }

    async Task<string?> DeleteAsync(OrderedEntries one, string by)
    {
        var deleted = await queue.DeleteAsync(new(one.Message.Id), by, Ids(one));
        spool.Delete(deleted.ContentPaths);
        return deleted.Busy ? EntryRules.Busy : null;
    }

    /// <summary>A copy: the message goes on waiting.</summary>
    async Task<string?> ExportAsync(OrderedEntries one, string folder, CancellationToken stop)
    {
        if (one.Entries.Count == 0) return null;
        if (sites.Find(one.Message.SiteId)?.Site is not { } site) return $"There is no site {one.Message.SiteId} any more.";
        if (await spool.FindAsync(one.Message, stop) is not { } content) return "Its content is gone or cannot be read.";
        await EnvelopeFile.WriteAsync(Path.Combine(site.Folders.Root, folder), one.Message, one.Entries, content, stop);
        return null;
    }

    async Task<string?> MoveAsync(OrderedEntries one, int siteId, string by)
    {
        if (sites.Find(siteId)?.Site is not { } to) return $"There is no site {siteId} any more.";
        var changes = one.Entries.Select(entry => EntryRules.Arrive(entry, to, by, time.GetUtcNow())).ToList();
        return await queue.MoveAsync(new(one.Message.Id), one.Message.SiteId, siteId, by, changes) ? null : EntryRules.Busy;
    }

    async Task ChangeAsync(
        IReadOnlyList<OrderedEntries> page, Dictionary<long, string> reasons, QueueOrder order, string by, CancellationToken stop)
    {
        var missed = await TryChangeAsync(page, reasons, order, by, stop);
        if (missed.Count == 0) return;
        // They were on the move when they were looked at; now they may be where they should be, or nobody can have them.
        var again = new List<OrderedEntries>();
        foreach (var one in missed)
        {
            if (await queue.FindAsync(new(one.Message.Id), stop) is not { } message) continue;
            var wanted = one.Entries.Select(entry => entry.Id).ToHashSet();
            again.Add(new(message, [.. message.Recipients.Where(entry => wanted.Contains(entry.Id))]));
        }
        foreach (var one in await TryChangeAsync(again, reasons, order, by, stop)) reasons.TryAdd(one.Message.Id, EntryRules.Busy);
    }

    /// <summary>Returns those of which an entry was no longer as it had been.</summary>
    async Task<IReadOnlyList<OrderedEntries>> TryChangeAsync(
        IReadOnlyList<OrderedEntries> page, Dictionary<long, string> reasons, QueueOrder order, string by, CancellationToken stop)
    {
        var stopped = new Dictionary<(int, string), bool>();
        var changes = new List<(OrderedEntries Of, EntryChange Change)>();
        foreach (var one in page)
        {
            if (sites.Find(one.Message.SiteId)?.Site is not { } site)
            {
                reasons[one.Message.Id] = $"There is no site {one.Message.SiteId} any more.";
                continue;
            }
            // Of a message with frozen recipients and others, the frozen ones are released.
            if (order.Act is QueueAct.Release && one.Entries.Count > 0 && one.Entries.All(entry => entry.State is RecipientState.Queued))
                reasons.TryAdd(one.Message.Id, "It is not frozen.");
            var rules = new EntryRules(order, site, by, time.GetUtcNow());
            foreach (var entry in one.Entries)
            {
                var verdict = rules.Judge(entry, order.Act is QueueAct.Release && await IsStoppedAsync(stopped, entry, stop));
                if (verdict.Change is { } change) changes.Add((one, change));
                else if (verdict.Refusal is { } reason) reasons.TryAdd(one.Message.Id, reason);
            }
        }
        if (changes.Count == 0) return [];
        var changed = await queue.ChangeAsync([.. changes.Select(pair => pair.Change)]);
        return [.. changes.Where(pair => !changed.Contains(pair.Change.RecipientId)).Select(pair => pair.Of).Distinct()];
    }

    async ValueTask<bool> IsStoppedAsync(Dictionary<(int, string), bool> known, Recipient entry, CancellationToken stop)
    {
        var key = (entry.SiteId, entry.Domain);
        if (!known.TryGetValue(key, out var stopped))
            known[key] = stopped = await queue.FindStoppedAsync(entry.SiteId, entry.Domain, stop) is not null;
        return stopped;
    }

    void Publish(IReadOnlyList<OrderedEntries> page, QueueAct act)
    {
        if (!events.HasReaders || act is QueueAct.Export) return;
        var what = act switch
        {
            QueueAct.Freeze => "frozen",
            QueueAct.Release => "released",
            QueueAct.Retry => "queued",
            QueueAct.Bounce => "failed",
            QueueAct.Redirect => "redirected",
            QueueAct.Delete or _ => "deleted",
        };
        foreach (var (message, entries) in page)
        {
            foreach (var domain in entries.Select(entry => entry.Domain).Distinct(StringComparer.Ordinal))
                events.Publish(new MessageEvent(time.GetUtcNow(), message.SiteId, new MessageId(message.Id).ToString(), what, domain));
        }
    }

    static List<long> Ids(OrderedEntries one) => [.. one.Entries.Select(entry => entry.Id)];
}
