using System.Buffers;

namespace WebSmtp.Smtp.Framing;

/// <summary>
/// Takes content out of its framing, across any segmentation. RFC 5321 section 4.5.2. Holds back at most a dot and two CR;
/// the message itself is never held. Only CRLF.CRLF ends it. LF.LF, CR.CR and friends, CR CR LF.CRLF among them, are ends
/// to some and content to others, which is how mail is smuggled: there it stops without deciding. A bare CR or LF
/// elsewhere is content, and is counted so that the message can be refused afterwards.
/// </summary>
/// <param name="dots">False for chunks (BDAT): nothing is stuffed and nothing ends the content, line ends are only watched.</param>
/// <param name="repair">Bare CR and LF become CRLF, and CR CR LF one CRLF. Nothing is ambiguous then.</param>
sealed class DotUnstuffer(bool dots = true, bool repair = false)
{
    enum At { LineStart, Dot, DotCr, OddStart, OddDot, Inside, Cr, CrCr, Done, Ambiguous }

    const byte Cr = (byte)'\r';
    const byte Lf = (byte)'\n';
    const byte Dot = (byte)'.';

    At _at = At.LineStart;

    /// <summary>Where the line that arrives began, as a <see cref="Count"/>.</summary>
    long _lineStart;

    /// <summary>Of the lines that have ended.</summary>
    long _longest;

    public bool IsDone => _at is At.Done;

    /// <summary>A dot stood alone between two line ends that are not both CRLF. Whether that was the end nobody can say.</summary>
    public bool IsAmbiguous => _at is At.Ambiguous;

    /// <summary>CR and LF met that were not part of a CRLF.</summary>
    public int BareLineEndings { get; private set; }

    /// <summary>Octets of content so far, as they are stored.</summary>
    public long Count { get; private set; }

    /// <summary>Octets of the longest line so far, with its CRLF and without a dot that was stuffed. RFC 5321 section 4.5.3.1.6.</summary>
    public long LongestLine => Math.Max(_longest, Count - _lineStart);

    /// <summary>
    /// Copies content to <paramref name="output"/>, or only counts it when that is null; returns how many octets of
    /// input were used, which is all of them until <see cref="IsDone"/> or <see cref="IsAmbiguous"/>.
    /// </summary>
    public int Feed(ReadOnlySpan<byte> input, IBufferWriter<byte>? output)
    {
        var used = 0;
        while (used < input.Length && _at is not (At.Done or At.Ambiguous))
        {
            var run = _at is At.Inside or At.LineStart ? Run(input[used..], output) : 0;
            used += run > 0 ? run : Step(input[used], output);
        }
        return used;
    }

    /// <summary>The content ended with its last chunk, though a CR was waiting for its LF.</summary>
    public void End(IBufferWriter<byte>? output)
    {
        if (_at is At.Cr or At.CrCr) PutBareCr(output);
        _at = At.Done;
    }

    /// <summary>Copies in one go whatever needs no thought: whole lines, up to a dot in front or an odd line end.</summary>
    int Run(ReadOnlySpan<byte> input, IBufferWriter<byte>? output)
    {
        if (dots && _at is At.LineStart && input[0] is Dot) return 0;
        var end = 0;
        var at = At.Inside;
        while (true)
        {
            var next = input[end..].IndexOfAny(Cr, Lf);
            if (next < 0)
            {
                end = input.Length;
                break;
            }
            end += next;
            if (end + 1 >= input.Length || input[end] is not Cr || input[end + 1] is not Lf) break;
            end += 2;
            EndLine(Count + end);
            if (end == input.Length || (dots && input[end] is Dot))
            {
                at = At.LineStart;
                break;
            }
        }
        if (end == 0) return 0;
        _at = at;
        Put(input[..end], output);
        return end;
    }

    /// <summary>One octet, or none when the state had to change first.</summary>
    int Step(byte octet, IBufferWriter<byte>? output)
    {
        switch (_at, octet)
        {
            case (At.LineStart, Dot) when dots:
                _at = At.Dot;
                return 1;
            case (At.Dot, Cr):
                _at = At.DotCr;
                return 1;
            case (At.DotCr, Lf):
                _at = At.Done;
                return 1;
            case (At.DotCr, _):
                _at = repair ? At.Cr : At.Ambiguous;
                return 0;
            case (At.Dot, Lf) or (At.OddDot, Cr or Lf) when !repair:
                _at = At.Ambiguous;
                return 1;
            case (At.OddStart, Dot) when dots:
                Put("."u8, output);
                _at = At.OddDot;
                return 1;
            case (At.Dot, _):
                _at = At.Inside;
                return 0;
            case (At.Cr, Lf):
                Put("\r\n"u8, output);
                EndLine(Count);
                _at = At.LineStart;
                return 1;
            case (At.CrCr, Lf):
                BareLineEndings++;
                if (!repair) Put("\r\n"u8, output);
                EndLine(Count);
                _at = repair ? At.LineStart : At.OddStart;
                return 1;
            case (At.Cr or At.CrCr, Cr):
                PutBareCr(output);
                _at = At.CrCr;
                return 1;
            case (At.Cr or At.CrCr, _):
                PutBareCr(output);
                _at = At.OddStart;
                return 0;
            case (_, Lf):
                BareLineEndings++;
                Put(repair ? "\r\n"u8 : "\n"u8, output);
                EndLine(Count);
                _at = At.OddStart;
                return 1;
            case (_, Cr):
                _at = At.Cr;
                return 1;
            default:
                Put([octet], output);
                _at = At.Inside;
                return 1;
        }
    }

    void PutBareCr(IBufferWriter<byte>? output)
    {
        BareLineEndings++;
        Put(repair ? "\r\n"u8 : "\r"u8, output);
        EndLine(Count);
    }

    void EndLine(long end)
    {
        _longest = Math.Max(_longest, end - _lineStart);
        _lineStart = end;
    }

    void Put(ReadOnlySpan<byte> content, IBufferWriter<byte>? output)
    {
        Count += content.Length;
        output?.Write(content);
    }
}
