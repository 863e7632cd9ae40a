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
            if (view.State is SiteState.Running or SiteState.Paused && view.Site.Endpoints.Any(endpoint => Is(endpoint, remote))) return true;
        }
        return false;
    }

    bool Is(SiteEndpoint endpoint, IPEndPoint remote)
    {
        if (endpoint.Port != remote.Port || !IPAddress.TryParse(endpoint.Address, out var own)) return false;
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
