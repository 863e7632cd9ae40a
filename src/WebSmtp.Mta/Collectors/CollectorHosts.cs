using System.Net;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Collectors;

/// <summary>Finds the addresses of a provider, never those of the site that collects. Thread-safe.</summary>
public sealed class CollectorHosts(IMailRouteResolver resolver, OwnListeners own)
{
    /// <summary>A name may have any number of addresses; so many are tried.</summary>
    const int MostAddresses = 8;

    /// <summary>What is said of a collector that would collect from its own site.</summary>
    internal static string Itself(string host, int port) =>
        $"{new HostAndPort(host, port)} is this site itself: a site cannot collect from itself. Give the provider's host and port.";

    /// <summary>Addresses in the order to try, or why there are none, in one sentence.</summary>
    internal async Task<(IReadOnlyList<IPEndPoint> Remotes, string? Trouble, bool IsItself)> FindAsync(
        SiteSnapshot site, string host, int port, CancellationToken stop)
    {
        if (own.LeadsTo(site.Endpoints, new(host, port))) return ([], Itself(host, port), true);
        IReadOnlyList<IPAddress> addresses;
        if (IPAddress.TryParse(host, out var literal)) addresses = [literal];
        // RFC 6761 section 6.3: no DNS server is asked for it.
        else if (host is "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal)) addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback];
        else
        {
            var answer = await resolver.ResolveHostAsync(host, stop);
            if (answer.Hosts.Count == 0) return ([], $"{answer.Reason?.TrimEnd('.') ?? $"{host} has no address"}. Correct the host, or look at the DNS servers.", false);
            addresses = [.. answer.Hosts.Select(found => found.Address)];
        }
        var remotes = addresses.Select(address => new IPEndPoint(address, port)).Where(remote => !own.IsOf(site, remote)).Take(MostAddresses).ToList();
        return remotes.Count > 0 ? (remotes, null, false) : ([], Itself(host, port), true);
    }
}
