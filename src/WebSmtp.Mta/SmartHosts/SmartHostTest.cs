using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>One step of a test.</summary>
/// <param name="Step"><c>connect</c>, <c>greeting</c>, <c>hello</c>, <c>tls</c>, <c>token</c>, <c>logIn</c>, <c>message</c>.</param>
/// <param name="Detail">What was found, or what went wrong.</param>
/// <param name="Reply">The server's words, where it said some.</param>
/// <param name="Cause">For a failure: the likely cause, and what to do.</param>
public sealed record SmartHostTestStep(string Step, bool Ok, string? Detail, string? Reply = null, string? Cause = null);

/// <summary>How far a test came. What follows a step that failed was not tried.</summary>
public sealed record SmartHostTestResult(IReadOnlyList<SmartHostTestStep> Steps, PeerCertificate? Certificate)
{
    public bool Ok => Steps.All(step => step.Ok);
}

/// <summary>
/// Does with a smart host what a delivery does, step by step, and tells an administrator how each went. Thread-safe.
/// </summary>
public sealed class SmartHostTest(
    IMailRouteResolver resolver, IDialer dialer, OwnListeners own, SmartHostCredentials credentials, HostTlsOptions tls,
    SiteRegistry sites, TimeProvider time)
{
    /// <summary>An administrator waits for it: shorter than what a delivery may take.</summary>
    static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(20);
    const int MaxAddresses = 4;

    /// <summary>The message's envelope; null: none is to be sent.</summary>
    internal static TestEnvelope? Envelope(string? from, string? to, Complaints complaints)
    {
        if (from is null && to is null) return null;
        var (sender, recipient) = (Read(from, "from"), Read(to, "to"));
        return sender is null || recipient is null ? null : new(sender, recipient);

        MailAddress? Read(string? text, string field)
        {
            if (text is not null && System.Text.Ascii.IsValid(text) && MailAddress.TryParse(text, out var address) && address is { IsNull: false, Domain: not "" })
                return address;
            complaints.Add(field, text is null ? "A message needs both from and to." : $"'{text}' is not a mail address such as anna@example.com.");
            return null;
        }
    }

    internal async Task<SmartHostTestResult> RunAsync(SmartHostTarget target, TestEnvelope? message, CancellationToken stop)
    {
        var steps = new List<SmartHostTestStep>();
        await using var connection = await ConnectAsync(target, steps, stop);
        if (connection is null) return new(steps, null);
        var logIn = await credentials.GetAsync(target, stop);
        PeerCertificate? certificate = null;
        var name = sites.Find(Site.DefaultId)?.Site.HostName ?? "localhost";
        var options = new ClientSessionOptions
        {
            HostName = name,
            Tls = HostTlsOptions.ModeOf(target.Tls),
            Credentials = logIn.Credentials,
            AllowClearPasswords = target.Tls is HostTls.None,
            GreetingTimeout = StepLimit,
            ReplyTimeout = StepLimit,
            DataTimeout = StepLimit,
            ContentTimeout = StepLimit,
            FinalTimeout = StepLimit,
        };
        try
        {
            if (target.Tls is not HostTls.None) options = options with { TlsOptions = tls.For(target, seen => certificate = seen) };
        }
        catch (CryptographicException e)
        {
            steps.Add(new("tls", false, e.Message));
            return new(steps, null);
        }
        await using var client = new ClientSession(connection.Transport, options, time);
        var failure = await client.OpenAsync(stop);
        Opened(target, client, failure, logIn, certificate, steps);
        if (failure is null && logIn.Trouble is null && message is not null) steps.Add(await SendAsync(client, message, name, stop));
        await client.QuitAsync(stop);
        return new(steps, certificate);
    }

    async Task<IDialedConnection?> ConnectAsync(SmartHostTarget target, List<SmartHostTestStep> steps, CancellationToken stop)
    {
        var answer = HostAndPort.TryParseHost(target.Host, out var host) && IPAddress.TryParse(host, out var address)
            ? new RouteAnswer([new(host, address, 0)], RouteFailure.None, null)
            : await resolver.ResolveHostAsync(target.Host, stop);
        if (answer.Hosts.Count == 0)
        {
            steps.Add(new("connect", false, answer.Reason ?? $"{target.Host} has no address.", null, SmartHostCauses.OfDns(answer.Failure)));
            return null;
        }
        var reasons = new List<string>();
        foreach (var found in answer.Hosts.Take(MaxAddresses))
        {
            var remote = new IPEndPoint(found.Address, target.Port);
            if (own.Contains(remote))
            {
                reasons.Add($"{remote} is this server itself: mail would come straight back.");
                continue;
            }
            var (connection, reason) = await dialer.DialAsync(remote, StepLimit, stop);
            if (connection is not null)
            {
                steps.Add(new("connect", true, $"Connected to {remote}."));
                return connection;
            }
            reasons.Add(reason ?? $"{remote} cannot be reached.");
        }
        steps.Add(new("connect", false, string.Join(' ', reasons), null, SmartHostCauses.OfConnect(target)));
        return null;
    }

    void Opened(
        SmartHostTarget target, ClientSession client, ClientFailure? failure, SmartHostLogIn logIn, PeerCertificate? certificate, List<SmartHostTestStep> steps)
    {
        var session = new List<(string Step, ClientPhase Phase, string Detail)>
        {
            ("greeting", ClientPhase.Greeting, client.ServerName is { } server ? $"The host calls itself {server}." : "The host greeted."),
            ("hello", ClientPhase.Hello, "EHLO was taken."),
        };
        if (target.Tls is not HostTls.None)
            session.Insert(target.Tls is HostTls.Implicit ? 0 : 2, ("tls", ClientPhase.StartTls, Describe(client, certificate)));
        foreach (var (step, phase, detail) in session)
        {
            if (failure?.Phase == phase)
            {
                steps.Add(Failed(step, failure, SmartHostCauses.Of(target, failure, certificate)));
                return;
            }
            steps.Add(new(step, true, detail));
        }
        if (target.Auth.Type is SmartHostAuthType.OAuth2ClientCredentials or SmartHostAuthType.OAuth2RefreshToken)
        {
            steps.Add(logIn.Trouble is { } trouble
                ? new("token", false, trouble, null, logIn.IsTemporary ? "The token endpoint may answer later; until then mail waits." : null)
                : new("token", true, "The token endpoint gave a token."));
        }
        else if (logIn.Trouble is { } unreadable)
        {
            steps.Add(new("logIn", false, unreadable));
        }
        if (logIn.Credentials is not { } with) return;
        if (failure is null)
        {
            credentials.LoggedIn(target);
            steps.Add(new("logIn", true, $"Logged in as {with.Username}."));
            return;
        }
        if (failure.Reply is { } reply) credentials.Refused(target, with, reply);
        steps.Add(Failed("logIn", failure, SmartHostCauses.OfLogIn(target, failure)));
    }

    async Task<SmartHostTestStep> SendAsync(ClientSession client, TestEnvelope envelope, string host, CancellationToken stop)
    {
        var content = new TextContent(string.Create(CultureInfo.InvariantCulture, $"""
            From: <{envelope.From}>
            To: <{envelope.To}>
            Subject: Test of a smart host
            Date: {time.GetUtcNow():ddd, dd MMM yyyy HH:mm:ss} +0000
            Message-ID: <{Guid.CreateVersion7(time.GetUtcNow()):N}@{host}>
            MIME-Version: 1.0
            Content-Type: text/plain; charset=us-ascii
            Auto-Submitted: auto-generated

            This message was sent by {host} to test a smart host. It arrived.

            """).ReplaceLineEndings("\r\n"));
        var result = await client.SendAsync(
            new(envelope.From, new(content.Length), [new(envelope.To, new())], content), stop);
        var (reply, phase) = (result.Recipients[0].Reply, result.Recipients[0].Phase);
        if (reply is { IsPositive: true }) return new("message", true, $"The host took a message for {envelope.To}.", reply.ToString());
        var failure = result.Failure is { } broken && reply is null ? broken : new ClientFailure(phase, "the host refused the message", reply);
        return Failed("message", failure, SmartHostCauses.OfMessage(failure, envelope.From.ToString()));
    }

    static SmartHostTestStep Failed(string step, ClientFailure failure, string? cause) =>
        new(step, false, char.ToUpperInvariant(failure.Reason[0]) + failure.Reason[1..] + ".", failure.Reply?.ToString(), cause);

    static string Describe(ClientSession client, PeerCertificate? certificate) =>
        client.Tls is not { } tls ? "TLS is not offered: mail goes in clear."
        : certificate is null ? $"{tls}."
        : string.Create(CultureInfo.InvariantCulture, $"{tls}. The certificate is for {certificate.Subject}, issued by {certificate.Issuer}, and expires on {certificate.ExpiresAt:yyyy-MM-dd}.")
            + (certificate.Trouble is { } trouble ? $" It is not checked here: {trouble}" : "");

    sealed class TextContent(string text) : IOutgoingContent
    {
        readonly byte[] _bytes = System.Text.Encoding.ASCII.GetBytes(text);

        public long Length => _bytes.Length;

        public ValueTask<Stream> OpenAsync(CancellationToken stop) => new(new MemoryStream(_bytes, writable: false));
    }
}

/// <summary>From whom and to whom the message of a test goes.</summary>
sealed record TestEnvelope(MailAddress From, MailAddress To);
