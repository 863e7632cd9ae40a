using System.Text;

namespace WebSmtp.Smtp.Sasl;

/// <summary>What travels in base64 during an AUTH exchange. RFC 4954 section 4.</summary>
static class SaslText
{
    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The decoded text; null when it is not base64, or holds no UTF-8. A lone <c>=</c> is the empty text.</summary>
    public static string? Decode(string base64)
    {
        if (base64 is "=" or "") return "";
        // The decoder of the base library skips white space, which has no place here.
        if (base64.AsSpan().ContainsAny(" \t")) return null;
        var octets = new byte[base64.Length];
        try
        {
            return Convert.TryFromBase64String(base64, octets, out var length) ? StrictUtf8.GetString(octets, 0, length) : null;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
