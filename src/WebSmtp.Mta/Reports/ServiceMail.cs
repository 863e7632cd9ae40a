using System.Text;
using MimeKit;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Reports;

/// <summary>Mail that the server writes itself: from its postmaster, marked so that no program answers it. RFC 3834.</summary>
static class ServiceMail
{
    /// <summary>A report as mail. RFC 6522, RFC 3464; with addresses beyond US-ASCII, RFC 6533.</summary>
    /// <param name="returned">Null: nothing of the message can be read.</param>
    /// <param name="boundary">Nobody could know it when the message was written.</param>
    public static MimeMessage Compose(Report report, MessageId id, ReturnedContent? returned, string boundary)
    {
        var body = new MultipartReport("delivery-status") { Boundary = boundary };
        body.Add(Text(ReportText.Write(report, returned?.IsFull), report.IsGlobal));
        body.Add(new MimePart("message", report.IsGlobal ? "global-delivery-status" : "delivery-status")
        {
            Content = new MimeContent(new MemoryStream(StatusFields.Write(report))),
            ContentTransferEncoding = report.IsGlobal ? ContentEncoding.EightBit : ContentEncoding.SevenBit,
        });
        if (returned is not null) body.Add(returned.Part);
        return New(report.Site, id, report.At, report.Sender, ReportText.Subject(report.Kind), report.Message.HeaderMessageId, body);
    }

    /// <summary>Tells of mail that went to Badmail.</summary>
    public static MimeMessage Compose(
        SiteSnapshot site, MessageId id, DateTimeOffset at, string to, string subject, string reason, ReturnedContent? returned, string boundary)
    {
        var body = new Multipart("mixed") { Boundary = boundary };
        body.Add(Text(reason, !Ascii.IsValid(to)));
        if (returned is not null) body.Add(returned.Part);
        return New(site, id, at, to, subject, null, body);
    }

    /// <summary>How it is written: CRLF, and UTF-8 in the header only where an address needs it.</summary>
    public static FormatOptions Format(bool international)
    {
        var format = FormatOptions.Default.Clone();
        (format.NewLineFormat, format.International, format.EnsureNewLine) = (NewLineFormat.Dos, international, true);
        return format;
    }

    static MimeMessage New(SiteSnapshot site, MessageId id, DateTimeOffset at, string to, string subject, string? about, MimeEntity body)
    {
        var message = new MimeMessage();
        var header = message.Headers;
        header.Clear();
        header.Add(HeaderId.Date, StatusFields.Date(at));
        header.Add(HeaderId.From, $"Mail Delivery Service <postmaster@{site.DefaultDomain}>");
        header.Add(To(to));
        header.Add(HeaderId.Subject, subject);
        header.Add(HeaderId.MessageId, MessageIdOf(site, id));
        if (about is ['<', .., '>'] && about.All(c => c is > ' ' and <= '~'))
        {
            header.Add(HeaderId.InReplyTo, about);
            header.Add(HeaderId.References, about);
        }
        header.Add("Auto-Submitted", "auto-replied");
        message.Body = body;
        return message;
    }

    /// <summary>As it is: what a stranger gave as sender need not be what a library takes for an address.</summary>
    static Header To(string address)
    {
        var header = new Header(HeaderId.To, "");
        header.SetRawValue(Encoding.UTF8.GetBytes($" <{address}>\r\n"));
        return header;
    }

    public static string MessageIdOf(SiteSnapshot site, MessageId id) => $"<{id}@{site.HostName}>";

    static TextPart Text(string text, bool international)
    {
        var ascii = Ascii.IsValid(text);
        var part = new TextPart("plain")
        {
            ContentTransferEncoding = ascii ? ContentEncoding.SevenBit : international ? ContentEncoding.EightBit : ContentEncoding.QuotedPrintable,
        };
        part.SetText(ascii ? Encoding.ASCII : new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), text);
        return part;
    }
}
