using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Framing;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Acceptance;

/// <summary>One client's side of a conversation with a session of the site, up to RCPT. Used once.</summary>
sealed class SimulatedConversation(
    SiteSnapshot site, MailSink sink, SimulatedMail mail, List<SimulatedStep> steps,
    Func<SiteSnapshot, SiteEndpoint, IPAddress, ServerSessionOptions> options, TimeProvider time)
{
    /// <summary>Where clients in clear, and those under TLS, would come in.</summary>
    SiteEndpoint? Endpoint => site.Endpoints.FirstOrDefault(endpoint => !endpoint.Odmr && (mail.Tls ? endpoint.Tls is not EndpointTls.None : endpoint.Tls is not EndpointTls.Implicit));

    /// <summary>Returns the reply that decided.</summary>
    public async Task<string> PlayAsync(CancellationToken stop)
    {
        if (Endpoint is not { } endpoint)
        {
            var why = mail.Tls ? "No endpoint of the site offers TLS." : "The site has no endpoint for clients without TLS.";
            steps.Add(new("CONNECT", "endpoints", why));
            return $"554 {why}";
        }
        var (there, back) = (new Pipe(), new Pipe());
        var wanted = options(site, endpoint, mail.Client);
        // Under TLS from the first byte: what was said before STARTTLS is forgotten anyway.
        if (mail.Tls) wanted = wanted with { Tls = EndpointTls.Implicit };
        // Both answer a challenge, and nobody's password is known here.
        wanted = wanted with { AuthMechanisms = [.. wanted.AuthMechanisms.Select(mechanism => mechanism is "SCRAM-SHA-256" ? "CRAM-MD5" : mechanism).Distinct(StringComparer.Ordinal)] };
        var session = new ServerSession("simulation", new End(there.Reader, back.Writer), new IPEndPoint(mail.Client, 0),
            new IPEndPoint(IPAddress.Parse(endpoint.Address), endpoint.Port), wanted, new LoggedInSink(sink, mail.Account), time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var running = session.RunAsync(over.Token);
        try
        {
            return await ConverseAsync(new End(back.Reader, there.Writer), endpoint, stop);
        }
        finally
        {
            await there.Writer.CompleteAsync();
            await over.CancelAsync();
            await running;
        }
    }

    async Task<string> ConverseAsync(IDuplexPipe wire, SiteEndpoint endpoint, CancellationToken stop)
    {
        var at = $"{endpoint.Address} port {endpoint.Port}";
        if (!mail.Tls) return await TalkAsync(wire, at, stop);
        await using var tls = await TlsDuplexPipe.AsClientAsync(wire, new()
        {
            TargetHost = site.HostName,
#pragma warning disable CA5359 // It is our own certificate, over pipes in memory.
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        }, stop);
        return await TalkAsync(tls, $"{at} under TLS", stop);
    }

    async Task<string> TalkAsync(IDuplexPipe wire, string at, CancellationToken stop)
    {
        var greeting = await HearAsync(wire, stop);
        steps.Add(new("CONNECT", $"allowAddresses and denyAddresses, at {at}", First(greeting)));
        if (greeting is not ['2', ..]) return First(greeting);

        var hello = await AskAsync(wire, $"EHLO {Literal(mail.Client)}", stop);
        steps.Add(new("EHLO", "what the site offers", First(hello), $"EHLO {Literal(mail.Client)}"));
        if (hello is not ['2', ..]) return First(hello);
        if (mail.Account is not null)
        {
            var login = await LogInAsync(wire, hello, stop);
            steps.Add(new("AUTH", "authMechanisms, requireTlsForAuth and the account", First(login), $"AUTH as {mail.Account}"));
            if (login is not ['2', ..]) return First(login);
        }
        var international = mail.MailFrom.Concat(mail.RcptTo).Any(c => c > 127) ? " SMTPUTF8" : "";
        var sender = $"MAIL FROM:<{mail.MailFrom}>{international}{(mail.Size is { } size ? string.Create(CultureInfo.InvariantCulture, $" SIZE={size}") : "")}";
        var from = await AskAsync(wire, sender, stop);
        steps.Add(new("MAIL", "anonymousAllowed, TLS of the endpoint, room on the disk", First(from), sender));
        if (from is not ['2', ..]) return First(from);
        var to = await AskAsync(wire, $"RCPT TO:<{mail.RcptTo}>", stop);
        steps.Add(new("RCPT", RecipientRule(), First(to), $"RCPT TO:<{mail.RcptTo}>"));
        return First(to);
    }

    string RecipientRule()
    {
        var at = mail.RcptTo.LastIndexOf('@');
        var domain = at < 0 ? site.DefaultDomain : mail.RcptTo[(at + 1)..];
        return site.RuleFor(domain) switch
        {
            { AllowRelay: true } rule => $"domain {rule.Name}: route {rule.Route.Type.ToString().ToLowerInvariant()}, anyone may send to it",
            { } rule => $"domain {rule.Name}: route {rule.Route.Type.ToString().ToLowerInvariant()}, then the relay setting",
            null => "no domain rule: the relay setting",
        };
    }

    async Task<string> LogInAsync(IDuplexPipe wire, string hello, CancellationToken stop)
    {
        var offered = hello.Split('\n').FirstOrDefault(line => line.Length > 4 && line[4..].StartsWith("AUTH ", StringComparison.Ordinal))?[9..].Split(' ') ?? [];
        if (offered.Contains("PLAIN", StringComparer.Ordinal)) return await AskAsync(wire, $"AUTH PLAIN {Base64($"\0{mail.Account}\0simulated")}", stop);
        if (offered.Contains("LOGIN", StringComparer.Ordinal))
        {
            await AskAsync(wire, $"AUTH LOGIN {Base64(mail.Account!)}", stop);
            return await AskAsync(wire, Base64("simulated"), stop);
        }
        if (!offered.Contains("CRAM-MD5", StringComparer.Ordinal)) return await AskAsync(wire, $"AUTH PLAIN {Base64($"\0{mail.Account}\0simulated")}", stop);
        await AskAsync(wire, "AUTH CRAM-MD5", stop);
        return await AskAsync(wire, Base64($"{mail.Account} {new string('0', 32)}"), stop);
    }

    static async Task<string> AskAsync(IDuplexPipe wire, string line, CancellationToken stop)
    {
        await wire.Output.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), stop);
        return await HearAsync(wire, stop);
    }

    /// <summary>A whole reply, its lines joined with LF. The session is ours: it keeps to the form.</summary>
    static async Task<string> HearAsync(IDuplexPipe wire, CancellationToken stop)
    {
        var lines = new List<string>();
        while (true)
        {
            var read = await wire.Input.ReadAsync(stop);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                lines.Add(Encoding.UTF8.GetString(rest.Slice(0, end)).TrimEnd('\r'));
                rest = rest.Slice(rest.GetPosition(1, end));
                if (lines[^1] is [_, _, _, '-', ..]) continue;
                wire.Input.AdvanceTo(rest.Start);
                return string.Join('\n', lines);
            }
            wire.Input.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted) return "421 The session ended.";
        }
    }

    static string First(string reply) => reply.Split('\n')[0].Remove(3, 1).Insert(3, " ");

    static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    static string Literal(IPAddress address) => address.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[IPv6:{address}]" : $"[{address}]";

    sealed class End(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;
        public PipeWriter Output => output;
    }

    /// <summary>The site's own sink, which takes the account's log-in for granted where the account may use the site.</summary>
    sealed class LoggedInSink(MailSink site, string? account) : IMailSink
    {
        public ValueTask<Reply?> ConnectAsync(ServerSession session, CancellationToken stop) => site.ConnectAsync(session, stop);
        public ValueTask<Reply?> OfferSenderAsync(ServerSession session, MailAddress from, MailParameters parameters, CancellationToken stop) =>
            site.OfferSenderAsync(session, from, parameters, stop);
        public ValueTask<Reply?> OfferRecipientAsync(ServerSession session, MailAddress to, RcptParameters parameters, CancellationToken stop) =>
            site.OfferRecipientAsync(session, to, parameters, stop);
        public ValueTask<ContentOffer> OfferContentAsync(ServerSession session, MailTransaction transaction, CancellationToken stop) =>
            new(new ContentOffer(new(554, 5, 5, 0, "A simulation has no content"), null));
        public void TransactionDropped(ServerSession session) => site.TransactionDropped(session);

        public async ValueTask<AuthResult> VerifyPasswordAsync(ServerSession session, string authorizationId, string user, string password, CancellationToken stop) =>
            await site.AssumeAsync(account!, stop);
        public async ValueTask<AuthResult> VerifyCramMd5Async(ServerSession session, string user, byte[] challenge, string digest, CancellationToken stop) =>
            await site.AssumeAsync(account!, stop);
        public ValueTask<Reply> EtrnAsync(ServerSession session, EtrnTarget target, CancellationToken stop) => throw new NotSupportedException();
        public ValueTask<TurnAnswer> TurnAsync(ServerSession session, IReadOnlyList<string>? domains, CancellationToken stop) => throw new NotSupportedException();
    }
}
