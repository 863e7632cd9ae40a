using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace WebSmtp.Smtp.Addresses;

/// <summary>Address literals, <c>[192.0.2.1]</c> and <c>[IPv6:2001:db8::1]</c>. RFC 5321 section 4.1.3.</summary>
public static class AddressLiteral
{
    const string Ipv6Tag = "IPv6:";

    /// <summary>Reads a literal with its brackets. <paramref name="literal"/> is its one right spelling.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? literal)
    {
        literal = null;
        if (text is not ['[', .. var inner, ']']) return false;
        if (inner.StartsWith(Ipv6Tag, StringComparison.OrdinalIgnoreCase))
        {
            var digits = inner[Ipv6Tag.Length..];
            // A zone means something only on the peer's own machine.
            if (digits.ContainsAny('%', '[') || !IPAddress.TryParse(digits, out var address)
                || address.AddressFamily is not AddressFamily.InterNetworkV6)
            {
                return false;
            }
            literal = $"[{Ipv6Tag}{address}]";
            return true;
        }
        if (!IsDottedQuad(inner)) return false;
        literal = text.ToString();
        return true;
    }

    /// <summary>IPAddress.TryParse would also take 1, 0x7f.1 and 010.0.0.1.</summary>
    static bool IsDottedQuad(ReadOnlySpan<char> text)
    {
        var parts = 0;
        foreach (var range in text.Split('.'))
        {
            var part = text[range];
            if (part.Length > 1 && part[0] is '0') return false;
            if (!byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _)) return false;
            parts++;
        }
        return parts == 4;
    }
}
