using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace WebSmtp.Smtp.Addresses;

/// <summary>
/// Reads reverse-paths and forward-paths off a command line. RFC 5321 section 4.1.2, RFC 6531 section 3.3. Source routes
/// are read and ignored (RFC 5321 appendix C).
/// </summary>
static class PathParser
{
    const int MaxLocalPart = 64;
    const int MaxPath = 256;

    /// <summary>Throws on what is not UTF-8, instead of guessing.</summary>
    static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What an atom may hold, the dots between atoms, and the octets of UTF-8.</summary>
    static readonly SearchValues<byte> DotString = SearchValues.Create(
        [.. "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~."u8,
            .. Enumerable.Range(0x80, 0x80).Select(octet => (byte)octet)]);

    /// <summary>
    /// Reads a path in angle brackets from the front of <paramref name="text"/>; <paramref name="length"/> is what it
    /// took. <paramref name="international"/>: the path needs SMTPUTF8.
    /// </summary>
    public static bool TryRead(
        ReadOnlySpan<byte> text, [NotNullWhen(true)] out MailAddress? address, out bool international, out int length)
    {
        address = null;
        international = false;
        length = 0;
        if (text is not [(byte)'<', .. var inner]) return false;
        var route = RouteLength(inner);
        if (route < 0) return false;
        var mailbox = inner[route..];
        if (!TryReadMailbox(mailbox, out address, out var used) || used >= mailbox.Length || mailbox[used] is not (byte)'>')
            return false;
        // A null path or a name without a domain cannot have come over hosts.
        if (route > 0 && address.Domain.Length == 0) return false;
        international = !Ascii.IsValid(mailbox[..used]);
        length = 1 + route + used + 1;
        return true;
    }

    /// <summary>
    /// Reads a mailbox up to the first octet that cannot belong to it; the caller knows what has to stand there.
    /// Nothing at all is the null reverse-path; no <c>@</c> makes an address without a domain.
    /// </summary>
    public static bool TryReadMailbox(ReadOnlySpan<byte> text, [NotNullWhen(true)] out MailAddress? address, out int length)
    {
        address = null;
        length = text is [(byte)'"', ..] ? QuotedLength(text) : DotStringLength(text);
        if (length is < 0 or > MaxLocalPart) return false;
        if (length == 0)
        {
            address = MailAddress.Null;
            return true;
        }
        if (Decode(text[..length]) is not { } local) return false;
        if (length == text.Length || text[length] is not (byte)'@')
        {
            address = new(local, "");
            return true;
        }
        var rest = text[(length + 1)..];
        var end = rest.IndexOf((byte)'>');
        var domainText = end < 0 ? rest : rest[..end];
        length += 1 + domainText.Length;
        if (length + 2 > MaxPath || ReadDomain(domainText) is not { } domain) return false;
        address = new(local, domain);
        return true;
    }

    static string? ReadDomain(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > DomainName.MaxLength) return null;
        Span<char> chars = stackalloc char[text.Length];
        if (!Encoding.UTF8.TryGetChars(text, chars, out var count)) return null;
        // Octets that are no UTF-8 became U+FFFD, which no domain may hold.
        chars = chars[..count];
        return chars[0] is '['
            ? AddressLiteral.TryParse(chars, out var literal) ? literal : null
            : DomainName.TryParse(chars, allowUnderscore: true, out var domain) ? domain : null;
    }

    /// <summary>The length of <c>@a,@b:</c> in front of a mailbox; 0 without one, -1 for something else.</summary>
    static int RouteLength(ReadOnlySpan<byte> text)
    {
        if (text is not [(byte)'@', ..]) return 0;
        var colon = text.IndexOf((byte)':');
        if (colon is < 0 or > MaxPath) return -1;
        var hosts = text[..colon];
        foreach (var range in hosts.Split((byte)','))
            if (hosts[range] is not [(byte)'@', .. var host] || ReadDomain(host) is null) return -1;
        return colon + 1;
    }

    static int DotStringLength(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAnyExcept(DotString);
        var local = end < 0 ? text : text[..end];
        return local is [(byte)'.', ..] or [.., (byte)'.'] || local.IndexOf(".."u8) >= 0 ? -1 : local.Length;
    }

    static int QuotedLength(ReadOnlySpan<byte> text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] is (byte)'"') return i + 1;
            if (text[i] is (byte)'\\' && ++i == text.Length) return -1;
            // A quoted pair may hold any printable octet, other text also UTF-8; neither may hold controls.
            if (text[i] is < 0x20 or 0x7f) return -1;
        }
        return -1;
    }

    static string? Decode(ReadOnlySpan<byte> local)
    {
        try
        {
            return StrictUtf8.GetString(local);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
