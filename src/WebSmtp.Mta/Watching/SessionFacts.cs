using System.Net;

namespace WebSmtp.Mta.Watching;

/// <summary>Who opened the connection.</summary>
public enum SessionDirection { Inbound, Outbound }

/// <summary>What a connection is for: a client's mail, our deliveries, held mail that is brought, mail that we collect.</summary>
public enum SessionPurpose { Client, Delivery, Collection, Collector }

/// <summary>What is known of a connection when it is opened.</summary>
public sealed record SessionFacts(
    string Id, int SiteId, SessionDirection Direction, SessionPurpose Purpose, EndPoint? Remote, EndPoint? Local, DateTimeOffset StartedAt)
{
    /// <summary>The peer's address for records, without its port; what the transport calls itself where it has none.</summary>
    public string Address { get; } = Remote is IPEndPoint ip ? Plain(ip.Address).ToString() : Remote?.ToString() ?? "";

    /// <summary>An endpoint for people: addresses of IPv4 as such.</summary>
    public static string Show(EndPoint? endpoint) => endpoint is IPEndPoint ip ? new IPEndPoint(Plain(ip.Address), ip.Port).ToString() : endpoint?.ToString() ?? "";

    static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
