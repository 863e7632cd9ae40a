using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Collecting;

/// <summary>The real fetchmail in ODMR and in ETRN mode; what it fetches goes into a sink of ours, as to a branch's own server.</summary>
public sealed class FetchmailTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task In_odmr_mode_every_octet_comes_out_as_it_went_in()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.HoldAsync("other.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.All.Values);
        await site.SendAsync("somebody@other.com", SampleMail.Plain("other"));
        await using var sink = new RecordingSink();

        var fetched = await OdmrAsync(site, account, "test.com,other.com", sink.Port);

        Assert.True(fetched.ExitCode == 0, fetched.ToString());
        Assert.Empty(sink.Faults);
        var came = sink.Host.Received.Where(mail => mail.To.Contains("<somebody@test.com>")).ToArray();
        Assert.Equal(SampleMail.All.Count, came.Length);
        foreach (var ((name, sent), mail) in SampleMail.All.Zip(came)) mail.AssertSameAs(sent, name);
        Assert.Single(sink.Host.Received, mail => mail.To.Contains("<somebody@other.com>")).AssertSameAs(SampleMail.Plain("other"), "other");
        await Eventually.EqualAsync(0, () => site.HeldAsync("test.com"));
        await Eventually.EqualAsync(0, () => site.HeldAsync("other.com"));
    }

    [Fact(Timeout = Limits.Long)]
    public async Task In_odmr_mode_twenty_mebibytes_come_through()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        var large = SampleMail.OfSize(20 * 1024 * 1024);
        await site.SendAsync("somebody@test.com", large);
        await using var sink = new RecordingSink();

        var fetched = await OdmrAsync(site, account, "test.com", sink.Port);

        Assert.True(fetched.ExitCode == 0, fetched.ToString());
        Assert.Single(sink.Host.Received).AssertSameAs(large, "20 MiB");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task In_odmr_mode_it_understands_our_refusals()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.HoldAsync("other.com", await site.AddAccountAsync("other"));
        await using var sink = new RecordingSink();

        // Exit codes: fetchmail(1). 453: no mail, which is a success.
        var nothing = await OdmrAsync(site, account, "test.com", sink.Port);
        Assert.True(nothing.ExitCode == 0 && nothing.ToString().Contains("no mail", StringComparison.OrdinalIgnoreCase), nothing.ToString());

        // 450: the domain is not mapped to this account.
        await site.SendAsync("somebody@test.com", SampleMail.Plain("one"));
        var notMine = await OdmrAsync(site, account, "test.com,other.com", sink.Port);
        Assert.True(notMine.ExitCode == 4, notMine.ToString());

        // 535.
        var wrong = await OdmrAsync(site, account with { Password = "wrong" }, "test.com", sink.Port);
        Assert.True(wrong.ExitCode != 0, wrong.ToString());

        // Its own SMTP server is down: it closes without a word after our 250.
        var noSink = await OdmrAsync(site, account, "test.com", FreePorts.Next());
        Assert.True(noSink.ExitCode == 2, noSink.ToString());
        Assert.Empty(sink.Host.Received);
        Assert.Equal(1, await site.HeldAsync("test.com"));

        // The connection that was cut is noticed, and the mail is to be had again.
        await Eventually.TrueAsync(async () =>
        {
            var last = await OdmrAsync(site, account, "test.com", sink.Port);
            return last.ExitCode == 0 && sink.Host.Received.Count == 1;
        });
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task In_etrn_mode_the_mail_comes_over_connections_of_the_server()
    {
        await using var sink = new RecordingSink();
        await using var site = await server.NewSiteAsync();
        foreach (var domain in (string[])["test.com", "other.com"])
            await site.HoldAsync(domain, route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
        await site.SendAsync("somebody@test.com", SampleMail.All.Values);
        await site.SendAsync("somebody@other.com", SampleMail.Plain("other"));

        var asked = await FetchmailAsync($"poll 127.0.0.1 protocol ETRN service {site.Port} fetchdomains test.com,other.com sslproto ''");

        Assert.True(asked.ExitCode == 0, asked.ToString());
        var received = await sink.Host.WaitForAsync(SampleMail.All.Count + 1, Stop);
        foreach (var (name, sent) in SampleMail.All)
            Assert.True(received.Any(mail => mail.BelowReceived.AsSpan().SequenceEqual(sent)), $"'{name}' did not come as it was sent.");
        await Eventually.EqualAsync(0, () => site.HeldAsync("test.com"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task In_etrn_mode_it_understands_our_refusals()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("test.com");
        await site.HoldAsync("turn-only.com", await site.AddAccountAsync(), """{ "etrn": false }""");

        var nothing = await FetchmailAsync($"poll 127.0.0.1 protocol ETRN service {site.Port} fetchdomains test.com sslproto ''");
        Assert.True(nothing.ExitCode == 0 && nothing.ToString().Contains("No messages waiting for test.com", StringComparison.Ordinal), nothing.ToString());
        var notAllowed = await FetchmailAsync($"poll 127.0.0.1 protocol ETRN service {site.Port} fetchdomains turn-only.com sslproto ''");
        Assert.True(notAllowed.ExitCode == 3 && notAllowed.ToString().Contains("turn-only.com not allowed", StringComparison.Ordinal), notAllowed.ToString());
    }

    static Task<FinishedProgram> OdmrAsync(TestSite site, MailAccount account, string domains, int smtpHost) => FetchmailAsync($"""
        poll 127.0.0.1 protocol ODMR service {site.Port}
          user "{account.Username}" password "{account.Password}" fetchdomains {domains} smtphost "127.0.0.1/{smtpHost}" sslproto ''
        """);

    static async Task<FinishedProgram> FetchmailAsync(string configuration)
    {
        var fetchmail = Tool.Need("fetchmail");
        var home = Directory.CreateTempSubdirectory("websmtp-fetchmail-");
        try
        {
            var file = Path.Combine(home.FullName, "rc");
            await File.WriteAllTextAsync(file, configuration + "\n", Stop);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return await Tool.RunAsync(fetchmail, ["-f", file, "--nosyslog", "--nodetach", "-v", "-v", "--pidfile", Path.Combine(home.FullName, "pid")], Stop,
                new Dictionary<string, string?> { ["FETCHMAILHOME"] = home.FullName, ["HOME"] = home.FullName, ["LC_ALL"] = "C" });
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }
}
