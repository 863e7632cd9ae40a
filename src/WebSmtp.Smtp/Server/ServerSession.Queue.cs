namespace WebSmtp.Smtp.Server;

/// <summary>ETRN, TURN and ATRN: clients that come for their mail. RFC 1985, RFC 821 section 3.8, RFC 2645.</summary>
public sealed partial class ServerSession
{
    async ValueTask<Reply?> EtrnAsync(SmtpCommand.Etrn etrn, CancellationToken stop)
    {
        if (Options.EtrnNeedsAuth && Account is null) return ReplyCatalog.AuthFirst;
        var reply = await _sink.EtrnAsync(this, etrn.Target, stop);
        if (reply.IsPositive) _fruitless = 0;
        return reply;
    }

    async ValueTask<Reply?> TurnAsync(IReadOnlyList<string>? domains, CancellationToken stop)
    {
        var (reply, collection) = await _sink.TurnAsync(this, domains, stop);
        if (collection is null) return reply;
        await using (collection)
        {
            // The client speaks next only when it has read the reply.
            if (InputWaits(stop)) return HangUp(ReplyCatalog.InputWaiting, SessionEnd.ProtocolAbuse);
            Say(reply);
            await FlushAsync(stop);
            // Whatever happens now, this side has no reply to say any more.
            _end = SessionEnd.Turned;
            await collection.RunAsync(this, _pipe, stop);
            return null;
        }
    }
}
