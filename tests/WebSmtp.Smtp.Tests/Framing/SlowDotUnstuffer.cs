namespace WebSmtp.Smtp.Tests.Framing;

/// <summary>
/// What <see cref="WebSmtp.Smtp.Framing.DotUnstuffer"/> has to do, said slowly and with all of the input at hand: the oracle.
/// </summary>
static class SlowDotUnstuffer
{
    public sealed record Outcome(byte[] Content, int Used, bool IsDone, int BareLineEndings);

    public static Outcome Run(byte[] wire, bool dots, bool repair)
    {
        var content = new List<byte>();
        var bare = 0;
        var lineStart = true;
        for (var i = 0; i < wire.Length; i++)
        {
            if (dots && lineStart && wire[i] is (byte)'.')
            {
                if (Ahead(i, ".\r\n")) return new([.. content], i + 3, true, bare);
                lineStart = false;
                // The front of an end that has not fully arrived.
                if (i == wire.Length - 1 || (i == wire.Length - 2 && wire[i + 1] is (byte)'\r')) break;
                continue;
            }
            if (Ahead(i, "\r\n"))
            {
                var afterCr = i > 0 && wire[i - 1] is (byte)'\r';
                if (afterCr) bare++;
                if (!afterCr || !repair) content.AddRange("\r\n"u8);
                lineStart = !afterCr;
                i++;
                continue;
            }
            // The last CR may yet be followed by its LF.
            if (wire[i] is (byte)'\r' && i == wire.Length - 1) break;
            if (wire[i] is (byte)'\r' or (byte)'\n')
            {
                bare++;
                content.AddRange(repair ? "\r\n"u8 : [wire[i]]);
            }
            else
            {
                content.Add(wire[i]);
            }
            lineStart = false;
        }
        return new([.. content], wire.Length, false, bare);

        bool Ahead(int at, string text) => wire.AsSpan(at).StartsWith(System.Text.Encoding.ASCII.GetBytes(text));
    }
}
