using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Collecting;

/// <summary>Held mail collected with authenticated TURN, by a raw client.</summary>
public sealed class TurnTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Every_octet_of_held_mail_comes_out_as_it_went_in()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.All.Values);
        Assert.Equal(SampleMail.All.Count, await site.HeldAsync("test.com"));

        var host = await TurnHost.CollectAsync(site, account, Stop);

        Assert.Equal(SampleMail.All.Count, host.Received.Count);
        foreach (var ((name, sent), came) in SampleMail.All.Zip(host.Received)) came.AssertSameAs(sent, name);
        Assert.All(host.Received, came => Assert.Equal(("<sender@away.example>", "<somebody@test.com>"), (came.From.Split(' ')[0], came.To.Single())));
        await Eventually.EqualAsync(0, () => site.HeldAsync("test.com"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Twenty_mebibytes_come_out_as_they_went_in()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        var large = SampleMail.OfSize(20 * 1024 * 1024);
        await site.SendAsync("somebody@test.com", large);

        var host = await TurnHost.CollectAsync(site, account, Stop);

        Assert.Single(host.Received).AssertSameAs(large, "20 MiB");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_turned_connection_is_an_ordinary_smtp_session_with_the_roles_exchanged()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.Plain("one"));
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync("branch");
        await talk.LogInAsync(account);

        // From the 250 on we are the server: what we say are replies, what comes are commands.
        await talk.PlayAsync("""
            C: TURN
            S: 250 2.*
            C: 220 branch ESMTP
            """);
        Assert.Equal("EHLO hub.example", await talk.HearLineAsync());
        await talk.SayAsync("250-branch\r\n250 8BITMIME");
        Assert.Equal("MAIL FROM:<sender@away.example> BODY=8BITMIME", await talk.HearLineAsync());
        await talk.SayAsync("250 OK");
        Assert.Equal("RCPT TO:<somebody@test.com>", await talk.HearLineAsync());
        await talk.SayAsync("250 OK");
        Assert.Equal("DATA", await talk.HearLineAsync());
        await talk.SayAsync("354 Go on");
        while (await talk.HearLineAsync() is not ".") { }
        await talk.SayAsync("250 Taken");
        Assert.Equal("QUIT", await talk.HearLineAsync());
        await talk.SayAsync("221 Bye");
        await talk.ExpectClosedAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Only_who_logged_in_and_has_mail_may_turn()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        var stranger = await site.AddAccountAsync("stranger");
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.Plain("one"));
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();

        await talk.PlayAsync("""
            C: TURN
            S: 530 5.7.0 *
            """);
        await talk.LogInWithChallengeAsync(stranger);
        // Nothing is mapped to this account, whatever waits for others.
        await talk.PlayAsync("""
            C: TURN
            S: 450 *
            C: NOOP
            S: 250 *
            """);
        await talk.QuitAsync();
        Assert.Equal(1, await site.HeldAsync("test.com"));

        await TurnHost.CollectAsync(site, account, Stop);
        await using var again = await site.ConnectAsync();
        await again.GreetAsync();
        await again.LogInAsync(account);
        await again.PlayAsync("""
            C: TURN
            S: 453 *
            """);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Where_turn_is_off_it_is_not_implemented()
    {
        await using var site = await server.NewSiteAsync("""{ "turnEnabled": false, "atrnEnabled": false, "etrnEnabled": false }""");
        var account = await site.AddAccountAsync();
        await using var talk = await site.ConnectAsync();
        Assert.DoesNotContain(await talk.GreetAsync(), keyword => keyword is "ETRN" or "ATRN");
        await talk.LogInAsync(account);
        await talk.PlayAsync("""
            C: TURN
            S: 502 *
            C: ATRN
            S: 502 *
            C: ETRN test.com
            S: 502 *
            """);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Tls_stays_on_when_the_roles_are_exchanged()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.Plain("secret"));
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.StartTlsAsync();
        await talk.EhloAsync();
        await talk.LogInAsync(account);
        var host = new MailHost();
        Assert.Equal(HostEnd.Quit, await TurnHost.CollectAsync(talk, host, Stop));
        Assert.True(Assert.Single(host.Received).UnderTls);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task One_collection_takes_every_domain_of_the_account_and_no_other()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("first.example", account);
        await site.HoldAsync("*.second.example", account);
        await site.HoldAsync("other.example", await site.AddAccountAsync("other"));
        await site.SendAsync("a@first.example", SampleMail.Plain("first"));
        await site.SendAsync("b@deep.second.example", SampleMail.Plain("second"));
        await site.SendAsync("c@other.example", SampleMail.Plain("other"));

        var host = await TurnHost.CollectAsync(site, account, Stop);

        Assert.Equal(["first", "second"], host.Received.Select(mail => mail.Subject).Order(StringComparer.Ordinal));
        Assert.Equal(1, await site.HeldAsync("other.example"));
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("without chunking")]
    [InlineData("with chunking")]
    public async Task Turned_sessions_use_data_whatever_the_host_offers(string kind)
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.Plain("one"), SampleMail.All["leading dots"]);

        var host = await TurnHost.CollectAsync(site, account, Stop, host: new()
        {
            Keywords = kind == "with chunking" ? ["PIPELINING", "8BITMIME", "CHUNKING", "BINARYMIME"] : ["8BITMIME"],
        });

        Assert.Equal(2, host.Received.Count);
        host.Received[1].AssertSameAs(SampleMail.All["leading dots"], "leading dots");
        Assert.DoesNotContain(host.Commands, command => command.StartsWith("BDAT", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_waits_behind_turn_is_an_attack()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.Plain("one"));
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.LogInAsync(account);
        await talk.SayRawAsync("TURN\r\n220 ready before it was asked\r\n"u8.ToArray());
        await talk.PlayAsync("""
            S: 554 5.5.0 *
            S: (closed)
            """);
        Assert.Equal(1, await site.HeldAsync("test.com"));
    }
}
