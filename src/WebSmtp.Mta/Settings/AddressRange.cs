using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace WebSmtp.Mta.Settings;

/// <summary>An address with a prefix length, <c>10.0.0.0/8</c> or <c>::1/128</c>; a bare address is a range of one.</summary>
public readonly record struct AddressRange(IPNetwork Network)
{
    /// <summary>IPv4 addresses mapped into IPv6 are compared as IPv4.</summary>
    public bool Contains(IPAddress address) => Network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    public static bool TryParse([NotNullWhen(true)] string? text, out AddressRange range)
    {
        range = default;
        if (text is null) return false;
        if (!text.Contains('/', StringComparison.Ordinal))
        {
            if (AddressText.Read(text) is not { } one) return false;
            range = new(new IPNetwork(one, one.AddressFamily is System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128));
            return true;
        }
        if (!IPNetwork.TryParse(text, out var network)) return false;
        range = new(network);
        return true;
    }

    public override string ToString() => Network.ToString();
}
