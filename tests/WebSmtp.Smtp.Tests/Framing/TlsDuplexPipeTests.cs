using System.Buffers;
using System.IO.Pipelines;
using System.Security.Authentication;
using WebSmtp.Smtp.Framing;
using WebSmtp.Smtp.Tests.Server;

namespace WebSmtp.Smtp.Tests.Framing;

public sealed class TlsDuplexPipeTests
{
    [Fact(Timeout = 30_000)]
    public async Task What_one_side_writes_the_other_reads_and_the_end_is_told()
    {
        var stop = TestContext.Current.CancellationToken;
        var (server, client) = await ShakeHandsAsync(new(Cut.Whole), stop);
        var sent = new byte[100_000];
        new Random(1).NextBytes(sent);
        var sending = client.Output.WriteAsync(sent, stop);
        var read = await server.Input.ReadAtLeastAsync(sent.Length, stop);
        Assert.Equal(sent, read.Buffer.Slice(0, sent.Length).ToArray());
        server.Input.AdvanceTo(read.Buffer.End);
        await sending;

        await client.DisposeAsync();
        Assert.True((await server.Input.ReadAsync(stop)).IsCompleted);
        await server.DisposeAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task Saying_good_bye_does_not_wait_for_a_peer_that_does_not_read()
    {
        var stop = TestContext.Current.CancellationToken;
        var toServer = new Pipe(new(pauseWriterThreshold: 64 * 1024));
        var toClient = new Pipe(new(pauseWriterThreshold: 64 * 1024));
        var serverEnd = new End(toServer.Reader, toClient.Writer);
        var serverSide = TlsDuplexPipe.AsServerAsync(serverEnd, TestCertificate.Server, stop).AsTask();
        var clientSide = TlsDuplexPipe.AsClientAsync(new End(toClient.Reader, toServer.Writer), TestCertificate.Client, stop).AsTask();
        await Task.WhenAll(serverSide, clientSide);
        var server = await serverSide;

        // The pipe to the client is full, and the client sleeps.
        var filler = new byte[64 * 1024];
        var writing = serverEnd.Output.WriteAsync(filler, stop);
        Assert.False(writing.IsCompleted);
        serverEnd.Output.CancelPendingFlush();
        await writing;
        await server.DisposeAsync();
        await (await clientSide).DisposeAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_waiting_read_can_be_woken()
    {
        var stop = TestContext.Current.CancellationToken;
        var (server, client) = await ShakeHandsAsync(new(Cut.Whole), stop);
        var reading = server.Input.ReadAsync(stop);
        Assert.False(reading.IsCompleted);
        server.Input.CancelPendingRead();
        var read = await reading;
        Assert.True(read.IsCanceled);
        server.Input.AdvanceTo(read.Buffer.Start);

        await client.Output.WriteAsync("still there"u8.ToArray(), stop);
        Assert.Equal("still there".Length, (await server.Input.ReadAsync(stop)).Buffer.Length);
        await server.DisposeAsync();
        await client.DisposeAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_handshake_with_garbage_fails()
    {
        var stop = TestContext.Current.CancellationToken;
        var connection = new MemoryConnection(Cut.Whole);
        await connection.Client.Output.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), stop);
        await Assert.ThrowsAsync<AuthenticationException>(
            async () => await TlsDuplexPipe.AsServerAsync(connection.Server, TestCertificate.Server, stop));
    }

    static async Task<(TlsDuplexPipe Server, TlsDuplexPipe Client)> ShakeHandsAsync(MemoryConnection connection, CancellationToken stop)
    {
        var server = TlsDuplexPipe.AsServerAsync(connection.Server, TestCertificate.Server, stop).AsTask();
        var client = TlsDuplexPipe.AsClientAsync(connection.Client, TestCertificate.Client, stop).AsTask();
        return (await server, await client);
    }

    sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
