using System.Globalization;

namespace WebSmtp.Smtp;

/// <summary>
/// A whole SMTP reply: code, enhanced status and text lines. RFC 5321 section 4.2, RFC 2034.
/// <paramref name="Status"/> is null where the standard forbids one (greeting, EHLO, 334, 354) and in replies of
/// peers that sent none. The lines carry neither code nor status.
/// </summary>
public sealed record Reply(int Code, EnhancedStatus? Status, IReadOnlyList<string> Lines)
{
    public Reply(int code, EnhancedStatus? status, string text) : this(code, status, [text]) { }

    /// <summary>A reply with a status given as its three numbers.</summary>
    public Reply(int code, int statusClass, int subject, int detail, string text)
        : this(code, new EnhancedStatus(statusClass, subject, detail), [text]) { }

    public bool IsPositive => Code is >= 200 and < 300;
    public bool IsTransient => Code is >= 400 and < 500;
    public bool IsPermanent => Code is >= 500 and < 600;

    /// <summary>The text lines joined by a blank.</summary>
    public string Text => string.Join(' ', Lines);

    /// <summary>One line for people and logs: <c>452 4.2.2 Mailbox full</c>.</summary>
    public override string ToString() => Status is { } status
        ? string.Create(CultureInfo.InvariantCulture, $"{Code} {status} {Text}")
        : string.Create(CultureInfo.InvariantCulture, $"{Code} {Text}");

    public bool Equals(Reply? other) =>
        other is not null && Code == other.Code && Status == other.Status && Lines.SequenceEqual(other.Lines);

    public override int GetHashCode() => HashCode.Combine(Code, Status, Lines.Count);
}
