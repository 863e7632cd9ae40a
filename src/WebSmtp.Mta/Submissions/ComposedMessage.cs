using System.Text;
using MimeKit;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Submissions;

/// <summary>A file that goes with a message.</summary>
public sealed record ComposedAttachment(string Name, string? ContentType, byte[] Content);

/// <summary>A message as its parts, for programs that know nothing of MIME. Addresses may have names: <c>Ann &lt;ann@example.com&gt;</c>.</summary>
public sealed record ComposedMessage(
    string From, IReadOnlyList<string> To, IReadOnlyList<string> Cc, IReadOnlyList<string> Bcc, string? Subject, string? Text, string? Html,
    IReadOnlyList<ComposedAttachment> Attachments)
{
    /// <summary>RFC 5322 section 2.1.1.</summary>
    const int MaxLine = 78;

    /// <summary>The message as it is sent, its recipients in To, Cc and Bcc; or what is wrong with it, by field.</summary>
    public Result<Stream> Write()
    {
        var complaints = new Complaints();
        using var message = new MimeMessage();
        // Both are the site's to give.
        message.Headers.Remove(HeaderId.Date);
        message.Headers.Remove(HeaderId.MessageId);
        Add(message.From, "from", [From], complaints);
        Add(message.To, "to", To, complaints);
        Add(message.Cc, "cc", Cc, complaints);
        Add(message.Bcc, "bcc", Bcc, complaints);
        if (message.From.Count != 1) complaints.Add("from", "Give one address.");
        if (message.To.Count + message.Cc.Count + message.Bcc.Count == 0) complaints.Add("to", "Give at least one recipient in to, cc or bcc.");
        if (Subject?.Any(char.IsControl) is true) complaints.Add("subject", "A subject is one line without control characters.");
        var body = new BodyBuilder { TextBody = Text, HtmlBody = Html };
        for (var i = 0; i < Attachments.Count; i++) Attach(body, $"attachments[{i}]", Attachments[i], complaints);
        if (complaints.ToProblem() is { } problem) return problem;

        message.Subject = Subject ?? "";
        message.Body = body.ToMessageBody();
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        format.International = !message.GetRecipients().Concat(message.From.Mailboxes).All(mailbox => Ascii.IsValid(mailbox.LocalPart));
        // Any host takes it: no octets above 127, no long lines.
        message.Prepare(EncodingConstraint.SevenBit, MaxLine);
        var written = new MemoryStream();
        message.WriteTo(format, written);
        written.Position = 0;
        return written;
    }

    static void Add(InternetAddressList list, string field, IReadOnlyList<string> texts, Complaints complaints)
    {
        foreach (var text in texts)
        {
            if (!text.Any(char.IsControl) && InternetAddressList.TryParse(text, out var parsed)) list.AddRange(parsed);
            else complaints.Add(field, $"'{text}' is not an address such as user@example.com.");
        }
    }

    static void Attach(BodyBuilder body, string field, ComposedAttachment attachment, Complaints complaints)
    {
        if (attachment.Name.Length == 0 || attachment.Name.Any(char.IsControl))
        {
            complaints.Add($"{field}.name", "Give the file's name.");
            return;
        }
        if (!ContentType.TryParse(attachment.ContentType ?? MimeTypes.GetMimeType(attachment.Name), out var type))
        {
            complaints.Add($"{field}.contentType", $"'{attachment.ContentType}' is not a media type such as application/pdf.");
            return;
        }
        body.Attachments.Add(attachment.Name, attachment.Content, type);
    }
}
