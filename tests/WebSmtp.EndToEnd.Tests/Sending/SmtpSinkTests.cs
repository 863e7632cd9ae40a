using System.Net;
using System.Net.Sockets;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Sending;

/// <summary>Postfix's smtp-sink as next hop: takes everything, or says no where it is told to.</summary>
public sealed class SmtpSinkTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Everything_that_smtp_source_sends_arrives()
    {
        const int messages = 300;
        await using var site = await server.NewSiteAsync();
        var port = FreePorts.Next();
        await using var sink = await StartAsync(port);
        await RelayAsync(site, port);
        var sent = await Tool.RunAsync(Tool.Need("smtp-source", "postfix"),
            ["-s", "20", "-m", $"{messages}", "-l", "4096", "-f", "sender@away.example", "-t", "user@sink.example", "-d", $"127.0.0.1:{site.Port}"], Stop);
        Assert.True(sent.ExitCode == 0, sent.ToString());
        await Eventually.EqualAsync(0, async () => (await site.Api.ListAsync($"{site.Path}/queues")).Count);
        var delivered = await site.Api.GetAsync($"{site.Path}/messages?history=true&state=delivered&limit=1");
        Assert.Equal(messages, delivered["total"]!.GetValue<int>());
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("-f", "RCPT", "failed", "5")]
    [InlineData("-r", "RCPT", "retry", "4")]
    [InlineData("-r", "MAIL", "retry", "4")]
    [InlineData("-r", "DATA", "retry", "4")]
    [InlineData("-f", ".", "failed", "5")]
    [InlineData("-q", "DATA", "retry", "451 4.4.2")]
    [InlineData("-q", ".", "retry", "451 4.4.2")]
    public async Task What_it_refuses_fails_or_is_tried_again(string how, string command, string state, string reply)
    {
        await using var site = await server.NewSiteAsync();
        var port = FreePorts.Next();
        await using var sink = await StartAsync(port, how, command);
        await RelayAsync(site, port);
        await site.SendAsync("user@sink.example", "Subject: x\r\n\r\nbody\r\n"u8.ToArray());
        var id = (await site.Api.ListAsync($"{site.Path}/messages?history=true"))[0]["id"]!.GetValue<string>();
        await Eventually.EqualAsync(state, async () => (await site.Api.GetAsync($"/messages/{id}"))["recipients"]![0]!["state"]!.GetValue<string>());
        var recipient = (await site.Api.GetAsync($"/messages/{id}"))["recipients"]![0]!;
        Assert.StartsWith(reply, recipient["lastReply"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(1, recipient["attempts"]!.GetValue<int>());
    }

    static Task RelayAsync(TestSite site, int port) => site.Api.PostAsync($"{site.Path}/domains", $$"""
        { "name": "sink.example", "kind": "remote", "route": { "type": "smartHost", "smartHost": { "host": "[127.0.0.1]", "port": {{port}}, "tls": "none" } } }
        """);

    static async Task<RunningProgram> StartAsync(int port, params string[] options)
    {
        var path = Tool.Need("smtp-sink", "postfix");
        string[] user = Environment.UserName is "root" ? ["-u", "nobody"] : [];
        var sink = RunningProgram.Start(path, [.. user, .. options, $"127.0.0.1:{port}", "200"]);
        await Eventually.TrueAsync(async () =>
        {
            using var tcp = new TcpClient();
            try
            {
                await tcp.ConnectAsync(IPAddress.Loopback, port, Stop);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
        return sink;
    }
}
