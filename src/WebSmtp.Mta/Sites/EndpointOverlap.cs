using System.Net;
using System.Net.Sockets;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Mta.Sites;

/// <summary>
/// Which endpoints cannot be bound at the same time. 0.0.0.0 takes every IPv4 address; [::] is bound for both families
/// and takes every address.
/// </summary>
public static class EndpointOverlap
{
    /// <summary>The same socket: only what is spoken on it may differ.</summary>
    public static bool IsSame(SiteEndpoint one, SiteEndpoint other) =>
        one.Port == other.Port && one.Address == other.Address;

    /// <summary>Only one of the two can be bound.</summary>
    public static bool Overlaps(SiteEndpoint one, SiteEndpoint other)
    {
        if (one.Port != other.Port) return false;
        var a = IPAddress.Parse(one.Address);
        var b = IPAddress.Parse(other.Address);
        return a.Equals(b) || Covers(a, b) || Covers(b, a);
    }

    /// <summary>Null when nothing can listen there.</summary>
    public static IPAddress? ReadAddress(string text) =>
        AddressText.Read(text) is { IsIPv6Multicast: false } address && !IsIPv4Multicast(address) ? address : null;

    /// <summary><c>127.0.0.1:25</c>, <c>[::1]:25</c>.</summary>
    public static string Show(SiteEndpoint endpoint) =>
        endpoint.Address.Contains(':', StringComparison.Ordinal) ? $"[{endpoint.Address}]:{endpoint.Port}" : $"{endpoint.Address}:{endpoint.Port}";

    /// <summary>What to add about <paramref name="taken"/> when it is not simply the same as <paramref name="wanted"/>.</summary>
    public static string Explain(SiteEndpoint wanted, SiteEndpoint taken) =>
        IsSame(wanted, taken) ? ""
        : $", which listens on {Show(taken)}{(IsDual(wanted) || IsDual(taken) ? "; [::] takes IPv4 addresses as well" : "")}";

    static bool IsDual(SiteEndpoint endpoint) => endpoint.Address == "::";

    // And what lies above: reserved, and broadcast.
    static bool IsIPv4Multicast(IPAddress address) =>
        address.AddressFamily is AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224;

    static bool Covers(IPAddress wide, IPAddress address) =>
        wide.Equals(IPAddress.IPv6Any) || wide.Equals(IPAddress.Any) && address.AddressFamily is AddressFamily.InterNetwork;
}
