using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Smtp;

/// <summary>A <see cref="MailHost"/> that listens: what the server connects to after ETRN, or fetchmail's own SMTP server.</summary>
public sealed class RecordingSink : IAsyncDisposable
{
    readonly TcpListener _listener;
    readonly CancellationTokenSource _stop = new();
    readonly ConcurrentQueue<IPEndPoint> _connections = new();
    readonly ConcurrentQueue<Exception> _faults = new();
    readonly Task _accepting;

    /// <param name="port">0: a free one.</param>
    public RecordingSink(MailHost? host = null, IPAddress? address = null, int port = 0)
    {
        Host = host ?? new();
        _listener = new(address ?? IPAddress.Loopback, port == 0 ? FreePorts.Next() : port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public MailHost Host { get; }
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;
    public int Port => EndPoint.Port;

    /// <summary>Connections that were opened to it so far.</summary>
    public int Connections => _connections.Count;

    /// <summary>What went wrong on our side of a connection; empty when all is well.</summary>
    public IReadOnlyList<Exception> Faults => [.. _faults];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true) serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    async Task ServeAsync(TcpClient connection)
    {
        using var _ = connection;
        _connections.Enqueue((IPEndPoint)connection.Client.RemoteEndPoint!);
        try
        {
            await Host.ServeAsync(new(connection.GetStream()), _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or EndOfStreamException)
        {
            // The server went away, or the test is over.
        }
        catch (Exception e)
        {
            _faults.Enqueue(e);
        }
    }
}
