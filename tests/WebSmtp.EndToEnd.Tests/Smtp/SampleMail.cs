using System.Text;

namespace WebSmtp.EndToEnd.Tests.Smtp;

/// <summary>Messages that are easily damaged on the way. All end in CRLF, so that DATA can carry them unchanged.</summary>
static class SampleMail
{
    /// <summary>By name; each must come out of a collection as it went in.</summary>
    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>(StringComparer.Ordinal)
    {
        ["plain"] = Plain("plain"),
        ["leading dots"] = Text("Subject: dots\r\n\r\n.\r\n..\r\n...\r\n.hidden\r\n..twice\r\nnot . here\r\n.\r\n.\r\n"),
        ["a lone dot"] = Text("Subject: dot\r\n\r\n.\r\n"),
        ["a dot first"] = Text(".Subject: no field\r\n\r\nx\r\n"),
        ["8-bit"] = [.. "Subject: 8-bit\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"u8, .. EightBit(), .. "\r\n"u8],
        ["lines of 998 octets"] = Text($"Subject: long lines\r\n\r\n{new string('x', 998)}\r\n.{new string('y', 997)}\r\n{new string('z', 998)}\r\n"),
        ["empty body"] = Text("Subject: empty\r\n\r\n"),
        ["fields only"] = Text("Subject: fields\r\nX-Last: yes\r\n"),
        ["blank lines"] = Text("Subject: blank\r\n\r\n\r\n\r\n\r\n"),
        ["nothing"] = [],
        ["no fields"] = Text("\r\nA body without fields.\r\n"),
        ["a folded field"] = Text("Received: from elsewhere\r\n\tby nowhere; Mon, 23 Nov 2026 00:00:00 +0000\r\nSubject: two\r\n lines\r\n\r\nbody\r\n"),
    };

    /// <summary>A small message with this subject.</summary>
    public static byte[] Plain(string subject) =>
        Text($"From: sender@away.example\r\nTo: somebody@elsewhere.example\r\nSubject: {subject}\r\n\r\nThis is {subject}.\r\n");

    /// <summary>Lines that look random and begin with a dot now and then, the same ones every time.</summary>
    public static byte[] OfSize(int octets, string subject = "large")
    {
        const int line = 78;
        var content = new MemoryStream(octets);
        content.Write(Encoding.ASCII.GetBytes($"Subject: {subject}\r\n\r\n"));
        var state = 0x9E3779B9u;
        while (content.Length < octets)
        {
            var left = octets - (int)content.Length;
            for (var column = (left < 2 * line ? left : line) - 2; column > 0; column--)
            {
                state = state * 1_664_525 + 1_013_904_223;
                content.WriteByte((byte)('!' + (state >> 24) % 94));
            }
            content.Write("\r\n"u8);
        }
        return content.ToArray();
    }

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    // Every octet but NUL, CR and LF, in lines of 64.
    static IEnumerable<byte> EightBit()
    {
        for (var octet = 1; octet < 256; octet++)
        {
            if (octet is '\r' or '\n') continue;
            yield return (byte)octet;
            if (octet % 64 != 0) continue;
            yield return (byte)'\r';
            yield return (byte)'\n';
        }
    }
}
