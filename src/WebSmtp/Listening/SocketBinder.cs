using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Listening;

/// <summary>
/// Binds endpoints with Kestrel's socket transport. Kestrel's own endpoint list is fixed once the web server has
/// started; sites come and go while the others run.
/// </summary>
sealed class SocketBinder(SmtpConnections connections, ILoggerFactory loggers) : IEndpointBinder
{
    readonly SocketTransportFactory _sockets = new(Options.Create(new SocketTransportOptions
    {
        Backlog = 1024,
        // What a connection may send ahead of its session: many that send much at once must not fill the memory.
        MaxReadBufferSize = 128 * 1024,
        // Sessions run on the thread that has their bytes: each hop to another costs more than most commands do.
        UnsafePreferInlineScheduling = true,
        // One call less for each line, for a buffer of 4 KiB that a silent connection keeps.
        WaitForDataBeforeAllocatingBuffer = false,
    }), loggers);

    public async ValueTask<IBoundEndpoint> BindAsync(int siteId, SiteEndpoint endpoint, CancellationToken stop)
    {
        try
        {
            var listener = await _sockets.BindAsync(new IPEndPoint(IPAddress.Parse(endpoint.Address), endpoint.Port), stop);
            return new SiteListener(siteId, endpoint, listener, connections);
        }
        catch (AddressInUseException e)
        {
            throw new EndpointUnavailableException(Taken(endpoint), e);
        }
        catch (SocketException e)
        {
            throw new EndpointUnavailableException(Describe(endpoint, e), e);
        }
    }

    public string? Probe(SiteEndpoint endpoint)
    {
        try
        {
            // Bound and not listening: as the transport does it, up to the moment when somebody could connect.
            var address = IPAddress.Parse(endpoint.Address);
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(new IPEndPoint(address, endpoint.Port));
            return null;
        }
        catch (SocketException e)
        {
            return Describe(endpoint, e);
        }
    }

    static string Taken(SiteEndpoint endpoint) => $"{Name(endpoint)} is already used by another program on this machine.";

    static string Describe(SiteEndpoint endpoint, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => Taken(endpoint),
        SocketError.AddressNotAvailable => $"{endpoint.Address} is not an address of this machine.",
        SocketError.AccessDenied => $"The system does not let this program use port {endpoint.Port}; ports below 1024 need the right to bind them.",
        _ => $"{Name(endpoint)} cannot be used: {e.Message}",
    };

    static string Name(SiteEndpoint endpoint) => new IPEndPoint(IPAddress.Parse(endpoint.Address), endpoint.Port).ToString();
}

/// <summary>One bound endpoint of one site: accepts until it is unbound.</summary>
sealed class SiteListener : IBoundEndpoint
{
    readonly int _siteId;
    readonly IConnectionListener _listener;
    readonly SmtpConnections _connections;
    readonly Task _accepting;

    public SiteListener(int siteId, SiteEndpoint endpoint, IConnectionListener listener, SmtpConnections connections)
    {
        _siteId = siteId;
        _listener = listener;
        _connections = connections;
        Endpoint = endpoint;
        _accepting = AcceptAsync();
    }

    public SiteEndpoint Endpoint { get; }

    async Task AcceptAsync()
    {
        // Null after unbinding. The transport itself survives connections that die while they are accepted.
        while (await _listener.AcceptAsync() is { } connection) _connections.Serve(_siteId, Endpoint, connection);
    }

    public async ValueTask UnbindAsync()
    {
        await _listener.UnbindAsync();
        await _accepting;
        // Not disposed: that would end connections that are still served. They hold what they need.
    }
}
