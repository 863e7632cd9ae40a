using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using WebSmtp.Mta.Delivery;

namespace WebSmtp.Network;

/// <summary>Opens TCP connections and lays Kestrel's pipes over them.</summary>
sealed class TcpDialer(TimeProvider time, ILogger<TcpDialer> log) : IDialer, IDisposable
{
    readonly SocketConnectionContextFactory _pipes = new(new SocketConnectionFactoryOptions(), log);

    public async Task<(IDialedConnection? Connection, string? Reason)> DialAsync(IPEndPoint remote, TimeSpan timeout, CancellationToken stop)
    {
        Socket? socket = null;
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            socket = new(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(remote, either.Token);
            return (new DialedConnection(_pipes.Create(socket), remote), null);
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            return (null, $"{remote} cannot be reached: {e.Message}.");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            socket?.Dispose();
            return (null, $"{remote} did not answer within {timeout.TotalSeconds:0} {(timeout.TotalSeconds is 1 ? "second" : "seconds")}.");
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    public void Dispose() => _pipes.Dispose();

    sealed class DialedConnection(ConnectionContext connection, IPEndPoint remote) : IDialedConnection
    {
        public IDuplexPipe Transport => connection.Transport;
        public IPEndPoint Remote => remote;
        public void Abort() => connection.Abort(new ConnectionAbortedException("Closed by an administrator"));
        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
