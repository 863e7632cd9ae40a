using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Delivery;
using WebSmtp.Mta.Tests.Sites;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Tests.SmartHosts;

/// <summary>What an administrator is told when he tests a smart host.</summary>
public sealed class SmartHostTestTests : IDisposable
{
    readonly SmartHostBench _bench = new();

    public SmartHostTestTests() => _bench.Network.Mx("relay.example", (10, "192.0.2.7"));

    public void Dispose() => _bench.Dispose();

    /// <summary>Keeps the host and tests it.</summary>
    async Task<SmartHostTestResult> TestAsync(SmartHostInput input, string? from = null, string? to = null)
    {
        await _bench.CreateAsync(new("primary", input, new()));
        var tested = await _bench.Hosts.TestAsync("primary", from, to, SiteBench.Operator, _bench.Stop);
        Assert.Null(tested.Problem);
        return tested.Value!;
    }

    static string Steps(SmartHostTestResult result) => string.Join(' ', result.Steps.Select(step => step.Ok ? step.Step : step.Step + "!"));

    static SmartHostInput Clear(SmartHostAuthInput? auth = null) => new() { Host = "relay.example", Port = 587, Tls = HostTls.None, Auth = auth ?? new() };

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_host_that_works_logs_in_and_takes_a_message()
    {
        var host = TalkingHost.WithLogIn("PLAIN", "235 2.7.0 welcome");
        _bench.Network.Listen("192.0.2.7:587", host.ServeAsync);
        var result = await TestAsync(Clear(SmartHostBench.Password), "anna@hub.example", "bert@far.example");
        Assert.Equal("connect greeting hello logIn message", Steps(result));
        Assert.Equal("250 2.0.0 taken as 4711", result.Steps[^1].Reply);
        Assert.Contains("MAIL FROM:<anna@hub.example>", host.Heard);
        Assert.Contains("RCPT TO:<bert@far.example>", host.Heard);
        var message = MimeKit.MimeMessage.Load(new MemoryStream(System.Text.Encoding.ASCII.GetBytes(host.Heard.Single(line => line.EndsWith("\r\n.", StringComparison.Ordinal))[..^1])), _bench.Stop);
        Assert.Equal(("anna@hub.example", "Test of a smart host"), (message.From.Mailboxes.Single().Address, message.Subject));
        Assert.NotNull(message.MessageId);
        Assert.Equal("QUIT", host.Heard[^1]);
        Assert.NotNull(_bench.Credentials.StatusOf(_bench.Bench.SmartHosts.Find("primary")!.Target).LastLogIn);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", "SMTP AUTH is switched off")]
    [InlineData("535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.", "takes no passwords over SMTP any more")]
    [InlineData("535 5.7.8 no", "User name or password is wrong")]
    [InlineData("534 5.7.9 Application-specific password required", "app password")]
    [InlineData("454 4.7.0 Temporary authentication failure", "try again later")]
    public async Task A_refused_log_in_has_the_servers_words_and_a_likely_cause(string reply, string cause)
    {
        _bench.Network.Listen("192.0.2.7:587", TalkingHost.WithLogIn("PLAIN", reply).ServeAsync);
        var result = await TestAsync(Clear(SmartHostBench.Password));
        Assert.Equal("connect greeting hello logIn!", Steps(result));
        Assert.False(result.Ok);
        Assert.Equal(reply, result.Steps[^1].Reply);
        Assert.Contains(cause, result.Steps[^1].Cause, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", result.ToString() + string.Concat(result.Steps), StringComparison.Ordinal);
        Assert.Contains(reply, _bench.Credentials.StatusOf(_bench.Bench.SmartHosts.Find("primary")!.Target).Trouble, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_token_is_logged_in_with_and_its_refusal_is_explained()
    {
        var host = TalkingHost.WithLogIn("XOAUTH2", "535 5.7.3 Authentication unsuccessful");
        _bench.Network.Listen("192.0.2.7:587", host.ServeAsync);
        var result = await TestAsync(Clear(SmartHostBench.ClientCredentials));
        Assert.Equal("connect greeting hello token logIn!", Steps(result));
        Assert.Contains("SMTP.SendAsApp", result.Steps[^1].Cause, StringComparison.Ordinal);
        var response = host.Heard.Single(line => line.StartsWith("AUTH XOAUTH2 ", StringComparison.Ordinal))["AUTH XOAUTH2 ".Length..];
        Assert.Equal("user=relay@hub.example\u0001auth=Bearer token-1\u0001\u0001", System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(response)));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Without_a_token_the_connection_is_tested_all_the_same()
    {
        _bench.Network.Listen("192.0.2.7:587", TalkingHost.WithLogIn("XOAUTH2", "235 never").ServeAsync);
        _bench.Endpoint.Answer = _ => Task.FromResult(FakeTokenEndpoint.Error("invalid_client", "AADSTS7000222: The provided client secret keys are expired."));
        var result = await TestAsync(Clear(SmartHostBench.ClientCredentials), "anna@hub.example", "bert@far.example");
        Assert.Equal("connect greeting hello token!", Steps(result));
        Assert.Contains("the client secret has expired", result.Steps[^1].Detail, StringComparison.Ordinal);
        // Each test asks anew, whatever was wrong a moment ago.
        _bench.Endpoint.Answer = number => Task.FromResult(FakeTokenEndpoint.Token($"token-{number}"));
        Assert.True((await _bench.Hosts.TestAsync("primary", null, null, SiteBench.Operator, _bench.Stop)).Value!.Steps.Single(step => step.Step is "token").Ok);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_host_that_is_not_reached_says_where_it_was_looked_for()
    {
        _bench.Network.Fail("gone.example", RouteFailure.NoSuchDomain, "gone.example does not exist in DNS.");
        var gone = await TestAsync(new() { Host = "gone.example" });
        Assert.Equal(("connect!", "gone.example does not exist in DNS."), (Steps(gone), gone.Steps[0].Detail));
        Assert.Contains("misspelt", gone.Steps[0].Cause, StringComparison.Ordinal);
        await _bench.Hosts.DeleteAsync("primary", null, SiteBench.Administrator, _bench.Stop);
        var blocked = await TestAsync(new() { Host = "relay.example" });
        Assert.Equal("connect!", Steps(blocked));
        Assert.Contains("port 587", blocked.Steps[0].Cause, StringComparison.Ordinal);
        Assert.Equal(["192.0.2.7:25"], _bench.Network.Dialed);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_name_that_leads_back_here_is_not_connected_to()
    {
        await _bench.Bench.BootAsync();
        _bench.Network.Mx("round.example", (10, "127.0.0.1"));
        var result = await TestAsync(new() { Host = "round.example", Port = 2525 });
        Assert.Equal("connect!", Steps(result));
        Assert.Contains("this server itself", result.Steps[0].Detail, StringComparison.Ordinal);
        Assert.Empty(_bench.Network.Dialed);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData(null, "tls to implicit")]
    [InlineData("554 5.7.1 You are on a list", "block list")]
    [InlineData("HTTP/1.1 400 Bad Request", "not a mail server")]
    public async Task A_greeting_that_does_not_come_has_a_likely_cause(string? greeting, string cause)
    {
        _bench.Network.Listen("192.0.2.7:465", new TalkingHost(greeting, _ => null).ServeAsync);
        var result = await TestAsync(new() { Host = "relay.example", Port = 465, Tls = HostTls.Verify });
        Assert.Equal("connect greeting!", Steps(result));
        Assert.Contains(cause, result.Steps[^1].Cause, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_port_that_begins_in_clear_is_told_from_one_that_begins_in_tls()
    {
        _bench.Network.Listen("192.0.2.7:587", TalkingHost.WithLogIn("PLAIN", "235 ok").ServeAsync);
        var result = await TestAsync(new() { Host = "relay.example", Port = 587, Tls = HostTls.Implicit });
        Assert.Equal("connect tls!", Steps(result));
        Assert.Contains("set tls to verify", result.Steps[^1].Cause, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_host_without_starttls_is_told()
    {
        _bench.Network.Listen("192.0.2.7:587", TalkingHost.WithLogIn("PLAIN", "235 ok").ServeAsync);
        var result = await TestAsync(new() { Host = "relay.example", Auth = SmartHostBench.Password });
        Assert.Equal("connect greeting hello tls!", Steps(result));
        Assert.Contains("takes STARTTLS out", result.Steps[^1].Cause, StringComparison.Ordinal);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("CN=relay.example", true, HostTls.Verify, "connect greeting hello tls", null)]
    [InlineData("CN=relay.example", true, HostTls.Implicit, "connect tls greeting hello", null)]
    [InlineData("CN=relay.example", false, HostTls.Verify, "connect greeting hello tls!", "signed by itself")]
    [InlineData("CN=other.example", true, HostTls.Verify, "connect greeting hello tls!", "is for other.example, not for relay.example")]
    [InlineData("CN=other.example", false, HostTls.Require, "connect greeting hello tls", "is for other.example, not for relay.example")]
    [InlineData("CN=other.example", false, HostTls.Opportunistic, "connect greeting hello tls", "signed by itself")]
    public async Task The_certificate_is_judged_by_what_tls_demands(string subject, bool isAuthority, HostTls tls, string steps, string? trouble)
    {
        using var certificate = Certificate(subject);
        _bench.Network.Listen("192.0.2.7:587", new SinkHost(TimeProvider.System)
        {
            Options = new()
            {
                HostName = "relay.example",
                Tls = tls is HostTls.Implicit ? EndpointTls.Implicit : EndpointTls.StartTls,
                TlsOptions = new() { ServerCertificate = certificate },
            },
        });
        var result = await TestAsync(new() { Host = "relay.example", Port = 587, Tls = tls, CertificateAuthority = isAuthority ? certificate.ExportCertificatePem() : null });
        Assert.Equal(steps, Steps(result));
        Assert.Equal((subject, subject), (result.Certificate!.Subject, result.Certificate.Issuer));
        if (trouble is null) Assert.Null(result.Certificate.Trouble);
        else Assert.Contains(trouble, result.Certificate.Trouble, StringComparison.Ordinal);
        if (!result.Ok) Assert.Contains(trouble!, result.Steps[^1].Cause, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_message_needs_two_addresses()
    {
        await _bench.CreateAsync(SmartHostBench.Wanted());
        SiteBench.AssertInvalid((await _bench.Hosts.TestAsync("primary", "anna@hub.example", null, SiteBench.Operator, _bench.Stop)).Problem, "to");
        SiteBench.AssertInvalid((await _bench.Hosts.TestAsync("primary", "anna", "<b@c.example>\r\nDATA", SiteBench.Operator, _bench.Stop)).Problem, "from", "to");
    }

    static X509Certificate2 Certificate(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(subject["CN=".Length..]);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
