using System.Net.Security;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>What it takes to reach other hosts. Thread-safe.</summary>
public sealed class Outbound(
    IMailRouteResolver resolver, OwnListeners own, SiteRegistry sites, IDialer dialer, Spool spool, TimeProvider time, ILogger<Outbound> log)
{
    internal NextHops NextHops { get; } = new(resolver, own);
    internal Transmission Transmission { get; } = new(sites, spool, log);
    internal IDialer Dialer => dialer;
    internal TimeProvider Time => time;
    internal ILogger Logger => log;

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

/// <summary>
/// Messages, one after another, to the hosts of one route: finds them, connects to the first that answers, opens a new
/// connection after so many messages or when one broke. Used by collections after ETRN and by the scheduler. Not
/// thread-safe.
/// </summary>
sealed class HostDelivery(Outbound outbound, SiteSnapshot site, SettingValues settings, HostRoute route, string tls) : IAsyncDisposable
{
    IReadOnlyList<NextHop>? _hosts;
    int _next;
    IDialedConnection? _connection;
    ClientSession? _client;
    Reply? _last;
    string _host = "";
    long _sent;

    /// <summary>Why no host can be reached; null while one can. A 4yz may be different later. Nothing more is tried then.</summary>
    public Reply? Unreachable { get; private set; }

    /// <summary>When <see cref="Unreachable"/>, nothing is decided about any recipient.</summary>
    public async ValueTask<Attempt> SendAsync(LeasedMessage message, CancellationToken stop)
    {
        while (true)
        {
            var fresh = _client is null;
            if (!await OpenAsync(stop)) return Attempt.Undecided(message, Unreachable!.Text);

            var attempt = await outbound.Transmission.SendAsync(_client!, message, _host, stop);
            _sent++;
            var most = settings.Get(SettingsTable.MaxMessagesPerConnection);
            if (attempt.Broken is not null || most > 0 && _sent >= most) await CloseAsync();
            if (!attempt.NeverBegun) return attempt;
            // Nobody had the message. A connection that was used before may have been closed by a host that had enough of
            // it; one that was just opened was not worth it, and the next host has its turn.
            if (fresh) _next++;
            _last = new(451, 4, 4, 2, $"{_host}: {attempt.Broken}");
        }
    }

    public ValueTask DisposeAsync() => CloseAsync();

    /// <summary>Says good-bye where there is somebody to say it to; that takes a few seconds at most.</summary>
    async ValueTask CloseAsync()
    {
        if (_client is not null)
        {
            await _client.QuitAsync(CancellationToken.None);
            await _client.DisposeAsync();
        }
        if (_connection is not null) await _connection.DisposeAsync();
        (_client, _connection, _sent) = (null, null, 0);
    }

    async ValueTask<bool> OpenAsync(CancellationToken stop)
    {
        if (_client is not null) return true;
        if (Unreachable is not null) return false;
        if (_hosts is null)
        {
            (_hosts, Unreachable) = await outbound.NextHops.FindAsync(route, settings, stop);
            if (Unreachable is not null) return false;
        }

        // From the host that answered last: those before it were tried in vain.
        for (; _next < _hosts.Count; _next++)
        {
            _last = await ConnectAsync(_hosts[_next], stop);
            if (_last is null) return true;
            Log.HostFailed(outbound.Logger, _hosts[_next].ToString(), route.Name, _last.Text);
        }
        Unreachable = _last ?? new(451, 4, 4, 1, $"No host of {route.Name} can be reached");
        return false;
    }

    /// <summary>Null: connected, and ready for mail.</summary>
    async ValueTask<Reply?> ConnectAsync(NextHop host, CancellationToken stop)
    {
        var wanted = tls switch { "none" => ClientTls.None, "require" => ClientTls.Require, _ => ClientTls.Opportunistic };
        var failure = await TryAsync(host, wanted, stop);
        // A host whose TLS does not work is better off with mail in clear than with none. RFC 7435 section 3.
        if (failure?.Phase is ClientPhase.StartTls && wanted is ClientTls.Opportunistic) failure = await TryAsync(host, ClientTls.None, stop);
        return failure is null ? null : new(451, 4, 4, 1, $"{host}: {failure.Reply?.ToString() ?? failure.Reason}");
    }

    async ValueTask<ClientFailure?> TryAsync(NextHop host, ClientTls wanted, CancellationToken stop)
    {
        var (connection, reason) = await outbound.Dialer.DialAsync(host.Remote, settings.Get(SettingsTable.OutboundConnectTimeout), stop);
        if (connection is null) return new(ClientPhase.Connect, reason ?? "no connection");

        _connection = connection;
        _host = host.ToString();
        _client = new(connection.Transport, Outbound.OptionsFor(site, settings) with { Tls = wanted, TlsOptions = TlsFor(host) }, outbound.Time);
        var failure = await _client.OpenAsync(stop);
        if (failure is not null) await CloseAsync();
        return failure;
    }

    /// <summary>Any certificate will do: there is nothing yet that says which one it should be.</summary>
    static SslClientAuthenticationOptions TlsFor(NextHop host) => new()
    {
        TargetHost = host.Name,
#pragma warning disable CA5359 // Opportunistic: an unknown certificate is still better than none.
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
    };
}
