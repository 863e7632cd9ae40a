namespace WebSmtp.Smtp.Tests.Framing;

/// <summary>
/// What <see cref="WebSmtp.Smtp.Framing.DotUnstuffer"/> has to do, said slowly and with all of the input at hand: the oracle.
/// </summary>
static class SlowDotUnstuffer
{
    public sealed record Outcome(byte[] Content, int Used, bool IsDone, bool IsAmbiguous, int BareLineEndings);

    public static Outcome Run(byte[] wire, bool dots, bool repair)
    {
        var content = new List<byte>();
        var bare = 0;
        for (var i = 0; i < wire.Length; i++)
        {
            var afterCrlf = i == 0 || (Behind(i, "\r\n") && (repair || !Behind(i, "\r\r\n")));
            var afterOddEnd = !afterCrlf && (Behind(i, "\r") || Behind(i, "\n"));
            if (dots && wire[i] is (byte)'.' && (afterCrlf || (afterOddEnd && !repair)))
            {
                if (afterCrlf && Ahead(i, ".\r\n")) return new([.. content], i + 3, true, false, bare);
                // A CR after a CRLF and a dot decides only with the octet behind it.
                var alone = Ahead(i, ".\n") || (Ahead(i, ".\r") && (afterOddEnd || i + 2 < wire.Length));
                if (afterOddEnd) content.Add((byte)'.');
                if (alone && !repair) return new([.. content], i + 2, false, true, bare);
                // The front of an end that has not fully arrived.
                if (afterCrlf && i == wire.Length - 2 && Ahead(i, ".\r")) break;
                continue;
            }
            if (Ahead(i, "\r\n"))
            {
                var afterCr = Behind(i, "\r");
                if (afterCr) bare++;
                if (!afterCr || !repair) content.AddRange("\r\n"u8);
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
        }
        return new([.. content], wire.Length, false, false, bare);

        bool Ahead(int at, string text) => wire.AsSpan(at).StartsWith(System.Text.Encoding.ASCII.GetBytes(text));

        bool Behind(int at, string text) => wire.AsSpan(0, at).EndsWith(System.Text.Encoding.ASCII.GetBytes(text));
    }
}
