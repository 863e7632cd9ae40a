using System.Buffers;

namespace WebSmtp.Smtp.Framing;

/// <summary>What was found at the front of the input.</summary>
enum LineResult
{
    NeedMore,
    Line,
    TooLong,

    /// <summary>A bare CR, a bare LF or a NUL: where the next line begins is anybody's guess.</summary>
    BadEnding,

    /// <summary>A first octet that no line of SMTP begins with, as a TLS hello has.</summary>
    Binary,
}

static class LineReader
{
    const byte Cr = (byte)'\r';
    const byte Lf = (byte)'\n';

    /// <summary>
    /// Takes one line off the front of <paramref name="buffer"/>, without its CRLF. Nothing is copied.
    /// <paramref name="maxLength"/> is in octets and counts the CRLF; a longer line is found out without waiting for its
    /// end, and left where it is. A bad ending and binary input mean that framing is lost.
    /// </summary>
    public static LineResult TryRead(ref ReadOnlySequence<byte> buffer, int maxLength, out ReadOnlySequence<byte> line)
    {
        line = default;
        if (buffer.IsEmpty) return LineResult.NeedMore;
        if (FirstOctet(buffer) is >= 0x80 or < 0x20 and not (Cr or Lf)) return LineResult.Binary;

        if (buffer.PositionOf(Lf) is not { } lf)
            return buffer.Length >= maxLength ? LineResult.TooLong : LineResult.NeedMore;

        var whole = buffer.Slice(0, lf);
        if (whole.Length + 1 > maxLength) return LineResult.TooLong;
        buffer = buffer.Slice(buffer.GetPosition(1, lf));
        if (whole.PositionOf((byte)0) is not null) return LineResult.BadEnding;
        if (whole.PositionOf(Cr) is not { } cr || whole.Slice(cr).Length != 1) return LineResult.BadEnding;
        line = whole.Slice(0, cr);
        return LineResult.Line;
    }

    static byte FirstOctet(in ReadOnlySequence<byte> buffer)
    {
        if (!buffer.FirstSpan.IsEmpty) return buffer.FirstSpan[0];
        new SequenceReader<byte>(buffer).TryPeek(out var octet);
        return octet;
    }
}
