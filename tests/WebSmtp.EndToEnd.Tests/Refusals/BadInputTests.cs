using System.Diagnostics;
using System.Text;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Refusals;

/// <summary>What is not SMTP gets a short refusal, and the server goes on.</summary>
public sealed class BadInputTests(SharedServer server)
{
    const int ShortRefusal = 600;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("a request of HTTP")]
    [InlineData("a posting of HTTP with mail in it")]
    [InlineData("a hello of TLS")]
    [InlineData("garbage")]
    [InlineData("zeros")]
    public async Task Another_protocol_gets_a_short_refusal(string kind)
    {
        var said = kind switch
        {
            "a request of HTTP" => "GET / HTTP/1.1\r\nHost: hub.example\r\nUser-Agent: browser\r\n\r\n"u8.ToArray(),
            "a posting of HTTP with mail in it" => "POST / HTTP/1.1\r\nHost: hub.example\r\nContent-Length: 90\r\n\r\nEHLO x\r\nMAIL FROM:<a@away.example>\r\nRCPT TO:<user@held.example>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n"u8.ToArray(),
            "a hello of TLS" => [0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, (byte)'\n', .. new byte[200]],
            "zeros" => new byte[100_000],
            _ => [.. Enumerable.Range(0, 100_000).Select(at => (byte)(at * at * 31 >> 4))],
        };
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example");
        await using var talk = await site.ConnectAsync();
        // As such a client does: without waiting for a greeting.
        await talk.SayRawAsync(said, kind);

        var heard = await HearAllAsync(talk);

        Assert.True(heard.Length <= ShortRefusal, heard);
        Assert.Matches("(?m)^(5|421)", heard);
        Assert.Equal(0, await site.HeldAsync("held.example"));
        await SitesStillServe(site);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Too_many_errors_end_the_session()
    {
        await using var site = await server.NewSiteAsync("""{ "maxErrors": 3 }""");
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.PlayAsync("""
            C: XYZZY
            S: 50* 5.5.* *
            C: MAIL FROM:nobody
            S: 501 5.* *
            C: RCPT TO:<user@held.example>
            S: 503 5.5.1 *
            C: DATA
            S: 421 4.7.0 *
            S: (closed)
            """);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_line_without_an_end_ends_the_session_and_costs_no_memory()
    {
        await using var site = await server.NewSiteAsync();
        using var process = Process.GetProcessById(site.Server.ProcessId);
        var before = process.PrivateMemorySize64;
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        var block = Encoding.ASCII.GetBytes(new string('x', 1024 * 1024));
        var refused = false;
        for (var sent = 0; sent < 256 && !refused; sent++)
        {
            try
            {
                await talk.SayRawAsync(block, "(1 MiB without a line ending)");
            }
            catch (IOException)
            {
                refused = true;
            }
        }
        Assert.True(refused, "256 MiB were taken.");
        process.Refresh();
        Assert.True(process.PrivateMemorySize64 - before < 64 * 1024 * 1024, $"It took {process.PrivateMemorySize64 - before} octets of memory.");
        await SitesStillServe(site);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("\n.\n")]
    [InlineData("\r\n.\n")]
    [InlineData("\n.\r\n")]
    [InlineData("\r.\r")]
    [InlineData("\r\n.\r")]
    public async Task Only_the_real_end_ends_a_message(string falseEnd)
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example");
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.PlayAsync("""
            C: MAIL FROM:<sender@away.example>
            S: 250 *
            C: RCPT TO:<user@held.example>
            S: 250 *
            C: DATA
            S: 354 *
            """);
        await talk.SayRawAsync(Encoding.ASCII.GetBytes(
            $"Subject: one\r\n\r\nx{falseEnd}MAIL FROM:<smuggled@away.example>\r\nRCPT TO:<user@held.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"));
        await talk.ExpectAsync("550 5.6.11 *");
        await talk.PlayAsync("""
            C: NOOP
            S: 250 *
            """);
        Assert.Equal(0, await site.HeldAsync("held.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Bare_line_endings_of_listed_devices_are_repaired()
    {
        await using var site = await server.NewSiteAsync("""{ "repairLineEndingsFrom": [ "127.0.0.5" ] }""");
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        await using (var talk = await site.ConnectAsync(from: System.Net.IPAddress.Parse("127.0.0.5")))
        {
            await talk.GreetAsync();
            await talk.PlayAsync("""
                C: MAIL FROM:<printer@away.example>
                S: 250 *
                C: RCPT TO:<user@held.example>
                S: 250 *
                C: DATA
                S: 354 *
                """);
            await talk.SayRawAsync("Subject: scan\n\none\n.\ntwo\r\n.\r\n"u8.ToArray());
            await talk.ExpectAsync("250 *");
        }
        Assert.Single((await TurnHost.CollectAsync(site, account, Stop)).Received).AssertSameAs("Subject: scan\r\n\r\none\r\n.\r\ntwo\r\n"u8.ToArray(), "repaired");
    }

    static async Task<string> HearAllAsync(SmtpTalk talk)
    {
        var heard = new StringBuilder();
        try
        {
            while (await talk.Wire.ReadLineAsync(Stop) is { IsEmpty: false } line) heard.Append(Encoding.Latin1.GetString(line.Span));
        }
        catch (IOException)
        {
            // Reset: the server did not read what was still on its way.
        }
        return heard.ToString();
    }

    static async Task SitesStillServe(TestSite site)
    {
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.QuitAsync();
    }
}
