using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WebSmtp.Mta.Settings;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Sites;

/// <summary>A host and a TCP port to connect to. The host is a domain name, or an address without brackets.</summary>
public sealed record HostAndPort(string Host, int Port)
{
    /// <summary>The host when it is an address, which needs no DNS.</summary>
    public IPAddress? Address => IPAddress.TryParse(Host, out var address) ? address : null;

    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>192.0.2.7:port</c> or <c>[2001:db8::7]:port</c>; without a port it is 25.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HostAndPort? parsed)
    {
        parsed = null;
        var colon = text.LastIndexOf(':');
        var port = 25;
        var host = text;
        // In [2001:db8::7] the last colon is a part of the address.
        if (colon >= 0 && text.IndexOf(']', colon) < 0)
        {
            if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)) return false;
            host = text[..colon];
        }
        if (port is < 1 or > 65535 || !TryParseHost(host, out var name)) return false;
        parsed = new(name, port);
        return true;
    }

    /// <summary>
    /// Reads a domain name, an IPv4 address, or an address in brackets; brackets are taken off, and so is the dot that says
    /// that a name is whole. IPv4 in IPv6 clothes comes out as IPv4.
    /// </summary>
    public static bool TryParseHost(string text, [NotNullWhen(true)] out string? host)
    {
        host = null;
        var bracketed = text is ['[', .., ']'];
        var inner = bracketed ? text[1..^1] : text;
        if (bracketed && IPAddress.TryParse(inner, out var dressed) && dressed.IsIPv4MappedToIPv6)
        {
            host = dressed.MapToIPv4().ToString();
            return true;
        }
        if (AddressText.Read(inner) is { } address)
        {
            if (!bracketed && address.AddressFamily is AddressFamily.InterNetworkV6) return false;
            host = address.ToString();
            return true;
        }
        return !bracketed && DomainName.TryParse(text.AsSpan()[..^(text is [_, .., '.'] ? 1 : 0)], out host);
    }

    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
