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

    bool Is(SiteEndpoint endpoint, IPEndPoint remote)
    {
        if (endpoint.Port != remote.Port || !IPAddress.TryParse(endpoint.Address, out var own)) return false;
        if (own.Equals(remote.Address)) return true;
        var any = own.Equals(IPAddress.Any) || own.Equals(IPAddress.IPv6Any);
        return any && own.AddressFamily == remote.Address.AddressFamily && _isOfThisMachine(remote.Address);
    }

    static bool IsOfThisMachine(IPAddress address) =>
        IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
        || NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Any(unicast => unicast.Address.Equals(address));
}
