using System.Collections.Concurrent;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Acceptance;

/// <summary>
/// Keeps what waits for a held domain below its <c>maxMessages</c> and <c>maxBytes</c>, also when many sessions send at
/// the same time: what a transaction was promised counts until it is committed or dropped. Near the limit a message
/// may be refused too early (for now), never taken too much. Thread-safe.
/// </summary>
public sealed class HeldQuota(IQueueStore queue)
{
    readonly ConcurrentDictionary<(int SiteId, string Rule), Promised> _promised = new();

    /// <summary>Room for one more message, or more bytes of one that has its place; null when there is none.</summary>
    /// <param name="messages">1 for a message that is new to its destination, 0 for more bytes.</param>
    internal async ValueTask<QuotaPlace?> ReserveAsync(
        SiteSnapshot site, DomainSnapshot rule, int messages, long bytes, CancellationToken stop)
    {
        var (maxMessages, maxBytes) = (rule.Route.MaxMessages ?? 0, rule.Route.MaxBytes ?? 0);
        if (!rule.IsHeld || maxMessages == 0 && maxBytes == 0) return QuotaPlace.Free;

        var promised = _promised.GetOrAdd((site.Id, rule.Name), static _ => new());
        var before = promised.Look();
        var (storedMessages, storedBytes) = await StoredAsync(site, rule, stop);
        return promised.TryAdd(before, messages, bytes,
            maxMessages == 0 ? long.MaxValue : maxMessages - storedMessages,
            maxBytes == 0 ? long.MaxValue : maxBytes - storedBytes)
            ? new(promised, messages, bytes)
            : null;
    }

    async ValueTask<(long Messages, long Bytes)> StoredAsync(SiteSnapshot site, DomainSnapshot rule, CancellationToken stop)
    {
        if (!rule.IsWildcard)
        {
            var one = await queue.FindDestinationAsync(site.Id, rule.Name, stop);
            return (one?.Messages ?? 0, one?.Bytes ?? 0);
        }
        var (messages, bytes) = (0L, 0L);
        foreach (var destination in await queue.FindSubdomainsAsync(site.Id, rule.BaseName, stop))
        {
            if (site.RuleFor(destination.Domain) != rule) continue;
            messages += destination.Messages;
            bytes += destination.Bytes;
        }
        return (messages, bytes);
    }

    /// <summary>
    /// What transactions hold. While one reads the store, others may be committed and let go: so it counts what was
    /// promised when it began to read and all that was promised since, whether the store shows it already or not.
    /// </summary>
    internal sealed class Promised
    {
        readonly Lock _lock = new();
        long _messages, _bytes, _everMessages, _everBytes;

        public (long Messages, long Bytes) Look()
        {
            lock (_lock) return (_messages - _everMessages, _bytes - _everBytes);
        }

        public bool TryAdd((long Messages, long Bytes) before, int messages, long bytes, long roomMessages, long roomBytes)
        {
            lock (_lock)
            {
                if (before.Messages + _everMessages + messages > roomMessages && messages > 0) return false;
                // A full quota has no room for a message of unknown size either.
                if (before.Bytes + _everBytes + Math.Max(bytes, 1) > roomBytes) return false;
                _messages += messages;
                _bytes += bytes;
                _everMessages += messages;
                _everBytes += bytes;
                return true;
            }
        }

        public void Remove(int messages, long bytes)
        {
            lock (_lock)
            {
                _messages -= messages;
                _bytes -= bytes;
            }
        }
    }
}

/// <summary>A place in a quota, kept until the transaction is committed or dropped.</summary>
sealed class QuotaPlace(HeldQuota.Promised? promised, int messages, long bytes)
{
    /// <summary>No limit: nothing to keep.</summary>
    public static readonly QuotaPlace Free = new(null, 0, 0);

    public void LetGo() => promised?.Remove(messages, bytes);
}
