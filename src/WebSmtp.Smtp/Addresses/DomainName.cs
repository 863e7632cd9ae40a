using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace WebSmtp.Smtp.Addresses;

/// <summary>
/// Reads domain names. RFC 5321 section 4.1.2, RFC 1035 section 2.3.1, RFC 5891. What comes out is lower case and in
/// A-label form, so that two spellings of one domain are one string.
/// </summary>
public static class DomainName
{
    /// <summary>Octets of a domain in an envelope. RFC 5321 section 4.5.3.1.2.</summary>
    public const int MaxLength = 255;
    const int MaxLabelLength = 63;

    static readonly IdnMapping Idn = new();
    static readonly SearchValues<char> LetterDigitHyphen = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");

    /// <summary>
    /// Reads a domain of one or more labels, given with A-labels or U-labels. Not a domain: an address literal, a name
    /// whose last label is a number (it would pass for an IPv4 address), a trailing dot.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? domain) =>
        TryParse(text, allowUnderscore: false, out domain);

    /// <summary>Reads a domain, or <c>*.</c> and a domain, which stands for every name below that domain.</summary>
    public static bool TryParsePattern(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? pattern)
    {
        if (!text.StartsWith("*.", StringComparison.Ordinal)) return TryParse(text, out pattern);
        pattern = TryParse(text[2..], out var parent) ? "*." + parent : null;
        return pattern is not null;
    }

    /// <summary>
    /// As the public method; <paramref name="allowUnderscore"/> for what peers call themselves and their senders: names
    /// like MY_PRINTER are against the rules and common.
    /// </summary>
    internal static bool TryParse(ReadOnlySpan<char> text, bool allowUnderscore, [NotNullWhen(true)] out string? domain)
    {
        domain = null;
        if (text.Length is 0 or > MaxLength) return false;
        var ascii = System.Text.Ascii.IsValid(text) ? null : ToAscii(text);
        if (ascii is null && !System.Text.Ascii.IsValid(text)) return false;
        var source = ascii is null ? text : ascii;
        if (source.Length > MaxLength) return false;

        Span<char> lower = stackalloc char[source.Length];
        System.Text.Ascii.ToLower(source, lower, out _);
        if (!IsValid(lower, allowUnderscore)) return false;
        domain = new(lower);
        return true;
    }

    static string? ToAscii(ReadOnlySpan<char> text)
    {
        try
        {
            return Idn.GetAscii(text.ToString());
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    static bool IsValid(ReadOnlySpan<char> domain, bool allowUnderscore)
    {
        ReadOnlySpan<char> label = default;
        foreach (var range in domain.Split('.'))
        {
            label = domain[range];
            if (label.Length is 0 or > MaxLabelLength || label[0] is '-' || label[^1] is '-') return false;
            for (var rest = label; rest.IndexOfAnyExcept(LetterDigitHyphen) is var odd and >= 0; rest = rest[(odd + 1)..])
                if (rest[odd] is not '_' || !allowUnderscore) return false;
        }
        return label.ContainsAnyExcept(Digits);
    }
}
