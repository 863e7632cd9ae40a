using System.Buffers;
using System.IO.Pipelines;
using System.Security.Authentication;

namespace WebSmtp.Smtp.Server;

/// <summary>Reading, writing and waiting; and the end.</summary>
public sealed partial class ServerSession
{
    /// <summary>How long a peer that no longer reads can hold up the last words.</summary>
    static readonly TimeSpan LastWordsTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Octets of a line that is too long that are read only to be dropped; a line without end is not waited for.</summary>
    const int MaxDroppedLine = 64 * 1024;

    /// <summary>Octets that tell what a line is: PRI * HTTP is the longest.</summary>
    const int LongestVerb = 16;

    /// <summary>Octets after which a session that never has to wait lets the others of its thread have their turn.</summary>
    const int FairShare = 256 * 1024;

    /// <summary>How much had been received when they had it last.</summary>
    long _sharedAt;

    /// <summary>Octets of replies that may wait until the peer has said all it had to say.</summary>
    const int MaxUnsent = 64 * 1024;

    sealed class PeerGoneException(Exception? cause = null) : Exception("The peer is gone", cause);

    sealed class InactiveException() : Exception("The peer kept the session waiting");

    /// <summary>Writes a reply; it leaves with the next flush.</summary>
    /// <param name="ends">The session ends with it.</param>
    void Say(Reply reply, bool ends = false)
    {
        var octets = ReplyWriter.Write(_pipe.Output, reply, _observer);
        BytesSent += octets;
        _unsent += octets;
        if (reply.Code < 400) return;
        LastRefusal = reply;
        Report(reply, ends);
    }

    /// <summary>Says the last reply. Returns null, as those do that said everything themselves.</summary>
    Reply? HangUp(Reply reply, SessionEnd end)
    {
        Say(reply, ends: true);
        _end = end;
        return null;
    }

    /// <summary>
    /// Waits for input. It may come back with nothing new, after <see cref="RequestClose"/>; callers look again and wait.
    /// </summary>
    async ValueTask<ReadResult> ReadAsync(CancellationToken stop)
    {
        await ShareThreadAsync();
        _watch!.Begin();
        try
        {
            var read = await _pipe.Input.ReadAsync(stop);
            if (_watch.Expired) throw new InactiveException();
            return read;
        }
        catch (Exception e) when (IsPeerGone(e, stop))
        {
            throw new PeerGoneException(e);
        }
        finally
        {
            _watch.End();
        }
    }

    /// <summary>Takes what has arrived already, if anything has.</summary>
    bool TryRead(out ReadResult read, CancellationToken stop)
    {
        try
        {
            return _pipe.Input.TryRead(out read);
        }
        catch (Exception e) when (IsPeerGone(e, stop))
        {
            throw new PeerGoneException(e);
        }
    }

    /// <summary>Called before more input is taken.</summary>
    ValueTask ShareThreadAsync()
    {
        return BytesReceived - _sharedAt < FairShare ? default : YieldAsync();

        async ValueTask YieldAsync()
        {
            _sharedAt = BytesReceived;
            await Task.Yield();
        }
    }

    /// <summary>
    /// Drops a line that is too long; its end is certain, so the session goes on behind it. RFC 5321 section 4.5.3.1.9.
    /// Returns what is to be answered; null when it has no such end and the session ended.
    /// </summary>
    async ValueTask<Reply?> DropLongLineAsync(Reply refusal, CancellationToken stop)
    {
        await FlushAsync(stop);
        var (dropped, endsInCr) = (0L, false);
        while (dropped <= MaxDroppedLine)
        {
            var read = await ReadAsync(stop);
            var buffer = read.Buffer;
            var end = buffer.PositionOf((byte)'\n');
            var line = end is { } lf ? buffer.Slice(0, lf) : buffer;
            if (!line.IsEmpty) endsInCr = line.Slice(line.Length - 1).FirstSpan is [(byte)'\r'];
            dropped += line.Length;
            _pipe.Input.AdvanceTo(end is { } last ? buffer.GetPosition(1, last) : buffer.End);
            if (end is not null)
            {
                return endsInCr ? refusal : HangUp(ReplyCatalog.BadLineEnding, SessionEnd.ProtocolAbuse);
            }
            if (read.IsCompleted) throw new PeerGoneException();
        }
        return HangUp(refusal, SessionEnd.LineTooLong);
    }

    /// <summary>
    /// What to say to a line that is too long and begins like this; <paramref name="lost"/> when nobody can tell what
    /// follows it.
    /// </summary>
    static Reply RefusalOfLongLine(in ReadOnlySequence<byte> line, out bool lost)
    {
        var start = line.Slice(0, Math.Min(line.Length, LongestVerb)).ToArray();
        var refusal = CommandParser.LooksLikeHttp(start) ? ReplyCatalog.NotSmtp : CommandParser.Parse(start).Verb switch
        {
            Verb.Bdat => ReplyCatalog.BdatSyntax,
            Verb.Auth => ReplyCatalog.AuthLineTooLong,
            _ => ReplyCatalog.LineTooLong,
        };
        lost = ReferenceEquals(refusal, ReplyCatalog.NotSmtp) || ReferenceEquals(refusal, ReplyCatalog.BdatSyntax);
        return refusal;
    }

    async ValueTask FlushAsync(CancellationToken stop)
    {
        if (_unsent == 0) return;
        _flushing = true;
        _watch!.Begin();
        try
        {
            FlushResult flush;
            do
            {
                flush = await _pipe.Output.FlushAsync(stop);
                if (flush.IsCompleted) throw new PeerGoneException();
                if (_watch.Expired) throw new InactiveException();
            }
            while (flush.IsCanceled);
            _unsent = 0;
        }
        catch (Exception e) when (IsPeerGone(e, stop))
        {
            throw new PeerGoneException(e);
        }
        finally
        {
            _watch.End();
            _flushing = false;
        }
    }

    /// <summary>True when the peer sent something that nobody asked for yet. Consumes nothing.</summary>
    bool InputWaits(CancellationToken stop)
    {
        if (!TryRead(out var read, stop)) return false;
        var waits = !read.Buffer.IsEmpty;
        _pipe.Input.AdvanceTo(read.Buffer.Start);
        return waits;
    }

    /// <summary>Only the wait at hand: a flush that is cancelled before it begins would lose its last words under TLS.</summary>
    void WakeUp()
    {
        if (_flushing) _pipe.Output.CancelPendingFlush();
        else _pipe.Input.CancelPendingRead();
    }

    /// <summary>The transport reports a lost connection in these ways; a cancelled <paramref name="stop"/> is told apart.</summary>
    static bool IsPeerGone(Exception e, CancellationToken stop) =>
        e is IOException or ObjectDisposedException or AuthenticationException
        || (e is OperationCanceledException && !stop.IsCancellationRequested);

    /// <summary>A reply after which nothing matters, to a peer that may have stopped reading.</summary>
    async ValueTask LastWordsAsync(Reply reply, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(LastWordsTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            Say(reply, ends: true);
            await _pipe.Output.FlushAsync(either.Token);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException or AuthenticationException)
        {
            // It will not hear us.
        }
    }

    async ValueTask<SessionEnd> CleanUpAsync(SessionEnd end)
    {
        try
        {
            await DropTransactionAsync();
        }
        catch (Exception bug)
        {
            Fault ??= bug;
            end = SessionEnd.Bug;
        }
        if (_tlsPipe is not null) await _tlsPipe.DisposeAsync();
        return end;
    }
}
