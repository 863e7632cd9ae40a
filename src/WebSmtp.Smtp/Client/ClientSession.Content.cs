using System.Buffers;
using System.Globalization;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Client;

public sealed partial class ClientSession
{
    /// <summary>Bytes read from the content at once, and sent with one flush.</summary>
    const int BlockBytes = 32 * 1024;

    async ValueTask SendContentAsync(OutgoingMessage message, Stream content, Transaction transaction)
    {
        var length = message.Content.Length;
        var chunked = message.Parameters.Body is BodyType.BinaryMime;
        if (chunked)
        {
            if (!await IsQuietAsync(ClientPhase.Content)) return;
            // One chunk for all: its length is known, and it can be streamed as well as many. RFC 3030 section 2.
            Say(string.Create(CultureInfo.InvariantCulture, $"BDAT {length} LAST"));
        }

        var phase = ClientPhase.Content;
        if (await StreamAsync(content, length, chunked))
        {
            phase = ClientPhase.FinalDot;
            await FlushAsync(phase);
        }
        if (await HearAsync(phase) is not { } reply) return;

        var refused = reply.IsTransient || reply.IsPermanent;
        if (refused || (reply.IsPositive && phase is ClientPhase.FinalDot)) transaction.Settle(reply, phase);
        else Break(phase, $"the reply {reply.Code} to {NameOf(phase)} makes no sense", reply);

        // Half a message was said: anything that followed would be taken for the rest of it.
        if (phase is ClientPhase.Content) Break(phase, "the server answered before the end of the content", reply);
        if (reply.Code == 421) Break(phase, "the server closed the session", reply);
        // RFC 3030 section 4.2: after a refused chunk the server's state is unknown.
        _envelopeLeft = chunked && !reply.IsPositive;
    }

    /// <summary>
    /// All of the content and its end, except for a last flush. False when the server takes no more, closed, or said
    /// something: then the end was not said.
    /// </summary>
    async ValueTask<bool> StreamAsync(Stream content, long length, bool chunked)
    {
        var block = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(length, 1, BlockBytes));
        var stuffer = new DotStuffer();
        var (sent, unflushed, ended) = (0L, 0, false);
        try
        {
            while (await content.ReadAsync(block, _stop) is > 0 and var got)
            {
                if (sent + got > length) throw new EndOfStreamException($"The content is longer than {length} bytes.");
                if (chunked) _wire.Output.Write(block.AsSpan(0, got));
                else stuffer.Write(block.AsSpan(0, got), _wire.Output);
                sent += got;
                unflushed += got;
                if (unflushed < BlockBytes) continue;

                unflushed = 0;
                await FlushAsync(ClientPhase.Content);
                if (_writeTrouble is not null || !NothingWaits()) return false;
            }
            if (sent < length) throw new EndOfStreamException($"The content ended after {sent} of {length} bytes.");
            if (!NothingWaits()) return false;
            if (!chunked) stuffer.WriteEnd(_wire.Output);
            return ended = true;
        }
        catch (Exception)
        {
            Break(ClientPhase.Content, "the content could not be read");
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
            _bytesSaid += sent;
            if (_observer is { Listens: true }) _observer.ClientSaid(ended
                ? string.Create(CultureInfo.InvariantCulture, $"({length} bytes of content)")
                : string.Create(CultureInfo.InvariantCulture, $"({sent} of {length} bytes of content)"));
        }
    }

    /// <summary>The server wants content though it took no recipient: it gets none. RFC 2920 section 3.1.</summary>
    async ValueTask SendLoneDotAsync()
    {
        if (await AskAsync(ClientPhase.FinalDot, ".") is not { } reply) return;
        if (reply.Code == 421) Break(ClientPhase.FinalDot, "the server closed the session", reply);
        _envelopeLeft = false;
    }
}
