using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Sending;

/// <summary>Postfix's load generator: many sessions at once.</summary>
public sealed class SmtpSourceTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_message_of_twenty_sessions_is_held(bool reuseConnections)
    {
        const int messages = 400;
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);

        var sent = await Tool.RunAsync(Tool.Need("smtp-source", "postfix"),
        [
            "-s", "20", "-m", $"{messages}", "-l", "10240", "-f", "sender@away.example", "-t", "user@held.example", .. reuseConnections ? (string[])["-d"] : [], $"127.0.0.1:{site.Port}",
        ], Stop);

        Assert.True(sent.ExitCode == 0, sent.ToString());
        Assert.Equal(messages, await site.HeldAsync("held.example"));
        var host = await TurnHost.CollectAsync(site, account, Stop);
        Assert.Equal(messages, host.Received.Count);
        Assert.All(host.Received, mail => Assert.True(mail.BelowReceived.Length >= 10_240));
    }
}
