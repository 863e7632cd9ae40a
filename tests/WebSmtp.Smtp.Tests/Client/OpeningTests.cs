using System.Security.Authentication;
using WebSmtp.Smtp.Client;
using static WebSmtp.Smtp.Tests.Client.ClientConversation;

namespace WebSmtp.Smtp.Tests.Client;

public class OpeningTests
{
    [Theory, EachCut]
    public async Task The_server_is_greeted_and_says_what_it_offers(ReplyCut cut)
    {
        await using var talk = new ClientConversation("""
            S: 220-mx.example ESMTP
            S: 220 we do not like spam
            C: EHLO client.example
            S: 250-mx.example greets you
            S: 250-size 1000
            S: 250-AUTH PLAIN LOGIN
            S: 250-AUTH=PLAIN LOGIN
            S: 250-X_ODD
            S: 250-
            S: 250-DSN
            S: 250 PIPELINING
            C: QUIT
            S: 221 bye
            """, cut);
        await talk.OpenedAsync();
        Assert.Equal("mx.example", talk.Session.ServerName);
        var offered = talk.Session.Capabilities;
        Assert.True(offered is { Pipelining: true, Dsn: true, EightBitMime: false, StartTls: false });
        Assert.Equal(1000, offered.MaxSize);
        Assert.Equal(
            ["PLAIN LOGIN", null, ""],
            [offered.Parameters("auth"), offered.Parameters("X_ODD"), offered.Parameters("DSN")]);
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
        Assert.Equal(["S: 220-mx.example ESMTP", "S: 220 we do not like spam", "C: EHLO client.example"], talk.Lines[..3]);
        Assert.Equal(["C: QUIT", "S: 221 bye"], talk.Lines[^2..]);
    }

    [Fact]
    public async Task A_server_without_a_name_has_none()
    {
        await using var talk = new ClientConversation("S: 220 ***hidden***\nC: EHLO client.example\nS: 250");
        await talk.OpenedAsync();
        Assert.Null(talk.Session.ServerName);
    }

    [Theory]
    [InlineData("554 5.7.1 go away", ClientPhase.Greeting, "the server refused the connection")]
    [InlineData("421 4.3.2 not now", ClientPhase.Greeting, "the server refused the connection")]
    [InlineData("250 what", ClientPhase.Greeting, "the server refused the connection")]
    public async Task A_refused_connection_is_a_failure_with_the_reply(string greeting, ClientPhase phase, string reason)
    {
        await using var talk = new ClientConversation($"S: {greeting}\n{(greeting[0] == '4' ? "" : "C: QUIT\nS: 221 bye")}");
        var failure = await talk.OpenAsync();
        Assert.Equal((phase, reason, greeting), (failure!.Phase, failure.Reason, failure.Reply!.ToString()));
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task Helo_is_said_where_ehlo_is_refused_and_then_nothing_is_offered()
    {
        await using var talk = new ClientConversation("""
            S: 220 old.example SMTP
            C: EHLO client.example
            S: 502 what
            C: HELO client.example
            S: 250 old.example
            C: MAIL FROM:<alice@example.org>
            S: 250 ok
            C: RCPT TO:<bob@example.net>
            S: 250 ok
            C: DATA
            S: 354 go on
            C.
            S: 250 ok
            """);
        await talk.OpenedAsync();
        Assert.False(talk.Session.Capabilities.Pipelining);
        Assert.Null((await talk.SendAsync(Message("hello\r\n"))).Failure);
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 450 4.7.0 later", "450 4.7.0 later")]
    [InlineData("S: 500 what\nC: HELO client.example\nS: 550 5.7.1 go away", "550 5.7.1 go away")]
    [InlineData("S: 220 late greeting", "220 late greeting")]
    public async Task A_refused_hello_is_a_failure_with_the_reply(string answer, string reply)
    {
        await using var talk = new ClientConversation($"S: 220 mx\nC: EHLO client.example\n{answer}\nC: QUIT\nS: 221 bye");
        var failure = await talk.OpenAsync();
        Assert.Equal((ClientPhase.Hello, reply), (failure!.Phase, failure.Reply!.ToString()));
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task A_turned_session_never_starts_tls_nor_offers_chunks()
    {
        await using var talk = new ClientConversation("""
            S: 220 sink.example
            C: EHLO client.example
            S: 250-sink.example
            S: 250-STARTTLS
            S: 250-CHUNKING
            S: 250-BINARYMIME
            S: 250 8BITMIME
            """, options: Options with { Turned = true, Tls = ClientTls.Require });
        await talk.OpenedAsync();
        Assert.True(talk.Session.Capabilities is { Chunking: false, BinaryMime: false, EightBitMime: true });
        var withoutTlsOptions = Options with { Tls = ClientTls.Require };
        Assert.Throws<ArgumentException>(() => _ = new ClientSession(talk.Server, withoutTlsOptions, talk.Clock));
        await talk.Server.PlayedAsync();
    }

    const string TlsOpening = """
        S: 220 mx.example
        C: EHLO client.example
        S: 250-mx.example
        S: 250 STARTTLS

        """;

    [Theory, EachCut]
    public async Task After_starttls_everything_begins_afresh(ReplyCut cut)
    {
        await using var talk = new ClientConversation(TlsOpening + """
            C: STARTTLS
            S: 220 2.0.0 go on
            @tls
            C: EHLO client.example
            S: 250-mx.example
            S: 250 PIPELINING
            C: MAIL FROM:<alice@example.org>
            C: RCPT TO:<bob@example.net>
            C: DATA
            S: 250 2.1.0 ok
            S: 250 2.1.5 ok
            S: 354 go on
            C.
            S: 250 2.0.0 taken
            C: QUIT
            S: 221 2.0.0 bye
            """, cut, Options with { Tls = ClientTls.Require, TlsOptions = TestCertificate.Client }, TestCertificate.Server);
        await talk.OpenedAsync();
        Assert.True(talk.Session.Tls is { Protocol: SslProtocols.Tls12 or SslProtocols.Tls13, Subject: "CN=mx.example" });
        Assert.True(talk.Session.Capabilities is { Pipelining: true, StartTls: false });
        Assert.Equal(250, (await talk.SendAsync(Message("secret\r\n"))).Recipients[0].Reply!.Code);
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
        Assert.Equal("secret\r\n"u8, talk.Server.Contents[0]);
    }

    [Theory]
    [InlineData(ClientTls.Require)]
    [InlineData(ClientTls.Opportunistic)]
    public async Task Bytes_in_clear_behind_the_220_to_starttls_are_an_attack(ClientTls tls)
    {
        await using var talk = new ClientConversation(TlsOpening + """
            C: STARTTLS
            S: 220 2.0.0 go on
            S: 250 injected
            """, options: Options with { Tls = tls, TlsOptions = TestCertificate.Client });
        var failure = await talk.OpenAsync();
        Assert.Equal((ClientPhase.StartTls, "the server sent bytes in clear behind its 220 to STARTTLS"), Facts(failure));
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task Tls_that_is_required_and_not_offered_or_refused_is_a_failure()
    {
        var options = Options with { Tls = ClientTls.Require, TlsOptions = TestCertificate.Client };
        await using var without = new ClientConversation(Opening + "C: QUIT\nS: 221 bye", options: options);
        var missing = await without.OpenAsync();
        Assert.Equal((ClientPhase.StartTls, "the server does not offer STARTTLS, which is required"), Facts(missing));
        await without.Session.QuitAsync(without.Stop);
        await without.Server.PlayedAsync();

        await using var refused = new ClientConversation(TlsOpening + """
            C: STARTTLS
            S: 454 4.7.0 broken
            C: QUIT
            S: 221 bye
            """, options: options);
        var failure = await refused.OpenAsync();
        Assert.Equal((ClientPhase.StartTls, 454), (failure!.Phase, failure.Reply!.Code));
        await refused.Session.QuitAsync(refused.Stop);
        await refused.Server.PlayedAsync();
    }

    [Fact]
    public async Task Opportunistic_tls_goes_on_in_clear_where_it_is_not_offered_or_refused()
    {
        var options = Options with { Tls = ClientTls.Opportunistic, TlsOptions = TestCertificate.Client };
        await using var without = new ClientConversation(Opening, options: options);
        await without.OpenedAsync();

        await using var refused = new ClientConversation(TlsOpening + "C: STARTTLS\nS: 454 4.7.0 broken", options: options);
        await refused.OpenedAsync();
        Assert.Null(refused.Session.Tls);
        await refused.Server.PlayedAsync();
    }

    [Fact]
    public async Task A_tls_handshake_that_fails_or_stalls_is_a_failure()
    {
        var options = Options with { Tls = ClientTls.Opportunistic, TlsOptions = TestCertificate.Client };
        await using var broken = new ClientConversation(TlsOpening + "C: STARTTLS\nS: 220 go on\n@close", options: options);
        var failure = await broken.OpenAsync();
        Assert.Equal(ClientPhase.StartTls, failure!.Phase);
        Assert.StartsWith("the TLS handshake failed: ", failure.Reason, StringComparison.Ordinal);

        await using var stalled = new ClientConversation(TlsOpening + "C: STARTTLS\nS: 220 go on\n@silent", options: options);
        var opening = stalled.OpenAsync();
        await stalled.Server.Playing;
        var gaveUp = await stalled.TimedOutAsync(opening, options.ReplyTimeout, heard: 4);
        Assert.Equal((ClientPhase.StartTls, "no TLS handshake within 5 minutes"), Facts(gaveUp));
    }

    [Fact]
    public async Task A_session_is_opened_once_and_before_mail()
    {
        await using var talk = new ClientConversation(Opening);
        await Assert.ThrowsAsync<InvalidOperationException>(() => talk.SendAsync(Message("x")));
        await talk.OpenedAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(talk.OpenAsync);
    }

    static (ClientPhase, string) Facts(ClientFailure? failure) => (failure!.Phase, failure.Reason);
}
