using System.Net;
using System.Net.Sockets;
using System.Text;

namespace WebSmtp.Demo;

/// <summary>One TCP connection on which each line is printed as it passes, <c>C:</c> from the client and <c>S:</c> from the server.</summary>
sealed class Conversation : IAsyncDisposable
{
    readonly TcpClient _tcp;
    readonly StreamReader _reader;
    string _mine = "C", _theirs = "S";

    Conversation(TcpClient tcp)
    {
        _tcp = tcp;
        _reader = new(tcp.GetStream(), Encoding.UTF8);
    }

    public static async Task<Conversation> ConnectAsync(int port, CancellationToken stop)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port, stop);
        return new(tcp);
    }

    public async Task SayAsync(string line, CancellationToken stop, string? shown = null)
    {
        Console.WriteLine($"     {_mine}: {shown ?? line}");
        await _tcp.GetStream().WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), stop);
    }

    /// <summary>A whole reply; returns its last line.</summary>
    public async Task<string> HearAsync(CancellationToken stop)
    {
        while (await HearLineAsync(stop) is { } line)
        {
            if (line.Length < 4 || line[3] != '-') return line;
        }
        throw new IOException("The server closed the connection.");
    }

    /// <summary>One line; null at the end of the stream.</summary>
    public async Task<string?> HearLineAsync(CancellationToken stop)
    {
        var line = await _reader.ReadLineAsync(stop);
        if (line is not null) Console.WriteLine($"     {_theirs}: {line}");
        return line;
    }

    /// <summary>Who was client is server from now on. RFC 821 TURN.</summary>
    public void ExchangeRoles() => (_mine, _theirs) = (_theirs, _mine);

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _tcp.Dispose();
        return default;
    }
}
