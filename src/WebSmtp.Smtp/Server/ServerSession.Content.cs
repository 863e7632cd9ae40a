using System.Buffers;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Server;

/// <summary>DATA and BDAT. RFC 5321 section 4.1.1.4, RFC 3030.</summary>
public sealed partial class ServerSession
{
    /// <summary>
    /// Octets read only to be dropped, until the peer listens to a refusal again. A peer that sends more than this in
    /// vain is cut off.
    /// </summary>
    const long MaxDropped = 256 * 1024 * 1024;

    /// <summary>How long a client that may think it is done is left without an answer.</summary>
    static readonly TimeSpan AmbiguityPatience = TimeSpan.FromSeconds(5);

    /// <summary>The message whose content is arriving; null before DATA and the first BDAT.</summary>
    Arrival? _arrival;

    /// <summary>A chunk of this transaction was refused.</summary>
    bool _spoiled;

    async ValueTask<Reply?> DataAsync(CancellationToken stop)
    {
        if (_mail!.Parameters.Body is BodyType.BinaryMime) return ReplyCatalog.BinaryNeedsBdat;
        if (await BeginArrivalAsync(dots: true, stop) is { } refusal)
        {
            await DropTransactionAsync();
            return refusal;
        }
        if (InputWaits(stop)) return HangUp(ReplyCatalog.InputWaiting, SessionEnd.ProtocolAbuse);
        Say(ReplyCatalog.SendContent);
        await FlushAsync(stop);
        return await TakeAsync(long.MaxValue, stop) ? await EndArrivalAsync() : null;
    }

    async ValueTask<Reply?> BdatAsync(SmtpCommand.Bdat chunk, Reply? refusal, CancellationToken stop)
    {
        if (refusal is null && _arrival is null) refusal = await BeginArrivalAsync(dots: false, stop);
        if (refusal is not null) _spoiled = _mail is not null;
        if (!await TakeAsync(chunk.Size, stop)) return null;
        if (_spoiled || refusal is not null)
        {
            if (chunk.IsLast) await DropTransactionAsync();
            return refusal;
        }
        if (chunk.IsLast) return await EndArrivalAsync();
        if (_arrival!.Refusal is { } tooLate)
        {
            _spoiled = true;
            return ReferenceEquals(tooLate, ReplyCatalog.SessionTooBig) ? HangUp(tooLate, SessionEnd.Limit) : tooLate;
        }
        return ReplyCatalog.ChunkTaken(chunk.Size);
    }

    async ValueTask<Reply?> BeginArrivalAsync(bool dots, CancellationToken stop)
    {
        var (refusal, content) = await _sink.OfferContentAsync(this, _mail!, stop);
        if (refusal is not null || content is null) return refusal ?? ReplyCatalog.Bug;
        var framing = _mail!.Parameters.Body is BodyType.BinaryMime ? null : new DotUnstuffer(dots, Options.RepairBareLineEndings);
        var (limit, overLimit) = Allowance();
        _arrival = new(content, framing, Options.RepairBareLineEndings, Options.MaxTextLine, limit, overLimit);
        return null;
    }

    /// <summary>How much the next message may hold, and what is said when it holds more.</summary>
    (long Limit, Reply OverLimit) Allowance()
    {
        var message = Options.MaxMessageSize > 0 ? Options.MaxMessageSize : long.MaxValue;
        if (Options.MaxSessionSize <= 0) return (message, ReplyCatalog.MessageTooBig);
        var session = Math.Max(0, Options.MaxSessionSize - ContentBytes);
        // A message that not even a fresh session could take must not be tried again and again.
        return message <= session || ContentBytes == 0
            ? (Math.Min(message, session), ReplyCatalog.MessageTooBig)
            : (session, ReplyCatalog.SessionTooBig);
    }

    /// <summary>
    /// Takes octets, at most as many as given or to the final dot, and drops those that are not wanted. False when the
    /// session ended instead.
    /// </summary>
    async ValueTask<bool> TakeAsync(long octets, CancellationToken stop)
    {
        long dropped = 0;
        while (octets > 0 && _arrival is not { IsDone: true })
        {
            if (dropped > MaxDropped)
            {
                HangUp(_arrival?.Refusal ?? ReplyCatalog.MessageTooBig, SessionEnd.Limit);
                return false;
            }
            var read = await ReadAsync(stop);
            var before = _arrival?.Size;
            var used = Feed(read.Buffer.Length > octets ? read.Buffer.Slice(0, octets) : read.Buffer);
            octets -= used;
            BytesReceived += used;
            ContentBytes += (_arrival?.Size - before) ?? used;
            if (_arrival is not { Refusal: null }) dropped += used;
            _pipe.Input.AdvanceTo(read.Buffer.GetPosition(used));
            if (_arrival is { IsAmbiguous: true }) return await FindCertainEndAsync(stop);
            if (octets > 0 && read.IsCompleted && _arrival is not { IsDone: true }) throw new PeerGoneException();
            if (_arrival is not null) await _arrival.FlushAsync(stop);
        }
        return true;
    }

    /// <summary>
    /// Nobody can say whether that was the end, so what follows is neither commands nor content: it is dropped, up to an
    /// end that is beyond doubt, and the message is refused. A client that thinks it is done, and waits, hears that after a
    /// short silence and is cut off. False when the session ended so.
    /// </summary>
    async ValueTask<bool> FindCertainEndAsync(CancellationToken stop)
    {
        _arrival!.Refuse(ReplyCatalog.AmbiguousEnd);
        var framing = new DotUnstuffer(repair: true);
        framing.Feed("x"u8, null); // Not at the start of a line: from here on only a whole CRLF.CRLF counts.
        _watch!.Restart(AmbiguityPatience);
        try
        {
            for (long dropped = 0; dropped <= MaxDropped && !framing.IsDone;)
            {
                var read = await ReadAsync(stop);
                long used = 0;
                foreach (var segment in read.Buffer)
                {
                    used += framing.Feed(segment.Span, null);
                    if (framing.IsDone) break;
                }
                dropped += used;
                BytesReceived += used;
                _pipe.Input.AdvanceTo(read.Buffer.GetPosition(used));
                if (read.IsCompleted) break;
            }
        }
        catch (InactiveException)
        {
            // Answered below.
        }
        _watch.Restart(Options.InactivityTimeout);
        if (framing.IsDone) return true;
        if (_observer is { Listens: true }) _observer.ClientSaid(Transcript.Content(_arrival.Size));
        HangUp(ReplyCatalog.AmbiguousEnd, SessionEnd.ProtocolAbuse);
        return false;
    }

    long Feed(in ReadOnlySequence<byte> octets)
    {
        if (_arrival is null) return octets.Length;
        long used = 0;
        foreach (var segment in octets)
        {
            used += _arrival.Feed(segment.Span);
            if (_arrival.IsDone || _arrival.IsAmbiguous) break;
        }
        return used;
    }

    async ValueTask<Reply?> EndArrivalAsync()
    {
        var arrival = _arrival!;
        if (_observer is { Listens: true }) _observer.ClientSaid(Transcript.Content(arrival.Size));
        var reply = await arrival.EndAsync();
        if (arrival.Refusal is null)
        {
            // Answered by the sink itself: nothing was dropped that it does not know of.
            _mail = null;
            if (reply.IsPositive)
            {
                MessagesAccepted++;
                _fruitless = 0;
            }
        }
        await DropTransactionAsync();
        return Options.MaxSessionSize > 0 && ContentBytes > Options.MaxSessionSize ? HangUp(reply, SessionEnd.Limit) : reply;
    }
}
