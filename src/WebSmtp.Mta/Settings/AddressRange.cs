using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

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
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (AddressText.Read(slash < 0 ? text : text[..slash]) is not { } address) return false;
        if (slash < 0)
        {
            range = new(new IPNetwork(address, address.AddressFamily is AddressFamily.InterNetwork ? 32 : 128));
            return true;
        }
        // 10.1.2.3/8 is either one address or a whole network: whoever wrote it has to say which.
        if (!IPNetwork.TryParse(text, out var network) || !network.BaseAddress.Equals(address)) return false;
        range = new(network);
        return true;
    }

    public override string ToString() => Network.ToString();
}
