using System.Buffers;
using System.Globalization;
using System.Text;

namespace WebSmtp.Smtp;

/// <summary>Puts replies on the wire. RFC 5321 section 4.2.1, RFC 2034 section 4.</summary>
static class ReplyWriter
{
    /// <summary>Octets of a reply line with its CRLF. RFC 5321 section 4.5.3.1.5.</summary>
    const int MaxLine = 512;

    static readonly SearchValues<char> Printable = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x7f - 0x20).Select(c => (char)c)]);

    /// <summary>
    /// Writes a whole reply, and shows it to <paramref name="observer"/>. Whatever is not printable US-ASCII becomes a
    /// question mark: a text that quotes the peer must not be able to forge a line.
    /// </summary>
    /// <returns>Octets written.</returns>
    public static int Write(IBufferWriter<byte> output, Reply reply, ISessionObserver? observer)
    {
        var written = 0;
        if (observer is { Listens: false }) observer = null;
        for (var i = 0; i < reply.Lines.Count; i++)
        {
            var span = output.GetSpan(MaxLine);
            var length = Format(span[..(MaxLine - 2)], reply, reply.Lines[i], isLast: i == reply.Lines.Count - 1);
            observer?.ServerSaid(Encoding.ASCII.GetString(span[..length]));
            "\r\n"u8.CopyTo(span[length..]);
            output.Advance(length + 2);
            written += length + 2;
        }
        return written;
    }

    static int Format(Span<byte> line, Reply reply, string text, bool isLast)
    {
        reply.Code.TryFormat(line, out var length, default, CultureInfo.InvariantCulture);
        line[length++] = isLast ? (byte)' ' : (byte)'-';
        if (reply.Status is { } status)
        {
            length += Number(line[length..], status.Class, '.');
            length += Number(line[length..], status.Subject, '.');
            length += Number(line[length..], status.Detail, ' ');
        }
        var room = Math.Min(text.Length, line.Length - length);
        var source = text.AsSpan(0, room);
        if (source.ContainsAnyExcept(Printable))
        {
            foreach (var c in source) line[length++] = Printable.Contains(c) ? (byte)c : (byte)'?';
            return length;
        }
        Encoding.ASCII.GetBytes(source, line[length..]);
        return length + room;

        static int Number(Span<byte> target, int number, char end)
        {
            number.TryFormat(target, out var digits, default, CultureInfo.InvariantCulture);
            target[digits] = (byte)end;
            return digits + 1;
        }
    }
}
