using System.Net;
using System.Net.Sockets;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Sending;

/// <summary>A host that neither takes a connection nor refuses it, as behind a firewall that drops packets.</summary>
public sealed class SilentHostTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Mail_for_it_is_tried_again_when_the_connection_takes_too_long()
    {
        // Who is not accepted fills the queue of connections; the kernel drops those who come after.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var silent = (IPEndPoint)listener.LocalEndPoint!;
        using var waiting = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await waiting.ConnectAsync(silent, Stop);

        await using var site = await server.NewSiteAsync();
        await site.Api.PatchAsync(site.Path, """{ "settings": { "outboundConnectTimeout": "PT1S" } }""");
        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "silent.example", "kind": "remote", "route": { "type": "smartHost", "smartHost": { "host": "[127.0.0.1]", "port": {{silent.Port}}, "tls": "none" } } }
            """);
        await site.SendAsync("user@silent.example", "Subject: x\r\n\r\nbody\r\n"u8.ToArray());
        var id = (await site.Api.ListAsync($"{site.Path}/messages?history=true"))[0]["id"]!.GetValue<string>();
        await Eventually.EqualAsync("retry", async () => (await site.Api.GetAsync($"/messages/{id}"))["recipients"]![0]!["state"]!.GetValue<string>());
        var recipient = (await site.Api.GetAsync($"/messages/{id}"))["recipients"]![0]!;
        Assert.StartsWith("451 4.4.1 ", recipient["lastReply"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains($"{silent} did not answer within 1 second.", recipient["lastReply"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
