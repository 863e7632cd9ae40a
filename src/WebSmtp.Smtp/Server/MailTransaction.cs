using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Smtp.Server;

/// <summary>The envelope from MAIL to the end of data. Dropped whole on RSET, EHLO and after the content. RFC 5321 section 3.3.</summary>
public sealed class MailTransaction(MailAddress from, MailParameters parameters)
{
    public MailAddress From { get; } = from;
    public MailParameters Parameters { get; } = parameters;
    public List<EnvelopeRecipient> Recipients { get; } = [];

    /// <summary>RCPTs that were not accepted.</summary>
    internal int RefusedRecipients { get; set; }
}

/// <summary>An accepted RCPT.</summary>
public sealed record EnvelopeRecipient(MailAddress Address, RcptParameters Parameters);
