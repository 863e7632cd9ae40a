using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Trace;
using WebSmtp.Smtp;

namespace WebSmtp.Storage;

// What a filter means.
sealed partial class TraceStore
{
    /// <summary>The text that leads to the fewest; null: only a time or a site is given.</summary>
    static string? KeyOf(TraceFilter filter, char header, char recipient, char sender, char? client) =>
        filter.HeaderMessageId is { } id ? header + id
        : filter.Recipient is { } to ? recipient + Lower(to)
        : filter.Sender is { } from ? sender + Lower(from)
        : filter.Client is { } address && client is { } kind ? kind + address
        : null;

    static async Task<List<Message>> MessagesAsync(
        WebSmtpDb db, TraceFilter filter, long low, long high, IReadOnlyList<long>? ids, int count, CancellationToken stop)
    {
        var messages = db.Messages.Where(m => m.Id > low && m.Id < high);
        if (ids is not null) messages = messages.Where(m => EF.Parameter(ids).Contains(m.Id));
        if (filter.HeaderMessageId is { } header) messages = messages.Where(m => m.HeaderMessageId == header);
        if (filter.Sender is not null && Lower(filter.Sender) is var sender) messages = messages.Where(m => m.MailFrom.ToLower() == sender);
        if (filter.Recipient is not null && Lower(filter.Recipient) is var to)
        {
            var original = Lower("rfc822;" + Xtext.Encode(filter.Recipient));
            messages = messages.Where(m => m.Recipients.Any(r => r.Address.ToLower() == to || r.OriginalRecipient!.ToLower() == original));
        }
        if (filter.Client is { } client) messages = messages.Where(m => m.ClientAddress == client);
        if (filter.Reply?.ToLowerInvariant() is { } reply)
            messages = messages.Where(m => db.TraceEvents.Any(t => t.MessageId == m.Id && t.Reply!.ToLower().Contains(reply)));
        if (filter.SiteId is not { } site) return await NewestAsync(messages);
        // The index of a site's messages has two halves.
        var living = await NewestAsync(messages.Where(m => m.SiteId == site && m.LiveRecipients > 0));
        var ended = await NewestAsync(messages.Where(m => m.SiteId == site && m.LiveRecipients <= 0));
        return [.. living.Concat(ended).OrderByDescending(m => m.Id).Take(count)];

        Task<List<Message>> NewestAsync(IQueryable<Message> some) => some.OrderByDescending(m => m.Id).Take(count).ToListAsync(stop);
    }

    static Task<List<Rejection>> RejectionsAsync(
        WebSmtpDb db, TraceFilter filter, long low, long high, IReadOnlyList<long>? ids, int count, CancellationToken stop)
    {
        var rejections = db.Rejections.Where(r => r.Id > low && r.Id < high);
        if (ids is not null) rejections = rejections.Where(r => EF.Parameter(ids).Contains(r.Id));
        if (filter.SiteId is { } site) rejections = rejections.Where(r => r.SiteId == site);
        if (filter.HeaderMessageId is { } header) rejections = rejections.Where(r => r.HeaderMessageId == header);
        if (filter.Sender is not null && Lower(filter.Sender) is var sender) rejections = rejections.Where(r => r.MailFrom!.ToLower() == sender);
        if (filter.Recipient is not null && Lower(filter.Recipient) is var to) rejections = rejections.Where(r => r.Recipient!.ToLower() == to);
        if (filter.Client is { } client) rejections = rejections.Where(r => r.ClientAddress == client);
        if (filter.Reply?.ToLowerInvariant() is { } reply) rejections = rejections.Where(r => r.Reply.ToLower().Contains(reply));
        return rejections.OrderByDescending(r => r.Id).Take(count).ToListAsync(stop);
    }

    static Task<List<FoundEvent>> EventsAsync(
        WebSmtpDb db, TraceFilter filter, IReadOnlyList<string> events, long low, long high, int count, CancellationToken stop)
    {
        var some = db.TraceEvents.Where(t => t.Id > low && t.Id < high && EF.Constant(events).Contains(t.Event));
        if (filter.Id is { Value: var id }) some = some.Where(t => t.MessageId == id);
        if (filter.Recipient is not null && Lower(filter.Recipient) is var to) some = some.Where(t => t.Recipient!.ToLower() == to);
        if (filter.Reply?.ToLowerInvariant() is { } reply) some = some.Where(t => t.Reply!.ToLower().Contains(reply));
        var messages = db.Messages.AsQueryable();
        if (filter.SiteId is { } site) messages = messages.Where(m => m.SiteId == site);
        if (filter.HeaderMessageId is { } header) messages = messages.Where(m => m.HeaderMessageId == header);
        if (filter.Sender is not null && Lower(filter.Sender) is var sender) messages = messages.Where(m => m.MailFrom.ToLower() == sender);
        if (filter.Client is { } client) messages = messages.Where(m => m.ClientAddress == client);
        return some.Join(messages, t => t.MessageId, m => m.Id, (t, m) => new { Event = t, m.SiteId, m.MailFrom, m.HeaderMessageId })
            .OrderByDescending(one => one.Event.Id).Take(count)
            .Select(one => new FoundEvent(one.Event, one.SiteId, one.MailFrom, one.HeaderMessageId)).ToListAsync(stop);
    }

    /// <summary>As both databases do it: only A to Z.</summary>
    static string Lower(string text) => string.Create(text.Length, text, static (lower, text) =>
    {
        for (var i = 0; i < lower.Length; i++) lower[i] = char.IsAsciiLetterUpper(text[i]) ? (char)(text[i] | 0x20) : text[i];
    });
}
