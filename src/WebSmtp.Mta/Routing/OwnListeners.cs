using System.Net;
using System.Net.NetworkInformation;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Routing;

/// <summary>
/// Which addresses are this program itself: mail that went there would come straight back. Other ports of this machine
/// are hosts like any other. Thread-safe.
/// </summary>
public sealed class OwnListeners
{
    readonly SiteRegistry _sites;
    readonly Func<IPAddress, bool> _isOfThisMachine;

    public OwnListeners(SiteRegistry sites) : this(sites, IsOfThisMachine) { }

    internal OwnListeners(SiteRegistry sites, Func<IPAddress, bool> isOfThisMachine)
    {
        _sites = sites;
        _isOfThisMachine = isOfThisMachine;
    }

    public bool Contains(IPEndPoint remote)
    {
        foreach (var view in _sites.Sites.Values)
        {
            if (view.State is SiteState.Running or SiteState.Paused && IsOf(view.Site, remote)) return true;
        }
        return false;
    }

    /// <summary>Is it an endpoint of this site, whether it runs or not.</summary>
    public bool IsOf(SiteSnapshot site, IPEndPoint remote) => site.Endpoints.Any(endpoint => Is(endpoint, remote));

    /// <summary>
    /// Which site a host is, as far as that can be said without DNS and whether the site runs or not: an address, or a
    /// name that is always this machine's. Null: none.
    /// </summary>
    /// <param name="planned">Endpoints that a site is about to have.</param>
    internal string? Owner(HostAndPort host, IReadOnlyList<SiteEndpoint> planned)
    {
        if (planned.Any(endpoint => Is(endpoint, host, null))) return "this site itself";
        return _sites.Sites.Values.Select(view => view.Site)
            .FirstOrDefault(site => site.Endpoints.Any(endpoint => Is(endpoint, host, site.ConfiguredFqdn))) is { } owner
            ? $"site '{owner.Name}' ({owner.Id}) of this server"
            : null;
    }

    /// <summary>Would mail for the host arrive at one of these endpoints, as far as that can be said without DNS.</summary>
    internal bool LeadsTo(IReadOnlyList<SiteEndpoint> planned, HostAndPort host) => planned.Any(endpoint => Is(endpoint, host, null));

    bool Is(SiteEndpoint endpoint, HostAndPort host, string? siteName)
    {
        if (host.Address is { } address) return Is(endpoint, new(address, host.Port));
        if (endpoint.Port != host.Port) return false;
        if (host.Host is "localhost" || host.Host.EndsWith(".localhost", StringComparison.Ordinal))
            return Is(endpoint, new(IPAddress.Loopback, host.Port)) || Is(endpoint, new(IPAddress.IPv6Loopback, host.Port));
        return host.Host.Equals(siteName, StringComparison.OrdinalIgnoreCase) || MachineNames().Contains(host.Host, StringComparer.OrdinalIgnoreCase);
    }

    static IEnumerable<string> MachineNames()
    {
        var machine = IPGlobalProperties.GetIPGlobalProperties();
        return [machine.HostName, $"{machine.HostName}.{machine.DomainName}"];
    }

    bool Is(SiteEndpoint endpoint, IPEndPoint remote)
    {
        if (endpoint.Port != remote.Port || !IPAddress.TryParse(endpoint.Address, out var own)) return false;
        // A connection to "any" arrives at this machine.
        if (remote.Address.Equals(IPAddress.Any)) return Is(endpoint, new(IPAddress.Loopback, remote.Port));
        if (remote.Address.Equals(IPAddress.IPv6Any)) return Is(endpoint, new(IPAddress.IPv6Loopback, remote.Port)) || Is(endpoint, new(IPAddress.Loopback, remote.Port));
        // Named in full, or as IPv4 in IPv6 clothes.
        if (own.Equals(remote.Address) || remote.Address.IsIPv4MappedToIPv6 && Is(endpoint, new(remote.Address.MapToIPv4(), remote.Port))) return true;
        // Kestrel's socket for :: takes IPv4 as well.
        var any = own.Equals(IPAddress.IPv6Any) || own.Equals(IPAddress.Any) && own.AddressFamily == remote.Address.AddressFamily;
        return any && _isOfThisMachine(remote.Address);
    }

    static bool IsOfThisMachine(IPAddress address) =>
        IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
        || NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Any(unicast => unicast.Address.Equals(address));
}
