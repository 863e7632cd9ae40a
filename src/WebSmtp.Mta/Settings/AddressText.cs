using System.Net;
using System.Net.Sockets;

namespace WebSmtp.Mta.Settings;

/// <summary>Reads IP addresses that people wrote.</summary>
static class AddressText
{
    /// <summary>
    /// Null when it is not an address in its usual form. The library also takes 127.1, 0x7f000001 and [::1]:25; who
    /// writes so probably meant something else. IPv4 in IPv6 clothes is to be written as IPv4.
    /// </summary>
    public static IPAddress? Read(string text) =>
        text.Contains('[', StringComparison.Ordinal) || !IPAddress.TryParse(text, out var address) || address.IsIPv4MappedToIPv6 ? null
        : address.AddressFamily is AddressFamily.InterNetwork && address.ToString() != text ? null
        : address;
}
