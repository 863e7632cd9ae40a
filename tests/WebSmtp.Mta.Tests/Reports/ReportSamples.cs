using System.Text;
using MimeKit;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Tests.Reports;

/// <summary>Reports about one message, with fixed times and numbers.</summary>
static class ReportSamples
{
    static readonly DateTimeOffset Received = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    static readonly MessageId Id = new(MessageId.AtOrAfter(Received).Value + 1);
    static readonly MessageId ReportId = new(MessageId.AtOrAfter(Received.AddHours(1)).Value + 7);

    public const string Content = "Received: from client.example ([192.0.2.99])\r\n\tby hub.example (WebSmtp) with ESMTP id 1;\r\n\tFri, 2 Jan 2026 03:04:05 +0000\r\n"
        + "From: Ann <ann@sender.example>\r\nTo: bob@away.example\r\nSubject: Lunch\r\nMessage-ID: <lunch@sender.example>\r\n\r\nToday at noon?\r\n.leading dot\r\n";

    public static readonly SiteSnapshot Site = new(new()
    {
        Id = 1, Name = "Default", Mailroot = "x",
        Domains = [new() { SiteId = 1, Name = "hub.example", Kind = DomainKind.Default, Route = new() { Type = RouteType.Drop } }],
    }, "/data/mailroot/1", 2, new Dictionary<int, string>());

    public static Message NewMessage(string from = "ann@sender.example") => new()
    {
        Id = Id.Value, SiteId = 1, ReceivedAt = Received, ClientAddress = "192.0.2.99", HeloName = "client.example", Protocol = "ESMTP", MailFrom = from,
        Subject = "Lunch", HeaderMessageId = "<lunch@sender.example>", Size = Content.Length,
    };

    public static Recipient NewRecipient(string address, DsnNotify notify = DsnNotify.Unspecified) =>
        new() { Id = 1, MessageId = Id.Value, Address = address, Domain = address.Split('@')[1], Notify = notify };

    public static ReportedRecipient Reported(
        string address, RecipientState state, string? reply, string? host = "mx10.away.example [198.51.100.7]:25", bool counts = true, bool? hostReports = null, string? original = null)
    {
        var recipient = NewRecipient(address);
        recipient.OriginalRecipient = original;
        return new(recipient, NewSettlement(state, reply, host, counts) with
        {
            HostReports = hostReports,
            SaidBy = state is RecipientState.Delivered && hostReports is null ? null : host?.Split(' ')[0],
        }, SettingValues.Defaults);
    }

    public static Settlement NewSettlement(RecipientState state, string? reply = null, string? host = null, bool counts = true) =>
        new(1, Id, "x", state, state is RecipientState.Queued ? Received.AddDays(1) : null, reply, null, counts, new() { Event = "x", Host = host });

    /// <summary>Every kind of report, by the name of its golden file.</summary>
    public static IReadOnlyDictionary<string, (Report Report, string Content)> All { get; } = new Dictionary<string, (Report, string)>
    {
        ["failed"] = (New(ReportKind.Failed, TimeSpan.FromMinutes(1), message => message.EnvelopeId = "QQ314159",
            Reported("bob@away.example", RecipientState.Failed, "550 5.1.1 User unknown", original: "rfc822;Bob+2BLunch@away.example"),
            Reported("eve@away.example", RecipientState.Failed, "552 Mailbox full, and this is a reply of a kind that goes on for rather longer than anybody would want to read on one line of a screen of eighty columns")), Content),
        ["failed-header-only"] = (New(ReportKind.Failed, TimeSpan.FromMinutes(1), message => message.Return = DsnReturn.Headers,
            Reported("bob@away.example", RecipientState.Failed, "550 5.7.1 Relaying denied")), Content),
        ["failed-here"] = (New(ReportKind.Failed, TimeSpan.FromMinutes(1), null,
            Reported("bob@gone.example", RecipientState.Failed, "550 5.1.2 gone.example does not exist", host: null)), Content),
        ["failed-other-letters"] = (New(ReportKind.Failed, TimeSpan.FromMinutes(1), message => message.Subject = "Größe und Straße",
            Reported("bob@away.example", RecipientState.Failed, "552 5.3.4 Zu groß")), Content.Replace("Subject: Lunch", "Subject: Größe und Straße", StringComparison.Ordinal)),
        ["failed-global"] = (New(ReportKind.Failed, TimeSpan.FromMinutes(1), message => (message.SmtpUtf8, message.MailFrom) = (true, "änne@sender.example"),
            Reported("jürgen@away.example", RecipientState.Failed, "550 5.1.1 User unknown", original: "utf-8;jürgen@away.example")), Content.Replace("bob", "jürgen", StringComparison.Ordinal)),
        ["expired"] = (New(ReportKind.Expired, TimeSpan.FromDays(2), null,
            Reported("bob@away.example", RecipientState.Expired, "451 4.4.1 mx10.away.example [198.51.100.7]:25: connection refused", host: null)), Content),
        ["expired-held"] = (New(ReportKind.Expired, TimeSpan.FromDays(7), null,
            Reported("bob@branch.example", RecipientState.Expired, null, host: null, counts: false)), Content),
        ["delayed"] = (New(ReportKind.Delayed, TimeSpan.FromHours(12), null,
            Reported("bob@away.example", RecipientState.Queued, "450 4.2.1 Busy")), Content),
        ["delivered"] = (New(ReportKind.Delivered, TimeSpan.FromSeconds(1), message => message.EnvelopeId = "QQ314159",
            Reported("bob@hub.example", RecipientState.Delivered, "250 2.0.0 Delivered to the folder", host: "/data/mailroot/1/Drop/1.eml")), Content),
        ["relayed"] = (New(ReportKind.Relayed, TimeSpan.FromSeconds(1), null,
            Reported("bob@away.example", RecipientState.Delivered, "250 2.6.0 Taken", hostReports: false)), Content),
    };

    static Report New(ReportKind kind, TimeSpan age, Action<Message>? change, params ReportedRecipient[] recipients)
    {
        var message = NewMessage();
        change?.Invoke(message);
        return new(kind, Site, message, recipients, Received + age);
    }

    /// <summary>The report as it goes out.</summary>
    public static async Task<byte[]> WriteAsync(Report report, string? content)
    {
        var bytes = Encoding.UTF8.GetBytes(content ?? "");
        using var returned = content is null
            ? null
            : await ReturnedContent.ReadAsync(new MemoryContent(bytes), ReturnedContent.IsWantedWhole(report, bytes.Length), report.IsGlobal);
        using var mail = ServiceMail.Compose(report, ReportId, returned, "=_boundary");
        using var written = new MemoryStream();
        await mail.WriteToAsync(ServiceMail.Format(report.IsGlobal), written, TestContext.Current.CancellationToken);
        return written.ToArray();
    }

    public static MimeMessage Parse(byte[] mail) => MimeMessage.Load(new MemoryStream(mail));

    /// <summary>The groups of fields of the part that programs read: first of the message, then one for each recipient.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Fields(MimeMessage mail)
    {
        var status = Assert.IsType<MessageDeliveryStatus>(Assert.IsType<MultipartReport>(mail.Body)[1]);
        return [.. status.StatusGroups.Select(group => group.ToDictionary(header => header.Field, header => header.Value, StringComparer.OrdinalIgnoreCase))];
    }

    public static string TextOf(MimeMessage mail) => ((TextPart)((Multipart)mail.Body!)[0]).Text;
}
