using MimeKit;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Submissions;

/// <summary>
/// The envelope of a message whose sender did not say all of it: what is missing is in the lines on top, then in the
/// header. Reading stops at the first thing that cannot be right.
/// </summary>
sealed class SubmittedEnvelope
{
    readonly List<EnvelopeRecipient> _recipients = [];

    public MailAddress? From { get; private set; }
    public IReadOnlyList<EnvelopeRecipient> Recipients => _recipients;

    /// <summary>The member of the envelope that is wrong, as the REST contract names it, and a sentence; null: all is right.</summary>
    public (string Field, string Problem)? Wrong { get; private set; }

    /// <summary>The fields of the content without those of the envelope.</summary>
    public IReadOnlyList<HeaderField> Fields { get; }

    SubmittedEnvelope(IReadOnlyList<HeaderField> fields, MailAddress? from, IEnumerable<EnvelopeRecipient> recipients)
    {
        (Fields, From) = (fields, from);
        _recipients.AddRange(recipients);
    }

    public static SubmittedEnvelope Read(SubmissionRequest request, MailHeader header)
    {
        var lines = request.EnvelopeOnTop ? header.Fields.TakeWhile(IsLine).ToList() : [];
        var below = header.Fields.Skip(lines.Count).ToList();
        // A sender below is a field like others where one stands on top; recipients are nobody's business.
        var late = below.Where(field => field.Is("x-receiver")
            || request.EnvelopeOnTop && field.Is("x-sender") && !lines.Exists(line => line.Is("x-sender"))).ToList();
        var envelope = new SubmittedEnvelope([.. below.Except(late)], request.From, request.Recipients);
        foreach (var line in lines) envelope.ReadLine(line);
        envelope.ReadLate(late, request, lines.Exists(line => line.Is("x-receiver")));
        lines.AddRange(late);
        var resent = envelope.Fields.Any(field => field.Is("Resent-To") || field.Is("Resent-Cc") || field.Is("Resent-Bcc")) ? "Resent-" : "";
        if (envelope.Recipients.Count == 0 || request.HeaderRecipients) envelope.ReadRecipients(resent);
        if (envelope.From is null) envelope.ReadSender(resent);
        if (envelope.Recipients.Count == 0)
            envelope.Fail("rcptTo", $"There is no recipient: {(lines.Count > 0 ? "no x-receiver line on top, and " : "")}nobody in To, Cc or Bcc.");
        return envelope;
    }

    static bool IsLine(HeaderField field) => field.Is("x-sender") || field.Is("x-receiver");

    /// <summary>Lines of the envelope among the fields of the header. Those that may mean another envelope are not guessed at.</summary>
    void ReadLate(List<HeaderField> late, SubmissionRequest request, bool areOnTop)
    {
        var hasReceivers = late.Exists(line => line.Is("x-receiver"));
        if (!request.EnvelopeOnTop)
        {
            if (hasReceivers && (request.Recipients.Count == 0 || request.HeaderRecipients))
                Fail("content", "There are x-receiver lines in the header, which are for files in Pickup: name the recipients of the envelope.");
            return;
        }
        if (hasReceivers && areOnTop) Fail("rcptTo", "There are x-receiver lines on top and others further down in the header.");
        foreach (var line in late) ReadLine(line);
    }

    void ReadLine(HeaderField line)
    {
        var text = line.Value;
        // Some programs write a name in front of the address.
        if (!text.StartsWith('<') && text.EndsWith('>') && line.Mailboxes is [var named]) text = named.Address;
        if (line.Is("x-sender"))
        {
            if (From is not null) Fail("mailFrom", "There is more than one x-sender line.");
            else if (EnvelopeAddress.TryRead(text, out var from)) From = from;
            else Fail("mailFrom", $"x-sender is not an address: {Shown(text)}");
        }
        else if (EnvelopeAddress.TryRead(text, out var to) && !to.IsNull) _recipients.Add(new(to, RcptParameters.None));
        else Fail("rcptTo", $"x-receiver is not an address: {Shown(text)}");
    }

    void ReadRecipients(string resent)
    {
        foreach (var field in Fields.Where(field => field.Is(resent + "To") || field.Is(resent + "Cc") || field.Is(resent + "Bcc")))
        {
            foreach (var mailbox in MailboxesOf(field, "rcptTo"))
                if (AddressOf(mailbox, field, "rcptTo") is { } address) _recipients.Add(new(address, RcptParameters.None));
        }
    }

    /// <summary>Who really sent it, where From names others. RFC 5322 section 3.6.2.</summary>
    void ReadSender(string resent)
    {
        foreach (var name in (string[])[resent + "Sender", resent + "From", "Sender", "From"])
        {
            if (Fields.FirstOrDefault(field => field.Is(name)) is not { Name: not null } field) continue;
            if (MailboxesOf(field, "mailFrom") is not [var first, ..]) continue;
            From = AddressOf(first, field, "mailFrom");
            return;
        }
        Fail("mailFrom", "There is no sender: nobody in Sender or From.");
    }

    IReadOnlyList<MailboxAddress> MailboxesOf(HeaderField field, string member)
    {
        if (field.Mailboxes is { } mailboxes) return mailboxes;
        Fail(member, $"The addresses in {field.Name} cannot be read: {Shown(field.Value)}");
        return [];
    }

    MailAddress? AddressOf(MailboxAddress mailbox, HeaderField field, string member)
    {
        if (MailAddress.TryParse(mailbox.Address, out var address) && !address.IsNull) return address;
        Fail(member, $"{field.Name} has something that is not an address: {Shown(mailbox.Address)}");
        return null;
    }

    void Fail(string field, string problem) => Wrong ??= (field, problem);

    static string Shown(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
