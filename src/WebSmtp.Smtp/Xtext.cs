using System.Buffers;
using System.Globalization;
using System.Text;

namespace WebSmtp.Smtp;

/// <summary>The encoding of DSN parameters: <c>+</c> and two hexadecimal digits for what may not stand in a command. RFC 3461 section 4.</summary>
public static class Xtext
{
    /// <summary>Printable US-ASCII but for <c>+</c> and <c>=</c>.</summary>
    static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range(0x21, 0x7e - 0x20).Select(octet => (byte)octet).Where(octet => octet is not ((byte)'+' or (byte)'='))]);

    /// <summary>The text that was encoded; null when this is not xtext, or encodes control characters or what is no UTF-8.</summary>
    public static string? Decode(ReadOnlySpan<byte> encoded)
    {
        var octets = new ArrayBufferWriter<byte>(Math.Max(1, encoded.Length));
        while (!encoded.IsEmpty)
        {
            var end = encoded.IndexOfAnyExcept(Plain);
            if (end < 0) end = encoded.Length;
            octets.Write(encoded[..end]);
            encoded = encoded[end..];
            if (encoded.IsEmpty) break;
            if (encoded is not [(byte)'+', ..] || encoded.Length < 3
                || !byte.TryParse(encoded[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet)
                || octet is < 0x20 or 0x7f)
            {
                return null;
            }
            octets.Write([octet]);
            encoded = encoded[3..];
        }
        var text = Encoding.UTF8.GetString(octets.WrittenSpan);
        return text.Contains('\uFFFD') ? null : text;
    }

    public static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            if (Plain.Contains(octet)) encoded.Append((char)octet);
            else encoded.Append(CultureInfo.InvariantCulture, $"+{octet:X2}");
        }
        return encoded.ToString();
    }

    /// <summary>
    /// The form for hosts that may not take UTF-8: <c>\x{…}</c> for what is not ASCII and for what would need xtext.
    /// RFC 6533 section 3, utf-8-addr-xtext.
    /// </summary>
    public static string EncodeUnicode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii && Plain.Contains((byte)rune.Value) && rune.Value is not '\\') encoded.Append((char)rune.Value);
            else encoded.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X2}}}");
        }
        return encoded.ToString();
    }
}
