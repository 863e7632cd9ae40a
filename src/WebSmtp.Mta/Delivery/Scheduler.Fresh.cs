using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Delivery;

// Mail that comes in goes straight to its delivery: leased by the very insert, its content still in memory.
public sealed partial class Scheduler
{
    /// <summary>Contents that wait in memory for their delivery; more are read again when their turn comes.</summary>
    const long MostFreshBytes = 32 * 1024 * 1024;

    long _freshBytes;

    /// <summary>
    /// Before a message is committed: says of each entry that is to be delivered when it is due, or leases it. Null: none
    /// is leased, and the message is looked for like any other.
    /// </summary>
    internal FreshMail? Lease(SiteSnapshot site, Message message)
    {
        var now = Time.GetUtcNow();
        var takes = _lease is not null && !_ending.IsCancellationRequested && Volatile.Read(ref _inFlight) < MostInFlight
            && _sites.Find(site.Id) is { } view && IsDelivering(view);
        FreshMail? fresh = null;
        foreach (var recipient in message.Recipients)
        {
            if (recipient.State is not RecipientState.Queued) continue;
            recipient.DueAt = now;
            if (!takes) continue;
            var key = KeyFor(site, recipient);
            if (key.Plan.Type is RouteType.Hold or RouteType.Refuse) continue;
            if (Failing.Find(key) is { } failing && failing.PutsOff(now))
            {
                (recipient.DueAt, recipient.LastReply) = (failing.DueFor(message, recipient, now) ?? now, failing.Trouble.Reply.ToString());
                if (failing.KeepsAll) recipient.HeldBackUntil = recipient.DueAt;
                continue;
            }
            if (_work.TryGetValue(key, out var work) && work.IsFull) continue;
            var lease = _lease!.Lease;
            (recipient.State, recipient.LeasedFrom, recipient.DueAt) = (RecipientState.Delivering, RecipientState.Queued, null);
            (recipient.Lease, recipient.LeaseUntil) = (lease.Owner, lease.Until);
            (fresh ??= new(message)).Add(key, recipient);
        }
        return fresh;
    }

    /// <summary>The message is on disk.</summary>
    /// <param name="content">Where it is in memory: not changed any more.</param>
    internal void HandOver(FreshMail fresh, ReadOnlyMemory<byte>? content)
    {
        foreach (var (key, recipients) in fresh.Parts)
        {
            var part = new LeasedMessage(fresh.Message, recipients);
            if (content is { } bytes && Interlocked.Add(ref _freshBytes, bytes.Length) is var held)
            {
                if (held <= MostFreshBytes) part = part with { Content = bytes };
                else Interlocked.Add(ref _freshBytes, -bytes.Length);
            }
            if (TryHandOn(key, part)) continue;
            if (part.Content is { } mine) Interlocked.Add(ref _freshBytes, -mine.Length);
            _ = Settling.WriteAsync(part, Untried(part, Time.GetUtcNow(), "queued"), _stopping.Token);
        }
    }
}

/// <summary>A message of which something is leased before it is committed.</summary>
sealed class FreshMail(Message message)
{
    readonly List<(DestinationKey Key, List<Recipient> Recipients)> _parts = [];

    public Message Message => message;
    public IReadOnlyList<(DestinationKey Key, List<Recipient> Recipients)> Parts => _parts;

    public void Add(DestinationKey key, Recipient recipient)
    {
        foreach (var (known, recipients) in _parts)
        {
            if (!known.Equals(key)) continue;
            recipients.Add(recipient);
            return;
        }
        _parts.Add((key, [recipient]));
    }
}
