using System.Diagnostics;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Queue;

// Lists of messages in one of four orders, forwards and backwards.
sealed partial class QueueStore
{
    /// <summary>A search that no index serves, and a count, are cut off after so long.</summary>
    static readonly TimeSpan SearchTime = TimeSpan.FromMilliseconds(400), CountTime = TimeSpan.FromMilliseconds(100);

    /// <summary>A place in a list: by number, by size and number, or by due time, domain and entry.</summary>
    readonly record struct Place(long Key, long Id, string Text)
    {
        public static int Compare(Place a, Place b) =>
            a.Key != b.Key ? a.Key.CompareTo(b.Key)
            : string.CompareOrdinal(a.Text, b.Text) is not 0 and var texts ? texts
            : a.Id.CompareTo(b.Id);

        public string Write(bool back) => string.Create(CultureInfo.InvariantCulture, $"{(back ? "<" : ">")}{Key}.{Id}.{Text}");

        public static (Place? Place, bool Back) Read(string? cursor) =>
            cursor is [('<' or '>') and var way, .. var rest] && rest.Split('.', 3) is [var key, var id, var text]
            && long.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var first)
            && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
                ? (new Place(first, second, text), way is '<')
                : (null, false);
    }

    sealed record Found(List<(Message Message, Place Place)> Rows, Place? CutOffAt);

    public Task<MessageList> ListAsync(
        IReadOnlyList<MessageFilter> filters, MessageSort sort, string? cursor, int limit, CancellationToken stop) => ReadAsync(async db =>
    {
        var (from, back) = Place.Read(cursor);
        var ascending = sort is MessageSort.Oldest or MessageSort.NextTry != back;
        var (rows, floor, began) = (new List<(Message Message, Place Place)>(), (Place?)null, Stopwatch.GetTimestamp());
        var (total, isExact) = (0L, true);
        foreach (var filter in filters.Select(filter => Fitting(filter, sort)))
        {
            foreach (var live in Halves(filter, sort))
            {
                var found = sort switch
                {
                    MessageSort.NextTry => await ByNextTryAsync(db, filter, ascending, from, limit + 1, began, stop),
                    MessageSort.Largest => await BySizeAsync(db, filter, ascending, from, limit + 1, stop),
                    _ => await ByNumberAsync(db, filter, live, ascending, from, limit + 1, began, stop),
                };
                rows.AddRange(found.Rows);
                if (found.CutOffAt is { } end && (floor is null || Place.Compare(end, floor.Value) < 0 == ascending)) floor = end;
                if (total >= CountLimit && !isExact) continue;
                var (count, exact) = await CountAsync(db, filter, live, CountLimit - Math.Min(total, CountLimit), CountTime, stop);
                (total, isExact) = (total + count, isExact && exact);
            }
        }
        // One that ended between the look at what lives and the look at what ended is in both: as it is now.
        List<(Message Message, Place Place)> once = [.. rows.AsEnumerable().Reverse().DistinctBy(row => row.Message.Id)];
        (rows, total) = (once, total - (rows.Count - once.Count));
        // What lies beyond the place where one search was cut off comes when that has caught up.
        if (floor is { } cut) rows.RemoveAll(row => Place.Compare(row.Place, cut) is not 0 and var side && side > 0 == ascending);
        rows.Sort((a, b) => ascending ? Place.Compare(a.Place, b.Place) : Place.Compare(b.Place, a.Place));
        var more = rows.Count > limit;
        if (more) rows.RemoveRange(limit, rows.Count - limit);
        var onward = more ? rows[^1].Place : floor;
        Place? backward = from is null ? null : rows.Count > 0 ? rows[0].Place : from;
        if (back) rows.Reverse();
        return new MessageList(
            [.. rows.Select(row => row.Message)],
            Next: back ? backward?.Write(false) : onward?.Write(false),
            Previous: back ? onward?.Write(true) : backward?.Write(true),
            Math.Max(total, rows.Count), !isExact, IsPartial: !more && floor is not null);
    }, stop);

    /// <summary>An order that is only of some messages is a filter too.</summary>
    static MessageFilter Fitting(MessageFilter filter, MessageSort sort) => sort switch
    {
        MessageSort.NextTry => filter with { State = filter.State ?? RecipientState.Queued },
        MessageSort.Largest => filter with { LargerThan = Math.Max(filter.LargerThan ?? 0, MessageList.LargeFrom - 1) },
        _ => filter,
    };

    static bool[] Halves(MessageFilter filter, MessageSort sort) =>
        sort is MessageSort.NextTry or MessageSort.Largest || !filter.History ? [true] : [true, false];

    static async Task<Found> ByNumberAsync(
        WebSmtpDb db, MessageFilter filter, bool live, bool ascending, Place? from, int count, long began, CancellationToken stop)
    {
        var (rows, end) = (new List<(Message, Place)>(), (long?)null);
        await foreach (var piece in PiecesAsync(db, filter, live, ascending, from?.Key, count, stop))
        {
            if (end is { } last && Stopwatch.GetElapsedTime(began) > SearchTime) return new(rows, new(last, 0, ""));
            var ordered = ascending ? piece.Messages.OrderBy(m => m.Id) : piece.Messages.OrderByDescending(m => m.Id);
            rows.AddRange((await LoadAsync(ordered, count - rows.Count, stop)).Select(m => (m, new Place(m.Id, 0, ""))));
            if (rows.Count == count) break;
            end = piece.End;
        }
        return new(rows, null);
    }

    static async Task<Found> BySizeAsync(WebSmtpDb db, MessageFilter filter, bool ascending, Place? from, int count, CancellationToken stop)
    {
        var (low, high) = Bounds(filter, ascending, null);
        var some = Matching(Large(db, filter), filter).Where(m => m.Id > low && m.Id < high);
        if (filter.Ids is { } ids) some = some.Where(m => EF.Parameter(ids).Contains(m.Id));
        if (filter.AsksRecipients)
        {
            var entries = Entries(db, filter, indexed: false);
            some = some.Where(m => entries.Any(r => r.MessageId == m.Id));
        }
        if (from is { } place)
        {
            var (size, id) = (place.Key, place.Id);
            some = ascending
                ? some.Where(m => m.Size >= size && (m.Size > size || m.Id > id))
                : some.Where(m => m.Size <= size && (m.Size < size || m.Id < id));
        }
        var ordered = ascending ? some.OrderBy(m => m.Size).ThenBy(m => m.Id) : some.OrderByDescending(m => m.Size).ThenByDescending(m => m.Id);
        return new([.. (await LoadAsync(ordered, count, stop)).Select(m => (m, new Place(m.Size, m.Id, "")))], null);
    }

    /// <summary>In the order of the index of what is due; a message stands where the first of its entries does.</summary>
    static async Task<Found> ByNextTryAsync(
        WebSmtpDb db, MessageFilter filter, bool ascending, Place? from, int count, long began, CancellationToken stop)
    {
        var rows = new List<(Message, Place)>();
        if (filter.State is not RecipientState.Queued) return new(rows, null);
        var matching = Matching(Half(db, filter.SiteId, live: true), filter);
        if (filter.Ids is { } wanted) matching = matching.Where(m => EF.Parameter(wanted).Contains(m.Id));
        var (low, high) = Bounds(filter, ascending, null);
        while (true)
        {
            var some = await DueAsync(db, filter, ascending, from, Math.Max(count, LookUpSize / 2), stop);
            var ids = some.Where(one => one.MessageId > low && one.MessageId < high && filter.Matches(one)).Select(one => one.MessageId).Distinct().ToList();
            var messages = ids.Count == 0 ? [] : (await LoadAsync(matching.Where(m => EF.Parameter(ids).Contains(m.Id)), ids.Count, stop)).ToDictionary(m => m.Id);
            foreach (var entry in some)
            {
                if (!messages.TryGetValue(entry.MessageId, out var message)) continue;
                var first = message.Recipients.Where(one => one.State is RecipientState.Queued && filter.Matches(one)).MinBy(PlaceOf, Comparer<Place>.Create(Place.Compare));
                if (first?.Id != entry.Id) continue;
                rows.Add((message, PlaceOf(entry)));
                if (rows.Count == count) return new(rows, null);
            }
            if (some.Count < Math.Max(count, LookUpSize / 2)) return new(rows, null);
            from = PlaceOf(some[^1]);
            if (Stopwatch.GetElapsedTime(began) > SearchTime) return new(rows, from);
        }
    }

    static Place PlaceOf(Recipient entry) => new(entry.DueAt?.UtcTicks ?? 0, entry.Id, entry.Domain);

    static Task<List<Recipient>> DueAsync(WebSmtpDb db, MessageFilter filter, bool ascending, Place? from, int count, CancellationToken stop)
    {
        var some = db.Recipients.Where(r => r.SiteId == filter.SiteId && r.State == EF.Constant(RecipientState.Queued));
        if (filter.Domain is { } wanted) some = some.Where(r => r.Domain == wanted);
        if (from is { } place)
        {
            var (at, domain, id) = (new DateTimeOffset(place.Key, TimeSpan.Zero), place.Text, place.Id);
            some = ascending
                ? some.Where(r => r.DueAt >= at && (r.DueAt > at || string.Compare(r.Domain, domain) > 0 || (r.Domain == domain && r.Id > id)))
                : some.Where(r => r.DueAt <= at && (r.DueAt < at || string.Compare(r.Domain, domain) < 0 || (r.Domain == domain && r.Id < id)));
        }
        var ordered = ascending
            ? some.OrderBy(r => r.DueAt).ThenBy(r => r.Domain).ThenBy(r => r.Id)
            : some.OrderByDescending(r => r.DueAt).ThenByDescending(r => r.Domain).ThenByDescending(r => r.Id);
        return ordered.Take(count).ToListAsync(stop);
    }
}
