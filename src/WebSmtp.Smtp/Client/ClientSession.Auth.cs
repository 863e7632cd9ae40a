using System.Globalization;
using WebSmtp.Smtp.Sasl;

namespace WebSmtp.Smtp.Client;

/// <summary>AUTH. RFC 4954.</summary>
public sealed partial class ClientSession
{
    /// <summary>A command line with its CRLF; a longer initial response waits for a 334. RFC 4954 section 4.</summary>
    const int MaxCommandLine = 512;

    /// <summary>A response in base64. RFC 4954 section 4.</summary>
    const int MaxResponse = 12288;

    async ValueTask<bool> LogInAsync(ClientCredentials credentials)
    {
        if (LogIn.TroubleWith(credentials) is { } trouble)
        {
            Refused(ClientPhase.Auth, trouble, null);
            return false;
        }
        _replies.ClearSecret = credentials is ClientCredentials.OAuthToken token ? token.Token : (credentials as ClientCredentials.Password)?.Secret;
        var offered = Capabilities.AuthMechanisms;
        var (tls, clear) = (Tls is not null, _options.AllowClearPasswords);
        var host = _options.TlsOptions?.TargetHost;
        Reply? last = null;
        foreach (var mechanism in LogIn.Mechanisms(credentials, offered, tls, clear, host))
        {
            if (await ExchangeAsync(mechanism) is not { } reply) return false;
            if (reply.Code == 235) return true;
            last = reply;
            // Only a reply about the mechanism leaves hope for another. RFC 4954 section 6.
            if (reply.Code is not (504 or 534 or 538 or 432)) break;
        }
        Refused(ClientPhase.Auth, last is null ? LogIn.NoneOf(credentials, offered, tls, clear, host) : "the server refused the log-in", last);
        return false;
    }

    /// <summary>The reply that ends the exchange: 235, 4yz or 5yz; null when there is a failure instead.</summary>
    async ValueTask<Reply?> ExchangeAsync(SaslClient mechanism)
    {
        var initial = mechanism.InitialResponse is { } octets ? Convert.ToBase64String(octets) : null;
        // An empty one would be said as an equals sign. RFC 4954 section 4.
        if (initial is "") initial = "=";
        if (initial?.Length > MaxResponse)
        {
            Refused(ClientPhase.Auth, string.Create(CultureInfo.InvariantCulture,
                $"the log-in is too long for SMTP: {initial.Length} octets in base64, of at most {MaxResponse}"), null);
            return null;
        }

        var command = "AUTH " + mechanism.Mechanism;
        var atOnce = initial is not null && command.Length + 1 + initial.Length + 2 <= MaxCommandLine;
        var reply = atOnce
            ? await AskAsync(ClientPhase.Auth, $"{command} {initial}", initial)
            : await AskAsync(ClientPhase.Auth, command);
        // Still to be said: nothing but "go on" was heard, also by servers that pass over what came with the command.
        var initialIsDue = initial is not null;
        while (reply is { Code: 334 })
        {
            var again = initialIsDue && (!atOnce || reply.Text is "" or "=");
            initialIsDue = false;
            var response = again ? initial : mechanism.Respond(reply.Text) is { } answer ? Convert.ToBase64String(answer) : null;
            if (response is null) return await GiveUpAsync(mechanism);
            reply = await AskAsync(ClientPhase.Auth, response, response);
        }
        if (reply is { Code: 235 } && !mechanism.MayEnd) return Break(ClientPhase.Auth, "the server ended the log-in without the proof that it knows the password", reply);
        if (reply is { Code: 235 } or { IsTransient: true } or { IsPermanent: true } or null) return reply;
        return Break(ClientPhase.Auth, $"the reply {reply.Code} to AUTH makes no sense", reply);
    }

    /// <summary>Cancels the exchange; the server says 501 to that. No other mechanism is tried with such a server.</summary>
    async ValueTask<Reply?> GiveUpAsync(SaslClient mechanism)
    {
        if (await AskAsync(ClientPhase.Auth, "*") is null) return null;
        Refused(ClientPhase.Auth, $"the log-in by {mechanism.Mechanism} was given up: {mechanism.Complaint}", null);
        return null;
    }
}
