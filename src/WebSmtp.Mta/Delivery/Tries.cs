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
    readonly List<Reply> _replies = [];
    ClientPhase? _stage;
    Reply? _last;

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
        (_last, _stage) = (failure, ClientPhase.Connect);
        _replies.Add(failure);
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
        _failed.Add(new(new(host.Name, HostDelivery.Text(host)), failure.Phase, what, null, took));

    public void Add(NextHop host, ClientPhase stage, string what, string? tls, TimeSpan took)
    {
        _out.Add(host.Remote);
        _failed.Add(new(new(host.Name, HostDelivery.Text(host)), stage, what, tls, took));
        (_last, _stage) = (new(451, 4, 4, 2, Said(host, what)), stage);
        _replies.Add(_last);
    }

    /// <summary>It could not be connected to, or would not let us in.</summary>
    public void Add(NextHop host, ClientFailure failure, string? tls, TimeSpan took)
    {
        var what = failure.Reply?.ToString() ?? failure.Reason;
        Add(host, failure.Phase, what, tls, took);
        _last = failure switch
        {
            // RFC 5321 section 3.1, RFC 7504: a host that takes no mail says so in place of a greeting.
            { Phase: ClientPhase.Greeting or ClientPhase.Hello, Reply: { IsPermanent: true } reply } => new(reply.Code, reply.Status ?? new(5, 3, 2), $"{host}: {reply.Text}"),
            { Phase: ClientPhase.StartTls } when host.Tls is not HostTls.Opportunistic => new(451, 4, 7, 5, $"{Said(host, what)}; its mail goes with TLS only"),
            { Reply: { IsTransient: true } reply } => new(reply.Code is 421 ? 451 : reply.Code, reply.Status ?? new(4, 4, 1), $"{host}: {reply.Text}"),
            _ => new(451, 4, 4, 1, Said(host, what)),
        };
        _replies[^1] = _last;
    }

    /// <summary>The host in front, unless that is how it begins.</summary>
    static string Said(NextHop host, string what) =>
        !what.StartsWith(host.Remote.ToString(), StringComparison.Ordinal) ? $"{host}: {what}"
        : host.IsAddress ? what : $"{host.Name}: {what}";

    /// <summary>The log-in does not work: all of the hop's hosts would say the same.</summary>
    public void Hold(NextHop host, RouteTrouble trouble, string why, TimeSpan took)
    {
        _found[host.Of] = null;
        _failed.Add(new(new(host.Name, HostDelivery.Text(host)), trouble.Stage ?? ClientPhase.Auth, why, null, took));
        Stopped = trouble;
    }

    /// <summary>What all of it means for the route: permanent only when every host said so.</summary>
    public RouteTrouble Trouble(RoutePlan plan)
    {
        if (_last is null || Stopped is { Condition: RouteCondition.OnHold })
        {
            return Stopped ?? new(RouteCondition.CoolingDown, new(451, 4, 3, 5, plan.Hops.Count == 0
                ? "The smart hosts of this route do not exist any more: name another one"
                : $"No host of {plan.Name} can be reached"));
        }
        if (Stopped is null && _replies.TrueForAll(reply => reply.IsPermanent)) return new(RouteCondition.Ok, _last) { Stage = _stage };
        var reply = _last.IsPermanent ? _replies.Last(reply => !reply.IsPermanent) : _last;
        return new(RouteCondition.CoolingDown, reply) { Stage = _stage };
    }
}
