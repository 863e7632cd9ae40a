using System.Buffers;

namespace WebSmtp.Mta.Submissions;

/// <summary>
/// Makes CRLF of every way to end a line, for content that comes from files: CR LF, LF and CR alone. Notes what the
/// content holds. Not thread-safe.
/// </summary>
sealed class LineEnds
{
    bool _afterCr;
    long _line;

    /// <summary>Octets above 127 were seen.</summary>
    public bool EightBit { get; private set; }

    /// <summary>With its CRLF.</summary>
    public long LongestLine { get; private set; }

    public void Write(ReadOnlySpan<byte> text, IBufferWriter<byte> to)
    {
        if (text.IsEmpty) return;
        if (_afterCr && text[0] is (byte)'\n') text = text[1..];
        _afterCr = false;
        EightBit = EightBit || !System.Text.Ascii.IsValid(text);
        while (!text.IsEmpty)
        {
            var end = text.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                to.Write(text);
                _line += text.Length;
                return;
            }
            to.Write(text[..end]);
            _line += end;
            EndLine(to);
            _afterCr = text[end] is (byte)'\r' && end == text.Length - 1;
            text = text[(text[end..] is [(byte)'\r', (byte)'\n', ..] ? end + 2 : end + 1)..];
        }
    }

    /// <summary>The content ends here: its last line ends as well.</summary>
    public void Complete(IBufferWriter<byte> to)
    {
        if (_line > 0) EndLine(to);
    }

    void EndLine(IBufferWriter<byte> to)
    {
        to.Write("\r\n"u8);
        LongestLine = Math.Max(LongestLine, _line + 2);
        _line = 0;
    }
}
