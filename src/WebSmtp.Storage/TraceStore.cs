using System.Globalization;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Trace;
using WebSmtp.Storage.Queue;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace WebSmtp.Storage;

/// <summary>
/// Finds what happened. What is old is found by <see cref="TraceKey"/>, a look for each span of time; what is new, and not
/// indexed yet, by going through it. Writes go through the queue's pipeline, in pieces.
/// </summary>
sealed partial class TraceStore(Database database, CommitPipeline pipeline) : ITraceStore
{
    /// <summary>A message that took so long from its number to its commit may come behind the index, and is added by itself.</summary>
    public static readonly TimeSpan IndexedAtOnceAfter = TraceUpkeep.IndexedAfter / 2;

    /// <summary>Messages that are indexed at a time: some ten milliseconds of the writer.</summary>
    const int IndexPiece = 1000;

    /// <summary>What one page may cost: spans of time that are looked into, and what is loaded only to be found wrong.</summary>
    const int MostBuckets = 1000, MostCandidates = 2000, Candidates = 200;

    /// <summary>What a search without an index looks at a time, and how long.</summary>
    const int PieceSize = 10_000;
    static readonly TimeSpan SearchTime = TimeSpan.FromMilliseconds(400);

    public Task AddRejectionsAsync(IReadOnlyList<Rejection> rejections) => pipeline.RunAsync(async batch =>
    {
        foreach (var r in rejections)
        {
            await batch.Writer.RunAsync(HotStatements.InsertRejection, r.Id, r.SiteId, r.At, r.ClientAddress, r.HeloName, r.Account, r.Tls,
                r.MailFrom, r.Recipient, r.HeaderMessageId, r.Stage, r.Reply);
        }
        return true;
    });

    public Task<TraceRange<Message>> FindMessagesAsync(TraceFilter filter, long before, int limit, CancellationToken stop) => FindAsync(
        filter, before, limit, KeyOf(filter, TraceKey.Header, TraceKey.Recipient, TraceKey.Sender, null),
        (db, low, high, ids, count) => MessagesAsync(db, filter, low, high, ids, count, stop), message => message.Id,
        filter is { Client: null, Reply: null } ? null : db => db.Messages.Select(m => m.Id), stop);

    public Task<TraceRange<Rejection>> FindRejectionsAsync(TraceFilter filter, long before, int limit, CancellationToken stop) => FindAsync(
        filter, before, limit, KeyOf(filter, TraceKey.RefusedHeader, TraceKey.RefusedRecipient, TraceKey.RefusedSender, TraceKey.RefusedClient),
        (db, low, high, ids, count) => RejectionsAsync(db, filter, low, high, ids, count, stop), rejection => rejection.Id,
        filter.Reply is null ? null : db => db.Rejections.Select(r => r.Id), stop);

    public Task<TraceRange<FoundEvent>> FindEventsAsync(
        TraceFilter filter, IReadOnlyList<string> events, long before, int limit, CancellationToken stop) => ReadAsync(async db =>
    {
        var low = filter.From is { } from ? await FirstEventAsync(db, from, stop) - 1 : 0;
        var high = filter.To is { } to ? Math.Min(before, await FirstEventAsync(db, to, stop)) : before;
        return await GoThroughAsync(db, db.TraceEvents.Select(t => t.Id), low, high, limit,
            (db, low, high, _, count) => EventsAsync(db, filter, events, low, high, count, stop), one => one.Event.Id, stop);
    }, stop);

    /// <summary>The number of the first event at a time or later: numbers are given as time goes on, so that no index is needed.</summary>
    static async Task<long> FirstEventAsync(WebSmtpDb db, DateTimeOffset at, CancellationToken stop)
    {
        var (low, high) = (0L, (await db.TraceEvents.MaxAsync(t => (long?)t.Id, stop) ?? 0) + 1);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var next = await db.TraceEvents.Where(t => t.Id >= middle).OrderBy(t => t.Id).Select(t => new { t.Id, t.At }).FirstOrDefaultAsync(stop);
            if (next is null || next.At >= at) high = middle;
            else low = next.Id + 1;
        }
        return low;
    }

    /// <summary>What matches between two numbers, both not included, or of these numbers; newest first.</summary>
    delegate Task<List<T>> Load<T>(WebSmtpDb db, long low, long high, IReadOnlyList<long>? ids, int count);

    Task<TraceRange<T>> FindAsync<T>(
        TraceFilter filter, long before, int limit, string? key, Load<T> load, Func<T, long> idOf, Func<WebSmtpDb, IQueryable<long>>? all,
        CancellationToken stop) => ReadAsync(async db =>
    {
        var low = (filter.From is { } from ? MessageId.AtOrAfter(from).Value : 0) - 1;
        var high = Math.Min(before, filter.To is { } to ? MessageId.AtOrAfter(to).Value : long.MaxValue);
        if (filter.Id is { } id) (low, high) = (Math.Max(low, id.Value - 1), Math.Min(high, id.Value + 1));
        if (key is null && filter.Id is null && all is not null) return await GoThroughAsync(db, all(db), low, high, limit, load, idOf, stop);
        var indexed = key is null || filter.Id is not null ? low : await IndexedUpToAsync(db, stop);

        var found = await load(db, Math.Max(low, indexed), high, null, limit);
        if (found.Count == limit) return new(found, idOf(found[^1]));
        if (indexed <= low) return new TraceRange<T>(found, null);

        high = Math.Min(high, indexed + 1);
        for (var looked = 0; ;)
        {
            var (ids, downTo) = await WalkAsync(db, key!, low, high, stop);
            looked += ids.Count;
            if (ids.Count > 0) found.AddRange(await load(db, low, high, ids, ids.Count));
            if (found.Count >= limit)
            {
                found.RemoveRange(limit, found.Count - limit);
                return new(found, idOf(found[^1]));
            }
            if (downTo is null || looked >= MostCandidates || ids.Count == 0) return new(found, downTo);
            high = downTo.Value;
        }
    }, stop);

    /// <summary>Looks at one after the other, in pieces, and not for long.</summary>
    static async Task<TraceRange<T>> GoThroughAsync<T>(
        WebSmtpDb db, IQueryable<long> all, long low, long high, int limit, Load<T> load, Func<T, long> idOf, CancellationToken stop)
    {
        var (found, began) = (new List<T>(), Stopwatch.GetTimestamp());
        while (true)
        {
            var top = high;
            var end = await all.Where(id => id > low && id < top).OrderByDescending(id => id).Select(id => (long?)id).Skip(PieceSize - 1).FirstOrDefaultAsync(stop);
            found.AddRange(await load(db, end - 1 ?? low, high, null, limit - found.Count));
            if (found.Count == limit) return new(found, idOf(found[^1]));
            if (end is null) return new(found, null);
            high = end.Value;
            if (Stopwatch.GetElapsedTime(began) > SearchTime) return new(found, high);
        }
    }

    /// <summary>Numbers with the key, newest first, and down to where it was looked; null: to the end.</summary>
    static async Task<(List<long> Ids, long? DownTo)> WalkAsync(WebSmtpDb db, string key, long low, long high, CancellationToken stop)
    {
        var ids = new List<long>();
        var newest = await db.TraceKeys.OrderByDescending(k => k.Bucket).Select(k => (long?)k.Bucket).FirstOrDefaultAsync(stop);
        var oldest = await db.TraceKeys.OrderBy(k => k.Bucket).Select(k => (long?)k.Bucket).FirstOrDefaultAsync(stop);
        if (newest is null) return (ids, null);
        var first = Math.Min((high - 1) >> HotStatements.BucketBits, newest.Value);
        var last = Math.Max(Math.Max(low, 0) >> HotStatements.BucketBits, oldest!.Value);
        for (var bucket = first; bucket >= last; bucket--)
        {
            if (first - bucket == MostBuckets) return (ids, (bucket + 1) << HotStatements.BucketBits);
            ids.AddRange(await db.TraceKeys.Where(k => k.Bucket == bucket && k.Key == key && k.MessageId > low && k.MessageId < high)
                .OrderByDescending(k => k.MessageId).Select(k => k.MessageId).Take(Candidates - ids.Count).ToListAsync(stop));
            if (ids.Count == Candidates) return (ids, ids[^1]);
        }
        return (ids, null);
    }

    public async Task<bool> IndexAsync(DateTimeOffset before, CancellationToken stop)
    {
        var end = MessageId.AtOrAfter(before).Value - 1;
        var (after, upTo, more) = await ReadAsync(async db =>
        {
            var after = await IndexedUpToAsync(db, stop);
            var message = await db.Messages.Where(m => m.Id > after && m.Id <= end).OrderBy(m => m.Id).Select(m => (long?)m.Id)
                .Skip(IndexPiece - 1).FirstOrDefaultAsync(stop);
            var rejection = await db.Rejections.Where(r => r.Id > after && r.Id <= end).OrderBy(r => r.Id).Select(r => (long?)r.Id)
                .Skip(IndexPiece - 1).FirstOrDefaultAsync(stop);
            return (after, Math.Min(message ?? end, rejection ?? end), message is not null || rejection is not null);
        }, stop);
        if (upTo <= after) return false;
        await pipeline.RunAsync(async batch =>
        {
            await IndexAsync(batch, after, upTo);
            await batch.Writer.RunAsync(HotStatements.WriteServiceState, ServiceState.IndexedUpTo, upTo.ToString(CultureInfo.InvariantCulture));
            return true;
        }, stop: stop);
        return more;
    }

    public static async ValueTask IndexAsync(WriteBatch batch, long after, long upTo)
    {
        await batch.Writer.RunAsync(HotStatements.IndexMessages, after, upTo);
        await batch.Writer.RunAsync(HotStatements.IndexEntries, after, upTo);
        await batch.Writer.RunAsync(HotStatements.IndexRejections, after, upTo);
    }

    public async Task<bool> PurgeAsync(DateTimeOffset before, int max, CancellationToken stop)
    {
        var rejections = await pipeline.RunAsync(batch => batch.Writer.RunAsync(HotStatements.DeleteRejections, MessageId.AtOrAfter(before).Value, max), stop: stop);
        var oldest = await ReadAsync(async db =>
        {
            var message = await db.Messages.MinAsync(m => (long?)m.Id, stop);
            var rejection = await db.Rejections.MinAsync(r => (long?)r.Id, stop);
            return Math.Min(await IndexedUpToAsync(db, stop), Math.Min(message ?? long.MaxValue, rejection ?? long.MaxValue));
        }, stop);
        var keys = await pipeline.RunAsync(batch => batch.Writer.RunAsync(HotStatements.DeleteTraceKeys, oldest >> HotStatements.BucketBits, max), stop: stop);
        return rejections == max || keys == max;
    }

    static async Task<long> IndexedUpToAsync(WebSmtpDb db, CancellationToken stop) =>
        await db.ServiceState.Where(s => s.Name == ServiceState.IndexedUpTo).Select(s => s.Value).SingleOrDefaultAsync(stop) is { } value
            ? long.Parse(value, CultureInfo.InvariantCulture)
            : 0;

    async Task<T> ReadAsync<T>(Func<WebSmtpDb, Task<T>> read, CancellationToken stop)
    {
        try
        {
            return await database.ReadAsync(read, stop);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new QueueUnavailableException("The trace could not be read.", exception);
        }
    }
}
