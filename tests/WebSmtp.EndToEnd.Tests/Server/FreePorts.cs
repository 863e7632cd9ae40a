using System.Net;
using System.Net.Sockets;

namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>
/// Ports for servers under test. Below the range from which the system takes ports for outgoing connections, so that
/// none is taken between the choice and the bind.
/// </summary>
static class FreePorts
{
    const int First = 15_000, Last = 32_000;
    static int _next = First + Environment.ProcessId * 97 % (Last - First);

    /// <summary>A TCP and UDP port that is free on all addresses, never given twice.</summary>
    public static int Next()
    {
        for (var tries = 0; tries < Last - First; tries++)
        {
            var port = First + (Interlocked.Increment(ref _next) & int.MaxValue) % (Last - First);
            if (IsFree(port)) return port;
        }
        throw new InvalidOperationException($"No port from {First} to {Last} is free.");
    }

    static bool IsFree(int port)
    {
        try
        {
            using var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            tcp.Bind(new IPEndPoint(IPAddress.Any, port));
            using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
