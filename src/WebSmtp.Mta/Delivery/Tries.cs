using System.Net;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>Where one message was tried in vain, and what that means together.</summary>
sealed class Tries
{
    readonly Dictionary<RouteHop, IReadOnlyList<NextHop>?> _found = [];
    readonly HashSet<IPEndPoint> _out = [];
    readonly List<HostTry> _failed = [];
    readonly List<RouteTrouble> _troubles = [];

    public IReadOnlyList<HostTry> Failed => _failed;

    /// <summary>A smart host that may not be used now.</summary>
    public RouteTrouble? Stopped { get; private set; }

    /// <summary>DNS says that there is nobody, for good.</summary>
    public RouteTrouble? Final { get; private set; }

    /// <summary>Its hosts are known.</summary>
    public bool Found(RouteHop hop) => _found.ContainsKey(hop);

    /// <summary>Nothing more is tried over it for this message.</summary>
    public bool IsOut(RouteHop hop) => _found.TryGetValue(hop, out var hosts) && hosts is null;
    public bool IsOut(NextHop host) => _out.Contains(host.Remote);

    /// <summary>There is another host to try after this one.</summary>
    public bool Others(RoutePlan plan, NextHop at) => plan.Hops.Any(hop => !_found.ContainsKey(hop)) || _found.Values.Any(hosts => hosts?.Any(host => !host.Remote.Equals(at.Remote) && !IsOut(host)) is true);

    /// <summary>The hosts of a hop; null: there are none, and why is kept.</summary>
    public async ValueTask<IReadOnlyList<NextHop>?> FindAsync(Outbound outbound, RouteHop hop, SettingValues settings, CancellationToken stop)
    {
        if (_found.TryGetValue(hop, out var known)) return known;
        var (hosts, failure) = await outbound.NextHops.FindAsync(hop, settings, stop);
        if (failure is null) return _found[hop] = hosts;
        _found[hop] = null;
        Add(failure, ClientPhase.Connect);
        // What a smart host's name leads to says nothing about the recipient's domain.
        if (failure.IsPermanent && hop is RouteHop.Domain) Final = new(RouteCondition.Ok, failure);
        return null;
    }

    /// <summary>It may not be used now.</summary>
    public void Stop(RouteHop hop, RouteTrouble trouble)
    {
        _found[hop] = null;
        Stopped ??= trouble;
    }

    /// <summary>Something went wrong there, and is tried in another way: nothing is decided.</summary>
    public void Note(NextHop host, ClientFailure failure, string what, TimeSpan took) =>
        _failed.Add(new(RemoteHost.Of(host), failure.Phase, what, null, took));

    /// <param name="said">What the host itself said, where it said something before it closed.</param>
    public void Add(NextHop host, ClientPhase stage, string what, string? tls, TimeSpan took, Reply? said = null)
    {
        AddTry(host, stage, what, tls, took);
        if (said is null) Add(new(451, 4, 4, 2, Said(host, what)), stage);
        else Add(new(said.Code, said.Status ?? new(4, 4, 2), said.Text), stage, RemoteHost.Of(host));
    }

    /// <summary>It could not be connected to, or would not let us in.</summary>
    public void Add(NextHop host, ClientFailure failure, string? tls, TimeSpan took)
    {
        var what = failure.Reply?.ToString() ?? failure.Reason;
        AddTry(host, failure.Phase, what, tls, took);
        var (reply, isHosts) = failure switch
        {
            // RFC 5321 section 3.1, RFC 7504: a host that takes no mail says so in place of a greeting.
            { Phase: ClientPhase.Greeting or ClientPhase.Hello, Reply: { IsPermanent: true } said } => (new Reply(said.Code, said.Status ?? new(5, 3, 2), said.Text), true),
            { Phase: ClientPhase.StartTls } when host.Tls is not HostTls.Opportunistic => (new(451, 4, 7, 5, $"{Said(host, what)}; its mail goes with TLS only"), false),
            { Reply: { IsTransient: true } said } => (new(said.Code, said.Status ?? new(4, 4, 1), said.Text), true),
            _ => (new(451, 4, 4, 1, Said(host, what)), false),
        };
        Add(reply, failure.Phase, isHosts ? RemoteHost.Of(host) : null);
    }

    void AddTry(NextHop host, ClientPhase stage, string what, string? tls, TimeSpan took)
    {
        _out.Add(host.Remote);
        _failed.Add(new(RemoteHost.Of(host), stage, what, tls, took));
    }

    void Add(Reply reply, ClientPhase stage, RemoteHost? saidBy = null) =>
        _troubles.Add(new(reply.IsPermanent ? RouteCondition.Ok : RouteCondition.CoolingDown, reply) { Stage = stage, SaidBy = saidBy });

    /// <summary>The host in front, unless that is how it begins.</summary>
    static string Said(NextHop host, string what) =>
        !what.StartsWith(host.Remote.ToString(), StringComparison.Ordinal) ? $"{host}: {what}"
        : host.IsAddress ? what : $"{host.Name}: {what}";

    /// <summary>The log-in does not work: all of the hop's hosts would say the same.</summary>
    public void Hold(NextHop host, RouteTrouble trouble, string why, TimeSpan took)
    {
        _found[host.Of] = null;
        _failed.Add(new(RemoteHost.Of(host), trouble.Stage ?? ClientPhase.Auth, why, null, took));
        Stopped = trouble;
    }

    /// <summary>What all of it means for the route: permanent only when every host said so.</summary>
    public RouteTrouble Trouble(RoutePlan plan)
    {
        if (_troubles.Count == 0 || Stopped is { Condition: RouteCondition.OnHold })
        {
            return Stopped ?? new(RouteCondition.CoolingDown, new(451, 4, 3, 5, plan.Hops.Count == 0
                ? "The smart hosts of this route do not exist any more: name another one"
                : $"No host of {plan.Name} can be reached"));
        }
        // One that may not be used now is waited for where the others refused for good.
        return _troubles.FindLast(trouble => !trouble.Reply.IsPermanent) ?? Stopped ?? _troubles[^1];
    }
}
