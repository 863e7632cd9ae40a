using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static WebSmtp.EndToEnd.Tests.Sites.SiteLifeTests;

namespace WebSmtp.EndToEnd.Tests.Databases;

/// <summary>The main job on PostgreSQL.</summary>
public sealed class PostgreSqlTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task Held_mail_survives_a_kill_and_is_collected_by_turn_and_by_etrn()
    {
        await using var database = await PostgreSqlServer.StartAsync(Stop);
        await using var server = await WebSmtpProcess.StartAsync(new() { Database = database.Url }, Stop);
        Assert.Empty(Directory.GetFiles(server.DataDirectory, "*.db"));
        await using var sink = new RecordingSink();
        await using var site = await TestSite.CreateAsync(server);
        var account = await site.AddAccountAsync();
        await site.HoldAsync("turn.example", account);
        await site.HoldAsync("etrn.example", route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
        var large = SampleMail.OfSize(3 * 1024 * 1024);
        await site.SendAsync("user@turn.example", [.. SampleMail.All.Values, large]);
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", ["a@etrn.example", "b@turn.example"], SampleMail.Plain("both"));
            await server.KillAsync(Stop);
        }
        await server.StartAgainAsync(Stop);
        Assert.Equal("running", await StateAsync(server.Api, site.Path));

        var host = await TurnHost.CollectAsync(site, account, Stop);

        byte[][] sent = [.. SampleMail.All.Values, large, SampleMail.Plain("both")];
        Assert.Equal(sent.Length, host.Received.Count);
        foreach (var (octets, mail) in sent.Zip(host.Received)) mail.AssertSameAs(octets, mail.Subject);
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.PlayAsync("""
                C: ETRN etrn.example
                S: 253 *
                """);
        }
        Assert.Equal("both", (await sink.Host.WaitForAsync(1, Stop)).Single().Subject);
        await Eventually.EqualAsync(0, () => site.HeldAsync("etrn.example"));
        await Eventually.EqualAsync(0, () => site.HeldAsync("turn.example"));
        Assert.Equal(sent.Length, (await site.Api.ListAsync($"{site.Path}/messages?history=true")).Count);
    }
}
