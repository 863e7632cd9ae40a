using System.Net;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Settings;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Routing;

/// <summary>Where a destination's mail is handed to. <paramref name="Port"/> null: the name is a domain with MX records.</summary>
sealed record HostRoute(string Name, int? Port)
{
    /// <summary>The domain's own hosts; an address literal is a host itself.</summary>
    public static HostRoute ForDomain(string domain) => new(domain, null);
}

/// <summary>A host to connect to.</summary>
sealed record NextHop(string Name, IPEndPoint Remote)
{
    public override string ToString() => $"{Name} [{Remote.Address}]:{Remote.Port}";
}

/// <summary>Finds the hosts of a route in the order to try, never this program itself. Thread-safe.</summary>
sealed class NextHops(IMailRouteResolver resolver, OwnListeners own)
{
    /// <summary>Hosts, or the reply that says why there are none: 4yz when it may be different later.</summary>
    public async Task<(IReadOnlyList<NextHop> Hosts, Reply? Failure)> FindAsync(HostRoute route, SettingValues settings, CancellationToken stop)
    {
        var port = route.Port ?? (int)settings.Get(SettingsTable.OutboundPort);
        var answer = Address(route.Name) is { } address ? new([new(route.Name.Trim('[', ']'), address, 0)], RouteFailure.None, null)
            : route.Port is null ? await resolver.ResolveAsync(route.Name, stop)
            : await resolver.ResolveHostAsync(route.Name, stop);
        if (answer.Failure is not RouteFailure.None || answer.Hosts.Count == 0) return ([], Failure(route, answer));

        // RFC 5321 section 5.1: hosts that are as far as ourselves, or farther, would only send it back.
        var nearest = answer.Hosts.Where(host => own.Contains(new(host.Address, port))).Select(host => (int?)host.Preference).Min();
        var hosts = answer.Hosts.Where(host => nearest is null || host.Preference < nearest)
            .Select(host => new NextHop(host.Name, new(host.Address, port))).ToList();
        return hosts.Count > 0 ? (hosts, null) : ([], new(554, 5, 4, 6, $"Mail for {route.Name} would come back to this server"));
    }

    static IPAddress? Address(string name) =>
        RelayDecision.Literal(name) ?? (IPAddress.TryParse(name, out var address) ? address : null);

    static Reply Failure(HostRoute route, RouteAnswer answer)
    {
        var reason = answer.Reason ?? $"No host was found for {route.Name}";
        return answer.Failure switch
        {
            RouteFailure.NoSuchDomain => new(550, 5, 1, 2, reason),
            RouteFailure.NullMx => new(556, 5, 1, 10, reason),
            RouteFailure.Temporary => new(451, 4, 4, 3, reason),
            RouteFailure.None or RouteFailure.NoHosts => new(550, 5, 4, 4, reason),
        };
    }
}
