using System.Text;
using WebSmtp.Smtp.Client;
using static WebSmtp.Smtp.Tests.Client.ClientConversation;

namespace WebSmtp.Smtp.Tests.Client;

public class LogInTests
{
    const string User = "testserver";
    const string Word = "pa55-w0rd";
    const string Token = "ya29.token";

    static readonly ClientCredentials Password = new ClientCredentials.Password(User, Word);
    static readonly ClientCredentials OAuth = new ClientCredentials.OAuthToken(User, Token);

    static string Opening(string offered) => $"S: 220 mx.example\nC: EHLO client.example\nS: 250-mx.example\nS: 250 {offered}\n";

    static ClientSessionOptions LogIn(ClientCredentials credentials, bool clear = true) =>
        Options with { Credentials = credentials, AllowClearPasswords = clear };

    static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    static readonly string Plain = Base64($"\0{User}\0{Word}");
    static readonly string Bearer = Base64($"n,a={User},\u0001auth=Bearer {Token}\u0001\u0001");
    static readonly string XOAuth2 = Base64($"user={User}\u0001auth=Bearer {Token}\u0001\u0001");

    /// <summary>What is offered, and the exchange that follows.</summary>
    public static TheoryData<string, string> Exchanges => new()
    {
        { "AUTH PLAIN LOGIN", $"C: AUTH PLAIN {Plain}" },
        { "AUTH=PLAIN", $"C: AUTH PLAIN {Plain}" },
        { "auth login plain", $"C: AUTH PLAIN {Plain}\nS: 334\nC: {Plain}" },
        { "AUTH PLAIN", $"C: AUTH PLAIN {Plain}\nS: 334 =\nC: {Plain}" },
        { "AUTH LOGIN", $"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: {Base64(User)}\nS: 334 UGFzc3dvcmQ6\nC: {Base64(Word)}" },
        { "AUTH LOGIN", $"C: AUTH LOGIN\nS: 334 who?\nC: {Base64(User)}\nS: 334\nC: {Base64(Word)}" },
        {
            "AUTH PLAIN LOGIN CRAM-MD5",
            // The digest of HMAC-MD5 with the password over the challenge, made with openssl.
            $"C: AUTH CRAM-MD5\nS: 334 {Base64("<1.1@hub.example>")}\nC: {Base64($"{User} ce5ab9066a0d6ef9d596dc60f519155a")}"
        },
        { "AUTH XOAUTH2 OAUTHBEARER PLAIN", $"C: AUTH OAUTHBEARER {Bearer}" },
        { "AUTH LOGIN XOAUTH2", $"C: AUTH XOAUTH2 {XOAuth2}" },
        { "AUTH XOAUTH2", $"C: AUTH XOAUTH2 {XOAuth2}\nS: 334\nC: {XOAuth2}" },
    };

    [Theory, MemberData(nameof(Exchanges))]
    public async Task The_best_mechanism_that_both_know_is_used_and_nobody_sees_a_secret(string offered, string exchange)
    {
        var credentials = exchange.Contains("AUTH2", StringComparison.Ordinal) || exchange.Contains("BEARER", StringComparison.Ordinal) ? OAuth : Password;
        await using var talk = new ClientConversation(
            Opening(offered) + exchange + "\nS: 235 2.7.0 welcome\nC: QUIT\nS: 221 bye", options: LogIn(credentials));
        await talk.OpenedAsync();
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
        NoSecretIn(talk);
        Assert.Equal(
            exchange.Split('\n').Where(line => line.StartsWith('C')).Select(line => line.Split(' ') switch
            {
                ["C:", "AUTH", var name, _] => $"C: AUTH {name} ***",
                ["C:", "AUTH", var name] => $"C: AUTH {name}",
                _ => "C: ***",
            }),
            talk.Lines.Where(line => line.StartsWith('C')).Skip(1).SkipLast(1));
    }

    [Theory, EachCut]
    public async Task A_server_proves_by_scram_that_it_knows_the_password_too(ReplyCut cut)
    {
        var server = new ScramServer(User, Word);
        await using var talk = new ClientConversation(
            Opening("AUTH PLAIN CRAM-MD5 SCRAM-SHA-256") + "@answer\n@answer\nC:\nS: 235 2.7.0 welcome", cut, LogIn(Password));
        talk.Server.Answer = server.Answer;
        await talk.OpenedAsync();
        await talk.Server.PlayedAsync();
        Assert.True(server.Proved);
        NoSecretIn(talk);
        Assert.Equal(["C: AUTH SCRAM-SHA-256 ***", "C: ***", "C: ***"], talk.Lines.Where(line => line.StartsWith('C')).Skip(1));
    }

    [Fact]
    public async Task A_server_that_does_not_know_the_password_gets_no_mail()
    {
        var server = new ScramServer(User, "another");
        await using var talk = new ClientConversation(
            Opening("AUTH SCRAM-SHA-256 PLAIN") + "@answer\n@answer\nC: *\nS: 501 5.7.0 cancelled", options: LogIn(Password));
        talk.Server.Answer = server.Answer;
        var failure = await talk.OpenAsync();
        Assert.Equal(ClientPhase.Auth, failure!.Phase);
        Assert.EndsWith("the server could not prove that it knows the password", failure.Reason, StringComparison.Ordinal);
        await talk.Server.PlayedAsync();

        var early = new ScramServer(User, Word);
        await using var hasty = new ClientConversation(
            Opening("AUTH SCRAM-SHA-256") + "@answer\n@answer", options: LogIn(Password));
        hasty.Server.Answer = line => line.StartsWith("AUTH", StringComparison.Ordinal) ? early.Answer(line) : "235 welcome";
        Assert.Contains("without the proof", (await hasty.OpenAsync())!.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("r=other,s=AAAA,i=4096")]
    [InlineData("r=$,s=AAAA,i=4096")]
    [InlineData("r=$x,s=,i=4096")]
    [InlineData("r=$x,s=AAAA,i=4095")]
    [InlineData("r=$x,s=AAAA,i=1000001")]
    [InlineData("r=$x,s=AAAA,i=99999999999999")]
    [InlineData("m=ext,r=$x,s=AAAA,i=4096")]
    [InlineData("")]
    public async Task A_scram_challenge_that_is_wrong_or_costs_too_much_ends_the_log_in(string challenge)
    {
        // An empty challenge is said to be a server that passed over the initial response: it comes twice.
        var twice = challenge.Length == 0 ? "@answer\n" : "";
        await using var talk = new ClientConversation(
            Opening("AUTH SCRAM-SHA-256") + $"@answer\n{twice}C: *\nS: 501 cancelled", options: LogIn(Password));
        var nonce = "";
        talk.Server.Answer = line =>
        {
            if (line.StartsWith("AUTH", StringComparison.Ordinal)) nonce = Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[2])).Split("r=")[1];
            return "334 " + Base64(challenge.Replace("$", nonce, StringComparison.Ordinal));
        };
        var failure = await talk.OpenAsync();
        Assert.Equal((ClientPhase.Auth, null), (failure!.Phase, failure.Reply));
        Assert.StartsWith("the log-in by SCRAM-SHA-256 was given up: ", failure.Reason, StringComparison.Ordinal);
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData("AUTH LOGIN XOAUTH2", "XOAUTH2", "")]
    [InlineData("AUTH OAUTHBEARER", "OAUTHBEARER", "AQ==")]
    public async Task A_refused_token_is_refused_in_two_steps(string offered, string mechanism, string answer)
    {
        var response = mechanism == "XOAUTH2" ? XOAuth2 : Bearer;
        await using var talk = new ClientConversation(
            Opening(offered) + $"""
            C: AUTH {mechanism} {response}
            S: 334 {Base64("{\"status\":\"invalid_token\"}")}
            C: {answer}
            S: 535 5.7.3 Authentication unsuccessful
            C: QUIT
            S: 221 bye
            """, options: LogIn(OAuth));
        var failure = await talk.OpenAsync();
        Assert.Equal("535 5.7.3 Authentication unsuccessful", failure!.Reply!.ToString());
        Assert.Equal((ClientPhase.Auth, "the server refused the log-in"), (failure.Phase, failure.Reason));
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
        NoSecretIn(talk);
    }

    [Fact]
    public async Task A_response_that_makes_the_command_too_long_waits_for_its_turn()
    {
        var token = new string('t', 2000);
        var response = Base64($"user={User}\u0001auth=Bearer {token}\u0001\u0001");
        await using var talk = new ClientConversation(
            Opening("AUTH XOAUTH2") + $"C: AUTH XOAUTH2\nS: 334\nC: {response}\nS: 235 ok",
            options: LogIn(new ClientCredentials.OAuthToken(User, token)));
        await talk.OpenedAsync();
        await talk.Server.PlayedAsync();
        Assert.Equal(["C: AUTH XOAUTH2", "S: 334", "C: ***", "S: 235 ok"], talk.Lines[^4..]);
    }

    [Fact]
    public async Task A_token_that_no_line_can_hold_is_not_sent()
    {
        await using var talk = new ClientConversation(
            Opening("AUTH XOAUTH2") + "C: QUIT\nS: 221 bye", options: LogIn(new ClientCredentials.OAuthToken(User, new('t', 9300))));
        var failure = await talk.OpenAsync();
        Assert.Equal(ClientPhase.Auth, failure!.Phase);
        Assert.Matches("^the log-in is too long for SMTP: 12\\d{3} octets in base64, of at most 12288$", failure.Reason);
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData("504 5.5.4 unknown mechanism")]
    [InlineData("534 5.7.9 too weak")]
    [InlineData("538 5.7.11 not without TLS")]
    [InlineData("432 4.7.12 a password transition is needed")]
    public async Task A_refused_mechanism_leaves_the_next_one(string refusal)
    {
        await using var talk = new ClientConversation(
            Opening("AUTH CRAM-MD5 PLAIN LOGIN") + $"C: AUTH CRAM-MD5\nS: {refusal}\nC: AUTH PLAIN {Plain}\nS: 235 ok", options: LogIn(Password));
        await talk.OpenedAsync();
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData("535 5.7.8 wrong password")]
    [InlineData("454 4.7.0 later")]
    [InlineData("421 4.3.2 closing")]
    [InlineData("501 5.5.2 what")]
    public async Task A_refused_log_in_is_not_tried_by_another_mechanism(string refusal)
    {
        await using var talk = new ClientConversation(
            Opening("AUTH PLAIN LOGIN") + $"C: AUTH PLAIN {Plain}\nS: {refusal}\n{(refusal[..3] == "421" ? "" : "C: QUIT\nS: 221 bye")}", options: LogIn(Password));
        var failure = await talk.OpenAsync();
        Assert.Equal((ClientPhase.Auth, refusal), (failure!.Phase, failure.Reply!.ToString()));
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => talk.SendAsync(Message("x")));
    }

    [Theory]
    [InlineData("AUTH PLAIN LOGIN", false, false, "the server offers no log-in that is safe on a connection without TLS; it offers PLAIN, LOGIN")]
    [InlineData("AUTH XOAUTH2", true, false, "the server offers no log-in that is safe on a connection without TLS; it offers XOAUTH2")]
    [InlineData("AUTH GSSAPI NTLM", false, true, "the server offers no log-in with a password that is known here; it offers GSSAPI, NTLM")]
    [InlineData("AUTH PLAIN", true, true, "the server offers no log-in with an OAuth2 token that is known here; it offers PLAIN")]
    [InlineData("SIZE", false, true, "the server offers no log-in (AUTH)")]
    [InlineData("AUTH", false, true, "the server offers no log-in (AUTH)")]
    public async Task Without_a_mechanism_nothing_is_said_and_the_reason_names_what_is_offered(string offered, bool token, bool clear, string reason)
    {
        await using var talk = new ClientConversation(
            Opening(offered) + "C: QUIT\nS: 221 bye", options: LogIn(token ? OAuth : Password, clear));
        Assert.Equal(new ClientFailure(ClientPhase.Auth, reason), await talk.OpenAsync());
        await talk.Session.QuitAsync(talk.Stop);
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData("a\0b", "x", "the user name holds a control character")]
    [InlineData("a", "x\r\nRSET", "the password holds a control character")]
    [InlineData("", "x", "there is no user name to log in with")]
    [InlineData("a", "", "there is no password to log in with")]
    public async Task Text_that_no_mechanism_can_carry_is_never_sent(string user, string word, string reason)
    {
        await using var talk = new ClientConversation(
            Opening("AUTH PLAIN"), options: LogIn(new ClientCredentials.Password(user, word)));
        Assert.Equal(new ClientFailure(ClientPhase.Auth, reason), await talk.OpenAsync());
        await talk.Server.PlayedAsync();
    }

    [Theory]
    [InlineData("AUTH CRAM-MD5", "C: AUTH CRAM-MD5\nS: 334 ***\nC: *\nS: 501 ok", "CRAM-MD5 was given up: the server's challenge is empty or not base64")]
    [InlineData("AUTH LOGIN", "C: AUTH LOGIN\nS: 334\nC: dGVzdHNlcnZlcg==\nS: 334\nC: cGE1NS13MHJk\nS: 334\nC: *\nS: 501 ok", "LOGIN was given up: the server asks for more")]
    [InlineData("AUTH LOGIN", "C: AUTH LOGIN\nS: 354 go on", "the reply 354 to AUTH makes no sense")]
    [InlineData("AUTH LOGIN", "C: AUTH LOGIN\nS: 250 welcome", "the reply 250 to AUTH makes no sense")]
    public async Task An_exchange_that_makes_no_sense_is_given_up(string offered, string exchange, string reason)
    {
        await using var talk = new ClientConversation(Opening(offered) + exchange, options: LogIn(Password));
        var failure = await talk.OpenAsync();
        Assert.Equal(ClientPhase.Auth, failure!.Phase);
        Assert.Contains(reason, failure.Reason, StringComparison.Ordinal);
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task A_secret_that_the_server_repeats_is_in_no_line_and_no_reply()
    {
        await using var talk = new ClientConversation(
            Opening("AUTH PLAIN") + $"C: AUTH PLAIN {Plain}\nS: 501-cannot decode {Plain}\nS: 501 so there", options: LogIn(Password));
        var failure = await talk.OpenAsync();
        Assert.Equal("501 cannot decode *** so there", failure!.Reply!.ToString());
        NoSecretIn(talk);
    }

    [Fact]
    public async Task Under_tls_passwords_may_be_sent_and_the_log_in_follows_the_second_ehlo()
    {
        await using var talk = new ClientConversation($"""
            S: 220 mx.example
            C: EHLO client.example
            S: 250-mx.example
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go on
            @tls
            C: EHLO client.example
            S: 250-mx.example
            S: 250 AUTH PLAIN
            C: AUTH PLAIN {Plain}
            S: 235 ok
            C: MAIL FROM:<alice@example.org>
            S: 550 no
            """, options: LogIn(Password, clear: false) with { Tls = ClientTls.Require, TlsOptions = TestCertificate.Client }, tls: TestCertificate.Server);
        await talk.OpenedAsync();
        await talk.SendAsync(Message("x"));
        await talk.Server.PlayedAsync();
    }

    [Fact]
    public async Task Implicit_tls_comes_before_the_greeting_and_tells_what_was_negotiated()
    {
        await using var talk = new ClientConversation("""
            @tls
            S: 220 mx.example
            C: EHLO client.example
            S: 250-mx.example
            S: 250 STARTTLS
            C: MAIL FROM:<alice@example.org>
            S: 550 no
            """, options: Options with { Tls = ClientTls.Implicit, TlsOptions = TestCertificate.Client }, tls: TestCertificate.Server);
        await talk.OpenedAsync();
        await talk.SendAsync(Message("x"));
        await talk.Server.PlayedAsync();
        Assert.Equal("CN=mx.example", talk.Session.Tls!.Subject);
        Assert.Matches("^TLS 1\\.[23] TLS_[A-Z0-9_]+$", talk.Session.Tls.ToString());

        await using var clear = new ClientConversation(
            "S: 220 mx.example", options: Options with { Tls = ClientTls.Implicit, TlsOptions = TestCertificate.Client });
        var failure = await clear.OpenAsync();
        Assert.Equal(ClientPhase.StartTls, failure!.Phase);
        Assert.StartsWith("the TLS handshake failed: ", failure.Reason, StringComparison.Ordinal);
    }

    static void NoSecretIn(ClientConversation talk)
    {
        foreach (var secret in new[] { Word, Token, Plain, Bearer, XOAuth2, Base64(Word), Base64(User), "Bearer" })
        {
            Assert.DoesNotContain(talk.Lines, line => line.Contains(secret, StringComparison.Ordinal));
        }
    }
}
