namespace WebSmtp.EndToEnd.Tests.Smtp;

/// <summary>RFC 5321 section 4.5.2, written apart from the product so that neither hides the other's mistake.</summary>
static class DotStuffing
{
    /// <summary>What goes over the wire for this content, with the final dot.</summary>
    public static byte[] Stuff(ReadOnlySpan<byte> content)
    {
        if (!content.IsEmpty && !content.EndsWith("\r\n"u8)) throw new ArgumentException("DATA can only carry what ends in CRLF.", nameof(content));
        var stuffed = new MemoryStream(content.Length + content.Length / 64 + 8);
        while (!content.IsEmpty)
        {
            var lf = content.IndexOf((byte)'\n');
            var line = lf < 0 ? content : content[..(lf + 1)];
            if (line[0] == '.') stuffed.WriteByte((byte)'.');
            stuffed.Write(line);
            content = content[line.Length..];
        }
        stuffed.Write(".\r\n"u8);
        return stuffed.ToArray();
    }

    /// <summary>A line of content as it was meant.</summary>
    public static ReadOnlyMemory<byte> Unstuff(ReadOnlyMemory<byte> line) => line.Span is [(byte)'.', ..] ? line[1..] : line;
}
