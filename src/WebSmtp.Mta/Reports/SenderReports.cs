using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using MimeKit;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Reports;

/// <summary>
/// Makes what the results of deliveries call for: reports to senders, and for mail without a sender its files in Badmail.
/// Reports are committed with the results by <see cref="Settling"/>. Thread-safe.
/// </summary>
public sealed class SenderReports(SiteRegistry sites, Spool spool, MessageIds ids, TimeProvider time, ILogger<SenderReports> log)
{
    /// <summary>When something could not be put into Badmail.</summary>
    static readonly TimeSpan TryAgainAfter = TimeSpan.FromMinutes(15);

    /// <summary>
    /// The results with all that goes with them. Those of messages that are not given stay as they are. Throws what the
    /// file system throws; a content that cannot be read only makes a report shorter.
    /// </summary>
    internal async Task<PreparedEnds> PrepareAsync(IReadOnlyList<LeasedMessage> messages, IReadOnlyList<Settlement> results)
    {
        var ends = new PreparedEnds();
        if (NobodyIsTold(messages, results))
        {
            ends.Settlements.AddRange(results);
            return ends;
        }
        try
        {
            foreach (var group in results.GroupBy(result => result.MessageId.Value))
            {
                var parts = messages.Where(leased => leased.Message.Id == group.Key).ToList();
                if (parts.Count > 0 && sites.Find(parts[0].Message.SiteId)?.Site is { } site) await PrepareAsync(site, parts, group, ends);
                else ends.Settlements.AddRange(group);
            }
            return ends;
        }
        catch
        {
            await ends.DisposeAsync();
            throw;
        }
    }

    /// <summary>What most mail is: delivered, and no report asked for.</summary>
    static bool NobodyIsTold(IReadOnlyList<LeasedMessage> messages, IReadOnlyList<Settlement> results) =>
        messages.Count == 0
        || results.All(result => result.State is RecipientState.Delivered)
            && !messages.Any(leased => leased.Recipients.Any(recipient => recipient.Notify.HasFlag(DsnNotify.Success)));

    async Task PrepareAsync(SiteSnapshot site, List<LeasedMessage> parts, IEnumerable<Settlement> results, PreparedEnds ends)
    {
        var (message, now) = (parts[0].Message, time.GetUtcNow());
        var recipients = parts.SelectMany(part => part.Recipients).ToDictionary(recipient => recipient.Id);
        var all = results.Select(result => (recipients[result.RecipientId], result))
            .Select(pair => new ReportedRecipient(pair.Item1, pair.result, site.RuleFor(pair.Item1.Domain)?.Settings ?? site.Settings)).ToList();
        if (message.MailFrom.Length == 0)
        {
            await SetAsideAsync(site, message, all, now, ends);
            return;
        }
        foreach (var group in all.GroupBy(one => ReportRules.KindOf(message, one.Recipient, one.Settlement, one.Settings, now)))
        {
            var told = group.Key is { } kind && await ReportAsync(new(kind, site, message, [.. group], now), ends);
            ends.Settlements.AddRange(group.Select(one => told && group.Key is ReportKind.Delayed ? one.Settlement with { DelayReportedAt = now } : one.Settlement));
        }
    }

    /// <summary>With the message, with its header, or with neither: as much as can be had. False: none could be made.</summary>
    async Task<bool> ReportAsync(Report report, PreparedEnds ends)
    {
        var content = await spool.FindAsync(report.Message, CancellationToken.None);
        var whole = content is not null && ReturnedContent.IsWantedWhole(report, content.Length);
        while (true)
        {
            try
            {
                await AddAsync(report, content, whole, ends);
                return true;
            }
            catch (Exception e) when (content is not null)
            {
                Log.ReportShortened(log, e, new MessageId(report.Message.Id).ToString());
                if (whole) whole = false;
                else content = null;
            }
            catch (Exception e) when (e is not (IOException or UnauthorizedAccessException))
            {
                Log.ReportFailed(log, e, new MessageId(report.Message.Id).ToString());
                return false;
            }
        }
    }

    async Task AddAsync(Report report, IOutgoingContent? content, bool whole, PreparedEnds ends)
    {
        var id = ids.Next();
        using var returned = content is null ? null : await ReturnedContent.ReadAsync(content, whole, report.IsGlobal);
        using var mail = ServiceMail.Compose(report, id, returned, NewBoundary());
        List<string> to = [report.Sender];
        if (report.IsFailure && report.Site.Settings.Get(SettingsTable.PostmasterCopyTo) is { Length: > 0 } copy) to.Add(Report.Complete(copy, report.Site));
        var trace = new TraceEvent
        {
            Event = "reported", Recipient = report.Recipients.Count == 1 ? report.Recipients[0].Recipient.Address : null,
            Detail = $"{Name(report.Kind)} {id} to {string.Join(" and ", to)}.",
        };
        await AddAsync(report.Site, id, mail, report.IsGlobal, to, report.At, new(report.Message.Id), report.Recipients, trace, ends);
        Log.Reported(log, new MessageId(report.Message.Id).ToString(), Name(report.Kind), id.ToString(), report.Sender);
    }

    static string Name(ReportKind kind) => kind switch
    {
        ReportKind.Failed or ReportKind.Expired => "Failure report",
        ReportKind.Delayed => "Delay report",
        ReportKind.Delivered => "Success report",
        ReportKind.Relayed => "Relay report",
    };

    /// <summary>Spools a mail of our own and puts it beside the results that it tells of.</summary>
    async Task AddAsync(
        SiteSnapshot site, MessageId id, MimeMessage mail, bool international, IEnumerable<string> to, DateTimeOffset at,
        MessageId about, IReadOnlyList<ReportedRecipient> entries, TraceEvent trace, PreparedEnds ends)
    {
        var file = ends.Own(spool.Begin(site.Folders.Queue, id));
        await mail.WriteToAsync(ServiceMail.Format(international), new SpoolStream(file), CancellationToken.None);
        var message = new Message
        {
            Id = id.Value, SiteId = site.Id, ReceivedAt = at, ClientAddress = "this server", HeloName = site.HostName, Protocol = "DSN", MailFrom = "",
            Body = mail.BodyParts.OfType<MimePart>().Any(part => part.ContentTransferEncoding is ContentEncoding.EightBit) ? BodyType.EightBitMime : BodyType.SevenBit,
            SmtpUtf8 = international, Size = file.Length, Subject = mail.Subject, HeaderMessageId = ServiceMail.MessageIdOf(site, id),
        };
        message.Recipients.AddRange(to.Distinct(StringComparer.OrdinalIgnoreCase).Select(address => EntryFor(address, site, at)));
        message.LiveRecipients = message.Recipients.Count;
        message.ContentPath = await file.CompleteAsync();
        ends.Reports.Add(new(message, message.ContentPath is null ? file.InMemory : default(ReadOnlyMemory<byte>?), about, [.. entries.Select(one => one.Recipient.Id)], trace));
    }

    /// <summary>Waits like any mail for that domain; a report about a report is never wanted. RFC 3461 section 4.1.</summary>
    static Recipient EntryFor(string address, SiteSnapshot site, DateTimeOffset at)
    {
        var (name, domain) = (address[..address.LastIndexOf('@')], address[(address.LastIndexOf('@') + 1)..].ToLowerInvariant());
        if (site.RuleFor(domain)?.Kind is DomainKind.Alias) (address, domain) = ($"{name}@{site.DefaultDomain}", site.DefaultDomain.ToLowerInvariant());
        var held = site.RuleFor(domain)?.IsHeld is true;
        return new()
        {
            SiteId = site.Id, Address = address, Domain = domain, Notify = DsnNotify.Never,
            State = held ? RecipientState.Held : RecipientState.Queued, DueAt = held ? null : at,
        };
    }

    /// <summary>Mail without a sender that comes to a bad end goes to Badmail, or waits until that can be written.</summary>
    async Task SetAsideAsync(SiteSnapshot site, Message message, List<ReportedRecipient> all, DateTimeOffset now, PreparedEnds ends)
    {
        var bad = all.Where(one => one.Settlement.State is RecipientState.Failed or RecipientState.Expired).ToList();
        ends.Settlements.AddRange(all.Except(bad).Select(one => one.Settlement));
        if (bad.Count == 0) return;
        var content = await spool.FindAsync(message, CancellationToken.None);
        var reason = Badmail.ReasonFor(message, bad, now);
        try
        {
            // It may be readable later; not for ever.
            if (content is null && now < message.ReceivedAt + site.Settings.Get(SettingsTable.ExpireAfter)) throw new IOException("the content cannot be read");
            var path = await Badmail.WriteAsync(site.Folders, message, [.. bad.Select(one => one.Recipient)], content, reason, CancellationToken.None);
            foreach (var one in bad)
                one.Settlement.Trace.Detail = $"{(one.WasNotCollected ? "It was not collected in time. " : "")}Put into Badmail as {Path.GetFileName(path)}.";
            Log.PutIntoBadmail(log, new MessageId(message.Id).ToString(), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.BadmailFailed(log, e, new MessageId(message.Id).ToString());
            ends.Settlements.AddRange(bad.Select(one => Later(one, now)));
            return;
        }
        ends.Settlements.AddRange(bad.Select(one => one.Settlement));
        await CopyAsync(site, message, bad, content, reason, now, ends);
    }

    static Settlement Later(ReportedRecipient one, DateTimeOffset now)
    {
        var held = one.Recipient.LeasedFrom is RecipientState.Held;
        return one.Settlement with
        {
            State = held ? RecipientState.Held : RecipientState.Queued,
            DueAt = held ? null : now + TryAgainAfter,
            Trace = new() { Event = "deferred", Recipient = one.Recipient.Address, Reply = one.Settlement.LastReply, Detail = "It cannot be delivered, and not be put into Badmail at the moment." },
        };
    }

    /// <summary>Tells whoever looks after bad mail; not about mail to that very person.</summary>
    async Task CopyAsync(
        SiteSnapshot site, Message message, List<ReportedRecipient> bad, IOutgoingContent? content, string reason, DateTimeOffset now, PreparedEnds ends)
    {
        if (site.Settings.Get(SettingsTable.BadmailCopy) is not { Length: > 0 } copy) return;
        var to = Report.Complete(copy, site);
        if (bad.Exists(one => one.Recipient.Address.Equals(to, StringComparison.OrdinalIgnoreCase))) return;
        try
        {
            var (id, global) = (ids.Next(), !System.Text.Ascii.IsValid(to));
            using var returned = content is null ? null : await ReturnedContent.ReadAsync(content, ReturnedContent.FitsInto(site.Settings, content.Length), global);
            using var mail = ServiceMail.Compose(site, id, now, to, $"Bad mail {new MessageId(message.Id)}", reason, returned, NewBoundary());
            var trace = new TraceEvent { Event = "reported", Detail = $"Copy of bad mail {id} to {to}." };
            await AddAsync(site, id, mail, global, [to], now, new(message.Id), bad, trace, ends);
        }
        catch (Exception e)
        {
            // It is in the folder; the copy is a courtesy.
            Log.ReportFailed(log, e, new MessageId(message.Id).ToString());
        }
    }

    static string NewBoundary() => "=_" + RandomNumberGenerator.GetHexString(32, lowercase: true);
}
