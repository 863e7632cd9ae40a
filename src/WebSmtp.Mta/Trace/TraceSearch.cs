using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Trace;

/// <summary>An event of a message, or a refusal, with what leads to the rest. A refusal has no message.</summary>
public sealed record TraceFinding(MessageId? MessageId, int SiteId, string? MailFrom, string? HeaderMessageId, TraceEvent Event);

/// <summary>
/// Answers what became of a message: whoever asks knows a sender, a recipient, a Message-ID, our number or a time. The
/// newest message or refusal comes first, and of a message what happened to it last. Thread-safe.
/// </summary>
public sealed class TraceSearch(ITraceStore store, IQueueStore queue)
{
    /// <summary>Events; the cursor is from the page before. A page may be short, even empty, and not be the last.</summary>
    public Task<Page<TraceFinding>> FindAsync(TraceFilter filter, string? cursor, int limit, CancellationToken stop) => filter.What switch
    {
        null => FindStoriesAsync(filter, cursor, limit, stop),
        TraceKind.Refused => FindRefusedAsync(filter, cursor, limit, stop),
        { } kind => FindEventsAsync(filter, TraceKinds.EventsOf(kind), cursor, limit, stop),
    };

    async Task<Page<TraceFinding>> FindStoriesAsync(TraceFilter filter, string? cursor, int limit, CancellationToken stop)
    {
        var (before, rest) = Read(cursor);
        var messages = await store.FindMessagesAsync(filter, before, limit, stop);
        var rejections = await store.FindRejectionsAsync(filter, before, limit, stop);
        var floor = Math.Max(messages.DownTo ?? long.MinValue, rejections.DownTo ?? long.MinValue);
        var stories = messages.Items.Select(message => (message.Id, Message: (Message?)message, Rejection: (Rejection?)null))
            .Concat(rejections.Items.Select(rejection => (rejection.Id, Message: (Message?)null, Rejection: (Rejection?)rejection)))
            .Where(story => story.Id >= floor).OrderByDescending(story => story.Id);

        var found = new List<TraceFinding>();
        foreach (var (id, message, rejection) in stories)
        {
            var events = message is not null ? await StoryAsync(message, filter, stop) : [Refused(rejection!)];
            // The story that the page before ended in goes on with the rest of it, whatever has happened since.
            var left = rest > 0 && id == before - 1 ? Math.Min(rest, events.Count) : events.Count;
            var room = limit - found.Count;
            found.AddRange(events.TakeLast(left).Take(room));
            if (left > room) return PageOf(found, Write(id + 1, left - room));
            if (found.Count == limit) return PageOf(found, Write(id, 0));
        }
        return PageOf(found, floor == long.MinValue ? null : Write(floor, 0));
    }

    /// <summary>Refusals of a site, newest first.</summary>
    public async Task<Page<Rejection>> FindRejectionsAsync(TraceFilter filter, string? cursor, int limit, CancellationToken stop)
    {
        var found = await store.FindRejectionsAsync(filter, Read(cursor).Before, limit, stop);
        return new(found.Items, found.DownTo is { } next ? Write(next, 0) : null, found.Items.Count, found.DownTo is not null || cursor is not null);
    }

    async Task<Page<TraceFinding>> FindRefusedAsync(TraceFilter filter, string? cursor, int limit, CancellationToken stop)
    {
        var found = await FindRejectionsAsync(filter, cursor, limit, stop);
        return new([.. found.Items.Select(Refused)], found.NextCursor, found.Total, TotalIsEstimate: true);
    }

    async Task<Page<TraceFinding>> FindEventsAsync(TraceFilter filter, IReadOnlyList<string> events, string? cursor, int limit, CancellationToken stop)
    {
        var found = await store.FindEventsAsync(filter, events, Read(cursor).Before, limit, stop);
        return PageOf(
            [.. found.Items.Select(one => new TraceFinding(new(one.Event.MessageId), one.SiteId, one.MailFrom, one.HeaderMessageId, one.Event))],
            found.DownTo is { } next ? Write(next, 0) : null);
    }

    async Task<IReadOnlyList<TraceFinding>> StoryAsync(Message message, TraceFilter filter, CancellationToken stop)
    {
        var events = await queue.TraceAsync(new(message.Id), stop);
        // Found by the address that its sender knows: the events have the one that it went to.
        var named = events.Any(one => IsWanted(one.Recipient));
        return [.. events.Reverse()
            .Where(one => filter.Recipient is null || one.Recipient is null || !named || IsWanted(one.Recipient))
            .Select(one => new TraceFinding(new(message.Id), message.SiteId, message.MailFrom, message.HeaderMessageId, one))];

        bool IsWanted(string? recipient) => recipient is not null && string.Equals(recipient, filter.Recipient, StringComparison.OrdinalIgnoreCase);
    }

    static TraceFinding Refused(Rejection rejection) => new(null, rejection.SiteId, rejection.MailFrom, rejection.HeaderMessageId, new()
    {
        At = rejection.At, Event = "rejected", Recipient = rejection.Recipient, Reply = rejection.Reply, Host = rejection.HeloName,
        Address = rejection.ClientAddress, Tls = rejection.Tls, Stage = rejection.Stage, By = rejection.Account,
    });

    static Page<TraceFinding> PageOf(List<TraceFinding> found, string? next) => new(found, next, found.Count, TotalIsEstimate: true);

    static string Write(long before, int rest) => string.Create(CultureInfo.InvariantCulture, $"{before}.{rest}");

    static (long Before, int Left) Read(string? cursor) =>
        cursor?.Split('.') is [var before, var rest]
        && long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? (id, count)
            : (long.MaxValue, 0);
}
