using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Watching;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>What it takes to reach other hosts. Thread-safe.</summary>
public sealed class Outbound(
    IMailRouteResolver resolver, OwnListeners own, SiteRegistry sites, IDialer dialer, Spool spool, RouteStates states, RouteBudgets budgets,
    SmartHostCredentials credentials, HostTlsOptions tls, SessionWatch watch, TimeProvider time, ILogger<Outbound> log)
{
    internal NextHops NextHops { get; } = new(resolver, own);
    internal Transmission Transmission { get; } = new(sites, spool, log);
    internal HostTlsOptions Tls => tls;
    internal RouteStates States => states;
    internal HopStates Hops { get; } = new(states, time);
    internal HostHealth Health { get; } = new(time);
    internal RouteBudgets Budgets => budgets;
    internal SmartHostCredentials Credentials => credentials;
    internal IDialer Dialer => dialer;
    internal SessionWatch Watch => watch;
    internal TimeProvider Time => time;
    internal ILogger Logger => log;

    /// <summary>A folder as it is stored, in full.</summary>
    internal string Full(string folder) => spool.Full(folder);

    /// <summary>How a site speaks as client.</summary>
    internal static ClientSessionOptions OptionsFor(SiteSnapshot site, SettingValues settings) => new()
    {
        HostName = site.HostName,
        GreetingTimeout = settings.Get(SettingsTable.OutboundGreetingTimeout),
        ReplyTimeout = settings.Get(SettingsTable.OutboundReplyTimeout),
        DataTimeout = settings.Get(SettingsTable.OutboundReplyTimeout),
        ContentTimeout = settings.Get(SettingsTable.OutboundDataTimeout),
        FinalTimeout = settings.Get(SettingsTable.OutboundFinalTimeout),
    };
}
