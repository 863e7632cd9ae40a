using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Queue;

// A search, cut into pieces that each cost little: a list stops when it has its page or has searched long enough.
sealed partial class QueueStore
{
    /// <summary>Messages that one piece of a search for text goes through.</summary>
    const int WindowSize = 10_000;

    /// <summary>Numbers that one piece looks up.</summary>
    const int LookUpSize = 500;

    static readonly RecipientState[] AllStates = Enum.GetValues<RecipientState>();
    static readonly RecipientState[] EndStates =
        [RecipientState.Delivered, RecipientState.Failed, RecipientState.Expired, RecipientState.Deleted];

    /// <summary>What matches up to a number, which is the last one looked at; null: that was all.</summary>
    readonly record struct Piece(IQueryable<Message> Messages, long? End);

    static IQueryable<Message> Half(WebSmtpDb db, int siteId, bool live)
    {
        var site = db.Messages.Where(m => m.SiteId == siteId);
        return live ? site.Where(m => m.LiveRecipients > 0) : site.Where(m => m.LiveRecipients <= 0);
    }

    /// <summary>What is asked of the message itself.</summary>
    static IQueryable<Message> Matching(IQueryable<Message> messages, MessageFilter filter)
    {
        if (filter.Sender?.ToLowerInvariant() is { } sender) messages = messages.Where(m => m.MailFrom.ToLower().Contains(sender));
        if (filter.Subject?.ToLowerInvariant() is { } subject) messages = messages.Where(m => m.Subject!.ToLower().Contains(subject));
        if (filter.Client is { } client) messages = messages.Where(m => m.ClientAddress == client);
        if (filter.HeaderMessageId is { } header) messages = messages.Where(m => m.HeaderMessageId == header);
        if (filter.LargerThan is { } least) messages = messages.Where(m => m.Size > least);
        if (filter.SmallerThan is { } most) messages = messages.Where(m => m.Size < most);
        return messages;
    }

    /// <summary>What is asked of the recipients; the domain and the state alone are in an index.</summary>
    /// <param name="indexed">Of a site; else what is asked of the entries of one message. Where these name the site, SQLite goes through all that are in the state.</param>
    static IQueryable<Recipient> Entries(WebSmtpDb db, MessageFilter filter, bool indexed)
    {
        var states = filter.State is { } state ? [state] : AllStates;
        var entries = db.Recipients.Where(r => EF.Constant(states).Contains(r.State));
        if (filter.Domain is { } domain) entries = entries.Where(r => r.Domain == domain);
        if (indexed) return entries.Where(r => r.SiteId == filter.SiteId);
        if (filter.Tried is { } tried) entries = entries.Where(r => r.Attempts > 0 == tried);
        if (filter.Recipient?.ToLowerInvariant() is { } recipient) entries = entries.Where(r => r.Address.ToLower().Contains(recipient));
        if (filter.Reply?.ToLowerInvariant() is { } reply) entries = entries.Where(r => r.LastReply!.ToLower().Contains(reply));
        return entries;
    }

    static bool AsksMessage(MessageFilter filter) =>
        filter is not { Sender: null, Subject: null, Client: null, HeaderMessageId: null, LargerThan: null, SmallerThan: null };

    /// <summary>The numbers between which messages can match, both not included.</summary>
    static (long Low, long High) Bounds(MessageFilter filter, bool ascending, long? from)
    {
        var low = filter.ReceivedAfter is { } after ? MessageId.AtOrAfter(after).Value - 1 : long.MinValue;
        var high = filter.ReceivedBefore is { } before ? MessageId.AtOrAfter(before).Value : long.MaxValue;
        if (from is not { } at) return (low, high);
        return ascending ? (Math.Max(low, at), high) : (low, Math.Min(high, at));
    }

    /// <param name="from">Where the piece before ended.</param>
    /// <param name="wanted">How many whoever asks would take.</param>
    static async IAsyncEnumerable<Piece> PiecesAsync(
        WebSmtpDb db, MessageFilter filter, bool live, bool ascending, long? from, int wanted, [EnumeratorCancellation] CancellationToken stop)
    {
        var (low, high) = Bounds(filter, ascending, from);
        var half = Half(db, filter.SiteId, live);
        var matching = Matching(half, filter);
        if (filter.AsksRecipients)
        {
            var entries = Entries(db, filter, indexed: false);
            matching = matching.Where(m => entries.Any(r => r.MessageId == m.Id));
        }
        if (await KnownAsync(db, filter, live, stop) is { } known)
        {
            var left = known.Where(id => id > low && id < high).Distinct().Order().ToList();
            if (!ascending) left.Reverse();
            foreach (var some in left.Chunk(LookUpSize))
                yield return new(matching.Where(m => EF.Parameter(some).Contains(m.Id)), some[^1]);
        }
        else if (filter.Domain is not null)
        {
            var states = filter.State is { } state ? [state] : live ? LivingStates : EndStates;
            var size = AsksMessage(filter) || filter is not { Recipient: null, Reply: null, Tried: null } ? LookUpSize : Math.Min(wanted, LookUpSize);
            while (await OfDomainAsync(db, filter, states, low, high, ascending, size, stop) is { Count: > 0 } some)
            {
                yield return new(matching.Where(m => EF.Parameter(some).Contains(m.Id)), some[^1]);
                if (ascending) low = some[^1]; else high = some[^1];
            }
        }
        else if (!AsksMessage(filter) && !filter.AsksRecipients)
        {
            yield return new(matching.Where(m => m.Id > low && m.Id < high), null);
        }
        else
        {
            long? end;
            do
            {
                var (from2, to) = (low, high);
                var some = half.Where(m => m.Id > from2 && m.Id < to);
                end = await (ascending ? some.OrderBy(m => m.Id) : some.OrderByDescending(m => m.Id))
                    .Select(m => (long?)m.Id).Skip(WindowSize - 1).FirstOrDefaultAsync(stop);
                var (first, last) = ascending ? (low, end ?? high - 1) : (end - 1 ?? low, high - 1);
                yield return new(matching.Where(m => m.Id > first && m.Id <= last), end);
                if (ascending) low = last; else high = first + 1;
            }
            while (end is not null);
        }
    }

    /// <summary>The numbers of all that can match, where these are few; null: they are not.</summary>
    static async Task<IReadOnlyList<long>?> KnownAsync(WebSmtpDb db, MessageFilter filter, bool live, CancellationToken stop)
    {
        if (filter.Ids is { } ids) return ids;
        if (filter.AsksRecipients)
        {
            var entries = await Entries(db, filter, indexed: true).Select(r => r.MessageId).Take(CountLimit + 1).ToListAsync(stop);
            return entries.Count <= CountLimit ? entries : null;
        }
        if (!live || filter.LargerThan is not >= MessageList.LargeFrom) return null;
        var large = await Large(db, filter).Select(m => m.Id).Take(CountLimit + 1).ToListAsync(stop);
        return large.Count <= CountLimit ? large : null;
    }

    /// <summary>In the index's words: a planner finds it only so.</summary>
    static IQueryable<Message> Large(WebSmtpDb db, MessageFilter filter)
    {
        var large = Half(db, filter.SiteId, live: true).Where(m => m.Size >= EF.Constant(MessageList.LargeFrom));
        return filter.LargerThan is { } least ? large.Where(m => m.Size > least) : large;
    }

    /// <summary>State by state, as the index has them.</summary>
    static async Task<List<long>> OfDomainAsync(
        WebSmtpDb db, MessageFilter filter, RecipientState[] states, long low, long high, bool ascending, int size, CancellationToken stop)
    {
        var (all, end) = (new SortedSet<long>(), ascending ? long.MaxValue : long.MinValue);
        foreach (var state in states)
        {
            var some = db.Recipients.Where(r =>
                r.SiteId == filter.SiteId && r.State == state && r.Domain == filter.Domain && r.MessageId > low && r.MessageId < high);
            var ids = await (ascending ? some.OrderBy(r => r.MessageId) : some.OrderByDescending(r => r.MessageId))
                .Select(r => r.MessageId).Take(size).ToListAsync(stop);
            all.UnionWith(ids);
            if (ids.Count == size) end = ascending ? Math.Min(end, ids[^1]) : Math.Max(end, ids[^1]);
        }
        // Beyond the end of one state's part the others' are not in order.
        return [.. (ascending ? all.Where(id => id <= end) : all.Reverse().Where(id => id >= end))];
    }

    static Task<List<Message>> LoadAsync(IQueryable<Message> messages, int count, CancellationToken stop) =>
        messages.AsSplitQuery().Take(count).Include(m => m.Recipients.OrderBy(r => r.Id)).ToListAsync(stop);

    /// <summary>Counts up to a number, and not for longer than that.</summary>
    static async Task<(long Count, bool IsExact)> CountAsync(
        WebSmtpDb db, MessageFilter filter, bool live, long most, TimeSpan longest, CancellationToken stop)
    {
        if (live && filter is { Domain: { } domain, State: null, Recipient: null, Reply: null, Tried: null, Ids: null, ReceivedAfter: null, ReceivedBefore: null } && !AsksMessage(filter))
        {
            return (await db.Destinations.Where(d => d.SiteId == filter.SiteId && d.Domain == domain).Select(d => d.Messages).SingleOrDefaultAsync(stop), true);
        }
        var (began, count, end) = (Stopwatch.GetTimestamp(), 0L, (long?)null);
        await foreach (var piece in PiecesAsync(db, filter, live, ascending: true, null, LookUpSize, stop))
        {
            if (end is not null && Stopwatch.GetElapsedTime(began) > longest) return (count, false);
            count += most == long.MaxValue
                ? await piece.Messages.LongCountAsync(stop)
                : await piece.Messages.Take((int)(most + 1 - count)).LongCountAsync(stop);
            if (count > most) return (most, false);
            end = piece.End;
        }
        return (count, true);
    }
}
