namespace WebSmtp.Smtp.Server;

/// <summary>MAIL, RCPT, RSET.</summary>
public sealed partial class ServerSession
{
    async ValueTask<Reply?> MailAsync(SmtpCommand.Mail mail, CancellationToken stop)
    {
        if (Options.MaxTransactions > 0 && _transactions >= Options.MaxTransactions)
            return HangUp(ReplyCatalog.TooManyTransactions, SessionEnd.Limit);
        if (mail.International && !mail.Parameters.SmtpUtf8) return ReplyCatalog.NeedsSmtpUtf8;
        if (Options.MaxMessageSize > 0 && mail.Parameters.Size > Options.MaxMessageSize) return ReplyCatalog.MessageTooBig;
        if (await _sink.OfferSenderAsync(this, mail.From, mail.Parameters, stop) is { } refusal) return refusal;
        _mail = new(mail.From, mail.Parameters);
        _transactions++;
        return ReplyCatalog.SenderOk;
    }

    async ValueTask<Reply?> RcptAsync(SmtpCommand.Rcpt rcpt, CancellationToken stop)
    {
        if (rcpt.International && !_mail!.Parameters.SmtpUtf8) return ReplyCatalog.NeedsSmtpUtf8;
        if (_mail!.Recipients.Count >= Options.MaxRecipients) return ReplyCatalog.TooManyRecipients;
        if (await _sink.OfferRecipientAsync(this, rcpt.To, rcpt.Parameters, stop) is { } refusal) return refusal;
        _mail.Recipients.Add(new(rcpt.To, rcpt.Parameters));
        return ReplyCatalog.RecipientOk;
    }

    async ValueTask<Reply?> ResetAsync()
    {
        await DropTransactionAsync();
        return ReplyCatalog.ResetDone;
    }

    async ValueTask DropTransactionAsync()
    {
        var (mail, arrival) = (_mail, _arrival);
        (_mail, _arrival, _spoiled) = (null, null, false);
        if (arrival is not null) await arrival.DisposeAsync();
        if (mail is not null) _sink.TransactionDropped(this);
    }
}
