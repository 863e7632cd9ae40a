using System.Net;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Routing;

/// <summary>A host to connect to, for one hop of a plan.</summary>
/// <param name="Name">What its certificate must be for.</param>
sealed record NextHop(string Name, IPEndPoint Remote, int Preference, HostTls Tls, RouteHop Of)
{
    /// <summary>It has no name but its address.</summary>
    public bool IsAddress => Name == Remote.Address.ToString();

    public override string ToString() => IsAddress ? $"[{Remote.Address}]:{Remote.Port}" : $"{Name} [{Remote.Address}]:{Remote.Port}";
}

/// <summary>Finds the hosts of a hop in the order to try, never this program itself. Thread-safe.</summary>
sealed class NextHops(IMailRouteResolver resolver, OwnListeners own)
{
    /// <summary>Hosts, or the reply that says why there are none: 4yz when it may be different later.</summary>
    public async ValueTask<(IReadOnlyList<NextHop> Hosts, Reply? Failure)> FindAsync(RouteHop hop, SettingValues settings, CancellationToken stop)
    {
        var (name, port, tls) = hop switch
        {
            RouteHop.Via { Target: var target } => (target.Host, target.Port, target.Tls),
            RouteHop.Domain { Name: var domain } => (domain, (int)settings.Get(SettingsTable.OutboundPort), TlsOf(settings)),
            _ => throw new InvalidOperationException(),
        };
        var answer = Address(name) is { } address ? new([new(name.Trim('[', ']'), address, 0)], RouteFailure.None, null)
            : hop is RouteHop.Domain ? await resolver.ResolveAsync(name, stop)
            : await resolver.ResolveHostAsync(name, stop);
        if (answer.Failure is not RouteFailure.None || answer.Hosts.Count == 0) return ([], Failure(hop, answer));

        // RFC 5321 section 5.1: hosts that are as far as ourselves, or farther, would only send it back.
        var nearest = answer.Hosts.Where(host => own.Contains(new(host.Address, port))).Select(host => (int?)host.Preference).Min();
        var hosts = answer.Hosts.Where(host => nearest is null || host.Preference < nearest)
            .Select(host => new NextHop(host.Name, new(host.Address, port), host.Preference, tls, hop)).ToList();
        if (hosts.Count > 0) return (hosts, null);
        return ([], hop.IsChosen
            ? new(451, 4, 4, 6, $"{hop.Route} is this server itself: mail would come back to this server, a loop")
            : new(554, 5, 4, 6, $"Mail for {name} would come back to this server: a loop"));
    }

    /// <summary>TLS towards hosts that DNS names.</summary>
    public static HostTls TlsOf(SettingValues settings) => Enum.Parse<HostTls>(settings.Get(SettingsTable.OutboundTls), ignoreCase: true);

    static IPAddress? Address(string name) =>
        RelayDecision.Literal(name) ?? (IPAddress.TryParse(name, out var address) ? address : null);

    /// <summary>
    /// What DNS says about a domain is final where it is an answer; that what somebody here chose is not there is our own trouble.
    /// </summary>
    static Reply Failure(RouteHop hop, RouteAnswer answer)
    {
        var reason = answer.Reason ?? $"No host was found for {hop.Route}";
        if (hop.IsChosen) return new(451, 4, 4, 4, hop is RouteHop.Via ? $"The smart host {hop.Route} cannot be found: {reason}" : $"This mail was sent another way, to {hop.Route}, which cannot be found: {reason}");
        return answer.Failure switch
        {
            RouteFailure.NoSuchDomain => new(550, 5, 1, 2, reason),
            RouteFailure.NullMx => new(556, 5, 1, 10, reason),
            RouteFailure.Temporary => new(451, 4, 4, 3, reason),
            RouteFailure.None or RouteFailure.NoHosts => new(550, 5, 4, 4, reason),
        };
    }
}
