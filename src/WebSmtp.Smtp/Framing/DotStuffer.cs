using System.Buffers;

namespace WebSmtp.Smtp.Framing;

/// <summary>
/// Makes content fit for DATA: a dot more before each line that begins with one, and the end. RFC 5321 section 4.5.2.
/// Content comes in blocks, cut anywhere. A dot behind a bare LF is doubled too, so that no server, however lax about
/// line ends, finds an end of the message in the middle of it.
/// </summary>
internal sealed class DotStuffer
{
    bool _atLineStart = true;
    bool _endsInCr;
    bool _endsInCrlf = true;

    public void Write(ReadOnlySpan<byte> block, IBufferWriter<byte> output)
    {
        if (block.IsEmpty) return;
        var last = block[^1];
        var endsInCrlf = last == '\n' && (block.Length > 1 ? block[^2] == '\r' : _endsInCr);

        if (_atLineStart && block[0] == '.') output.Write("."u8);
        for (int lf; (lf = block.IndexOf("\n."u8)) >= 0; block = block[(lf + 1)..])
        {
            output.Write(block[..(lf + 1)]);
            output.Write("."u8);
        }
        output.Write(block);

        (_atLineStart, _endsInCr, _endsInCrlf) = (last == '\n', last == '\r', endsInCrlf);
    }

    /// <summary>Completes the last line, if it is not complete, and says that the content is over.</summary>
    public void WriteEnd(IBufferWriter<byte> output) => output.Write(_endsInCrlf ? ".\r\n"u8 : "\r\n.\r\n"u8);
}
