using System.Globalization;

namespace WebSmtp.Smtp;

/// <summary>An enhanced mail system status code, <c>class.subject.detail</c>. RFC 3463.</summary>
public readonly record struct EnhancedStatus(int Class, int Subject, int Detail)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Class}.{Subject}.{Detail}");

    /// <summary>Reads a status from the front of a reply's text; null when the text does not begin with one.</summary>
    public static EnhancedStatus? FromText(ReadOnlySpan<char> text)
    {
        var end = text.IndexOf(' ');
        var word = end < 0 ? text : text[..end];
        Span<Range> parts = stackalloc Range[4];
        if (word.Split(parts, '.') != 3) return null;
        return Part(word[parts[0]], 1) is { } c && c is 2 or 4 or 5
            && Part(word[parts[1]], 3) is { } s && Part(word[parts[2]], 3) is { } d
            ? new(c, s, d)
            : null;

        static int? Part(ReadOnlySpan<char> digits, int max) =>
            digits.Length >= 1 && digits.Length <= max
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;
    }
}
