using System.IO.Pipelines;
using System.Net;
using WebSmtp.Smtp.Client;
using WebSmtp.Smtp.Server;
using WebSmtp.Smtp.Tests.Server;
using static WebSmtp.Smtp.Tests.Client.ClientConversation;

namespace WebSmtp.Smtp.Tests.Client;

/// <summary>The client session against the server session: what one says, the other understands.</summary>
public class BothSidesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_client_sends_is_what_the_server_stores(bool tls)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        var stop = deadline.Token;
        var (toServer, toClient) = (new Pipe(), new Pipe());
        var sink = new ScriptedSink();
        var address = new IPEndPoint(IPAddress.Loopback, 25);
        var server = new ServerSession(
            "1", new Side(toServer.Reader, toClient.Writer), address, address,
            new()
            {
                HostName = "mx.example",
                Tls = tls ? EndpointTls.StartTls : EndpointTls.None,
                TlsOptions = TestCertificate.Server,
            },
            sink, TimeProvider.System);
        var serving = ServeAsync();

        var options = Options with { Tls = tls ? ClientTls.Require : ClientTls.None, TlsOptions = TestCertificate.Client };
        await using (var client = new ClientSession(new Side(toClient.Reader, toServer.Writer), options, TimeProvider.System))
        {
            Assert.Null(await client.OpenAsync(stop));
            Assert.True(client.Capabilities is { Pipelining: true, BinaryMime: true, Dsn: true });

            sink.Answer("RCPT", new Reply(550, 5, 1, 1, "no such mailbox"));
            Assert.Equal(550, (await client.SendAsync(Message("x"), stop)).Recipients[0].Reply!.Code);

            var large = await client.SendAsync(Message(Lines(), [.. Enumerable.Range(0, 250).Select(i => $"r{i}")]), stop);
            Assert.Null(large.Failure);
            Assert.All(large.Recipients, r => Assert.Equal((250, ClientPhase.FinalDot), (r.Reply!.Code, r.Phase)));

            var binary = await client.SendAsync(Message(Noise()) with { Parameters = new(Body: BodyType.BinaryMime) }, stop);
            Assert.Null(binary.Failure);
            Assert.Equal(250, binary.Recipients[0].Reply!.Code);
            await client.QuitAsync(stop);
        }
        Assert.Equal(SessionEnd.Quit, await serving);
        Assert.Equal(2, sink.Messages.Count);
        Assert.True(sink.Messages[0].AsSpan().SequenceEqual(Lines()));
        Assert.True(sink.Messages[1].AsSpan().SequenceEqual(Noise()));

        async Task<SessionEnd> ServeAsync()
        {
            var end = await server.RunAsync(stop);
            // As a listener does: whoever still waits for this side learns that it is gone.
            await toClient.Writer.CompleteAsync();
            await toServer.Reader.CompleteAsync();
            return end;
        }
    }

    static byte[] Noise()
    {
        var noise = new byte[1_000_000];
        new Random(1).NextBytes(noise);
        return noise;
    }

    /// <summary>Two million octets in lines of a hundred octets with many dots, some of them first.</summary>
    static byte[] Lines()
    {
        var lines = new byte[20_000 * 100];
        new Random(2).NextBytes(lines);
        for (var i = 0; i < lines.Length; i++) if (lines[i] is < 32) lines[i] = (byte)'.';
        for (var i = 98; i < lines.Length; i += 100) (lines[i], lines[i + 1]) = ((byte)'\r', (byte)'\n');
        return lines;
    }

    sealed record Side(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
