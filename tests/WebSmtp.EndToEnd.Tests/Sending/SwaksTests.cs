using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Sending;

/// <summary>swaks sends, in every way that it can.</summary>
public sealed class SwaksTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("", "ESMTP")]
    [InlineData("--protocol SMTP", "SMTP")]
    [InlineData("--pipeline", "ESMTP")]
    [InlineData("--tls", "ESMTPS")]
    [InlineData("--auth PLAIN", "ESMTPA")]
    [InlineData("--auth LOGIN", "ESMTPA")]
    [InlineData("--auth CRAM-MD5", "ESMTPA")]
    [InlineData("--tls --auth PLAIN", "ESMTPSA")]
    [InlineData("--tls --auth LOGIN --pipeline", "ESMTPSA")]
    public async Task It_sends(string how, string with)
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        var body = string.Concat(Enumerable.Range(1, 50).Select(line => $".line {line}\r\n.\r\n"));

        var sent = await SwaksAsync(site, how, account, "--header", "Subject: by swaks", "--body", body.Replace("\r\n", "\n", StringComparison.Ordinal));

        Assert.True(sent.ExitCode == 0, sent.ToString());
        var mail = Assert.Single((await TurnHost.CollectAsync(site, account, Stop)).Received);
        Assert.Equal("by swaks", mail.Subject);
        Assert.Contains("\r\n\r\n" + body, System.Text.Encoding.UTF8.GetString(mail.Content), StringComparison.Ordinal);
        Assert.Contains($" with {with} ", mail.ReceivedField.Replace("\r\n", " ", StringComparison.Ordinal).Replace('\t', ' '), StringComparison.Ordinal);
        Assert.Contains("for <user@held.example>", mail.ReceivedField, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task It_sends_over_tls_from_the_first_byte()
    {
        await using var site = await server.NewSiteAsync(tls: "implicit");
        await site.HoldAsync("held.example");
        var sent = await SwaksAsync(site, "--tls-on-connect", null);
        Assert.True(sent.ExitCode == 0, sent.ToString());
        Assert.Equal(1, await site.HeldAsync("held.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Its_failures_are_those_of_smtp()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example");

        // swaks: 28 is a failed log-in, 24 a refused recipient.
        Assert.Equal(28, (await SwaksAsync(site, "--auth PLAIN", account with { Password = "wrong" })).ExitCode);
        Assert.Equal(28, (await SwaksAsync(site, "--auth CRAM-MD5", account with { Username = "nobody" })).ExitCode);
        Assert.Equal(0, await site.HeldAsync("held.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Where_tls_is_demanded_nothing_goes_without_it()
    {
        await using var site = await server.NewSiteAsync(tls: "requireStartTls");
        await site.HoldAsync("held.example");
        var plain = await SwaksAsync(site, "", null);
        Assert.True(plain.ExitCode != 0 && plain.ToString().Contains("530 5.7.0", StringComparison.Ordinal), plain.ToString());
        var tls = await SwaksAsync(site, "--tls", null);
        Assert.True(tls.ExitCode == 0, tls.ToString());
        Assert.Equal(1, await site.HeldAsync("held.example"));
    }

    static Task<FinishedProgram> SwaksAsync(TestSite site, string how, MailAccount? account, params string[] more)
    {
        string[] login = account is null ? [] : ["--auth-user", account.Username, "--auth-password", account.Password];
        string[] options = how.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Tool.RunAsync(Tool.Need("swaks"),
        [
            "--server", "127.0.0.1", "--port", $"{site.Port}", "--ehlo", "client.example", "--timeout", "30",
            "--from", "sender@away.example", "--to", "user@held.example", .. options, .. options.Contains("--auth") ? login : [], .. more,
        ], Stop, new Dictionary<string, string?> { ["HOME"] = Path.GetTempPath() });
    }
}
