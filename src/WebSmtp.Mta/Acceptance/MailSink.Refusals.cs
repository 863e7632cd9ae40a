using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Trace;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>What was refused is written down.</summary>
sealed partial class MailSink
{
    /// <summary>A message that is refused whole is written down for so many of its recipients.</summary>
    const int MostRecipients = 20;

    /// <summary>Of the message that came last, and the name that somebody last tried to log in with.</summary>
    HeaderScanner? _header;
    string? _user;

    public void Refused(ServerSession session, Refusal refusal)
    {
        if (refusal.Recipients.Count == 0) acceptance.Rejections.Record(site, Describe(session, refusal, null));
        foreach (var recipient in refusal.Recipients.Take(MostRecipients)) acceptance.Rejections.Record(site, Describe(session, refusal, recipient));
    }

    Rejection Describe(ServerSession session, Refusal refusal, MailAddress? recipient) => new()
    {
        ClientAddress = TextOf(session.Remote),
        HeloName = session.HeloName is { } name ? ReceivedField.Clean(name) : null,
        Account = session.Account ?? (refusal.Stage is "AUTH" && _user is not null ? Plain.Of(_user) : null),
        Tls = session.Tls is { } version ? TlsNames.Of(version) : null,
        MailFrom = refusal.From?.ToString(),
        Recipient = recipient is null ? null : _envelope.Complete(recipient).ToString(),
        HeaderMessageId = refusal.Stage is "DATA" ? _header?.MessageId : null,
        Stage = refusal.Stage,
        Reply = refusal.Reply.ToString(),
    };
}
