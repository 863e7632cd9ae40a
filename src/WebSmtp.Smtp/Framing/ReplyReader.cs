using System.Buffers;
using System.Globalization;
using System.Text;

namespace WebSmtp.Smtp.Framing;

internal enum ReplyRead { NeedMore, Whole, Malformed }

/// <summary>
/// Puts a server's replies together line by line. RFC 5321 section 4.2. Only CRLF ends a line; a line, and a whole
/// reply, are bounded before memory is spent on them. One reader for each conversation; after
/// <see cref="ReplyRead.Malformed"/> the place in the conversation is lost and nothing more may be read.
/// </summary>
internal sealed class ReplyReader(ISessionObserver? observer)
{
    /// <summary>Bytes of a line without CRLF. RFC 5321 section 4.5.3.1.5 says 512; real servers say more.</summary>
    public const int MaxLineBytes = 2048;
    public const int MaxLines = 100;
    public const int MaxReplyBytes = 64 * 1024;

    /// <summary>Stands for a secret.</summary>
    public const string Masked = "***";

    const int ExcerptLength = 60;

    List<string> _lines = [];
    EnhancedStatus? _status;
    int _code;
    int _bytes;

    /// <summary>
    /// What was said last, if nobody may see it: some servers repeat what they do not like. It is in no line that leaves
    /// here.
    /// </summary>
    public string? Secret { get; set; }

    /// <summary>The password or token in clear, which some repeat too.</summary>
    public string? ClearSecret { get; set; }

    /// <summary>Of all replies so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>What was wrong, in words for people, after <see cref="ReplyRead.Malformed"/>.</summary>
    public string Complaint { get; private set; } = "";

    /// <summary>
    /// Takes lines off the front of <paramref name="buffer"/> until a reply is whole; keeps what it took of an
    /// unfinished one.
    /// </summary>
    public ReplyRead TryRead(ref ReadOnlySequence<byte> buffer, out Reply? reply)
    {
        reply = null;
        while (buffer.PositionOf((byte)'\n') is { } end)
        {
            var line = buffer.Slice(0, end);
            if (line.Length > MaxLineBytes + 1) return Malformed("a line of the reply is too long");
            buffer = buffer.Slice(buffer.GetPosition(1, end));

            var last = TakeLine(line.IsSingleSegment ? line.FirstSpan : line.ToArray());
            if (last is null) return ReplyRead.Malformed;
            if (last is false) continue;

            reply = new(_code, _status, _lines);
            (_lines, _status, _bytes) = ([], null, 0);
            return ReplyRead.Whole;
        }
        return buffer.Length > MaxLineBytes + 1 ? Malformed("a line of the reply is too long") : ReplyRead.NeedMore;
    }

    /// <summary>Was it the reply's last line; null when it cannot be part of a reply.</summary>
    bool? TakeLine(ReadOnlySpan<byte> line)
    {
        if (line is not [.., (byte)'\r']) return Complain("a line of the reply ends in a bare LF");
        line = line[..^1];

        _bytes += line.Length + 2;
        if (_lines.Count == MaxLines || _bytes > MaxReplyBytes) return Complain("the reply is too long");

        var text = Printable(line);
        if (Secret is { Length: > 1 }) text = text.Replace(Secret, Masked, StringComparison.Ordinal);
        if (ClearSecret is { Length: > 3 }) text = text.Replace(ClearSecret, Masked, StringComparison.Ordinal);
        BytesRead += line.Length + 2;
        if (observer is { Listens: true }) observer.ServerSaid(text);

        if (CodeOf(line) is not { } code)
        {
            return Complain($"not an SMTP reply: {text[..Math.Min(text.Length, ExcerptLength)]}");
        }
        if (_lines.Count > 0 && code != _code)
        {
            return Complain($"the code changed inside a reply, from {_code} to {code}");
        }

        _code = code;
        _lines.Add(WithoutStatus(text.Length > 4 ? text[4..] : ""));
        return line.Length == 3 || line[3] == (byte)' ';
    }

    static int? CodeOf(ReadOnlySpan<byte> line) =>
        line is [>= (byte)'2' and <= (byte)'5', _, _, ..]
        && (line.Length == 3 || line[3] is (byte)' ' or (byte)'-')
        && int.TryParse(line[..3], NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? code
            : null;

    /// <summary>RFC 2034 section 4 puts the status in every line; a class that contradicts the code is none.</summary>
    string WithoutStatus(string text)
    {
        if (EnhancedStatus.FromText(text) is not { } status || status.Class != _code / 100) return text;
        _status ??= status;
        var blank = text.IndexOf(' ', StringComparison.Ordinal);
        return blank < 0 ? "" : text[(blank + 1)..];
    }

    /// <summary>UTF-8 (RFC 6531 section 3.5), without what could take control of a terminal or a log.</summary>
    static string Printable(ReadOnlySpan<byte> line)
    {
        var text = Encoding.UTF8.GetString(line);
        if (!text.Any(char.IsControl)) return text;
        return string.Concat(text.Where(c => c == '\t' || !char.IsControl(c)).Select(c => c == '\t' ? ' ' : c));
    }

    bool? Complain(string complaint)
    {
        Complaint = complaint;
        return null;
    }

    ReplyRead Malformed(string complaint)
    {
        Complaint = complaint;
        return ReplyRead.Malformed;
    }
}
