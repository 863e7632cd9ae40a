using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Smtp.Server;

/// <summary>What the mail sink hears of replies that are not a success.</summary>
public sealed partial class ServerSession
{
    /// <summary>The command in work, and the transaction as it was before it; null before the first.</summary>
    SmtpCommand? _command;
    MailTransaction? _mailBefore;

    /// <summary>
    /// Tells of refused connections, log-ins, senders, recipients and messages. An error of syntax or order is no refusal of
    /// mail, unless the session ends with it; and nobody is refused by an end that comes between messages.
    /// </summary>
    void Report(Reply reply, bool ends)
    {
        var stage = _command?.Verb switch
        {
            null => "CONNECT",
            Verb.Auth => "AUTH",
            Verb.Mail => "MAIL",
            Verb.Rcpt => "RCPT",
            Verb.Data or Verb.Bdat => "DATA",
            _ => null,
        };
        if (!ends && (stage is null || IsOfForm(reply))) return;
        if (_mail is null && (ReferenceEquals(reply, ReplyCatalog.Inactive) || ReferenceEquals(reply, _closeRequest))) return;

        var mail = _mailBefore ?? _mail;
        _sink.Refused(this, new(
            stage ?? Stage, reply, _command is SmtpCommand.Mail command ? command.From : mail?.From,
            _command is SmtpCommand.Rcpt rcpt ? [rcpt.To] : stage is "DATA" && mail is not null ? [.. mail.Recipients.Select(recipient => recipient.Address)] : []));
    }

    static bool IsOfForm(Reply reply) => reply.Code is >= 500 and <= 504 or 555;
}

/// <summary>Something that was not taken.</summary>
/// <param name="Stage"><c>CONNECT</c>, <c>AUTH</c>, <c>MAIL</c>, <c>RCPT</c>, <c>DATA</c>; another verb where the session ended with it.</param>
/// <param name="From">Null where none was given.</param>
/// <param name="Recipients">Those that it concerns; none where it is about all or nothing.</param>
public sealed record Refusal(string Stage, Reply Reply, MailAddress? From, IReadOnlyList<MailAddress> Recipients);
