using System.Text;
using WebSmtp.Smtp.Framing;
using WebSmtp.Smtp.Sasl;

namespace WebSmtp.Smtp.Server;

/// <summary>AUTH. RFC 4954.</summary>
public sealed partial class ServerSession
{
    bool NeedsTls(string mechanism) =>
        Options.RequireTlsForPlainAuth && Tls is null && mechanism is "PLAIN" or "LOGIN";

    /// <summary>What EHLO offers: nothing that would be answered with "TLS first".</summary>
    IEnumerable<string> MechanismsNow() => Options.Tls is EndpointTls.RequireStartTls && Tls is null
        ? [] : Options.AuthMechanisms.Where(mechanism => !NeedsTls(mechanism));

    async ValueTask<Reply?> AuthAsync(SmtpCommand.Auth auth, CancellationToken stop)
    {
        if (!Options.AuthMechanisms.Contains(auth.Mechanism, StringComparer.Ordinal)) return ReplyCatalog.UnknownMechanism;
        if (NeedsTls(auth.Mechanism)) return ReplyCatalog.MechanismNeedsTls;
        var (refusal, result) = auth.Mechanism switch
        {
            "PLAIN" => await PlainAsync(auth.InitialResponse, stop),
            "LOGIN" => await LoginAsync(auth.InitialResponse, stop),
            "CRAM-MD5" => await CramMd5Async(auth.InitialResponse, stop),
            "SCRAM-SHA-256" => await ScramAsync(auth.InitialResponse, stop),
            _ => (ReplyCatalog.UnknownMechanism, default),
        };
        if (_end is not null) return null;
        if (refusal is not null) return refusal;
        if (result.Refusal is not null) return result.Refusal;
        Account = result.Account;
        _fruitless = 0;
        return ReplyCatalog.LoggedIn;
    }

    /// <summary>RFC 4616.</summary>
    async ValueTask<(Reply? Refusal, AuthResult Result)> PlainAsync(string? initialResponse, CancellationToken stop)
    {
        var (refusal, response) = initialResponse is null ? await AskAsync([], stop) : Decode(initialResponse);
        if (response is null) return (refusal, default);
        return PlainResponse.TryRead(response, out var authorizationId, out var user, out var password)
            ? (null, await _sink.VerifyPasswordAsync(this, authorizationId, user, password, stop))
            : (ReplyCatalog.BadAuthResponse, default);
    }

    async ValueTask<(Reply? Refusal, AuthResult Result)> LoginAsync(string? initialResponse, CancellationToken stop)
    {
        var (refusal, user) = initialResponse is null ? await AskAsync("Username:"u8.ToArray(), stop) : Decode(initialResponse);
        if (user is null) return (refusal, default);
        if (user.Length == 0) return (ReplyCatalog.BadAuthResponse, default);
        (refusal, var password) = await AskAsync("Password:"u8.ToArray(), stop);
        return password is null ? (refusal, default) : (null, await _sink.VerifyPasswordAsync(this, "", user, password, stop));
    }

    /// <summary>RFC 2195.</summary>
    async ValueTask<(Reply? Refusal, AuthResult Result)> CramMd5Async(string? initialResponse, CancellationToken stop)
    {
        if (initialResponse is not null) return (ReplyCatalog.NoInitialResponse, default);
        var challenge = CramMd5.NewChallenge(Options.HostName, _time.GetUtcNow());
        var (refusal, response) = await AskAsync(challenge, stop);
        if (response is null) return (refusal, default);
        return CramMd5.TryReadResponse(response, out var user, out var digest)
            ? (null, await _sink.VerifyCramMd5Async(this, user, challenge, digest, stop))
            : (ReplyCatalog.BadAuthResponse, default);
    }

    /// <summary>RFC 5802, RFC 7677. The server's own proof goes as a last challenge. RFC 4954 section 4.</summary>
    async ValueTask<(Reply? Refusal, AuthResult Result)> ScramAsync(string? initialResponse, CancellationToken stop)
    {
        var scram = new ScramSha256Server();
        var (refusal, first) = initialResponse is null ? await AskAsync([], stop) : Decode(initialResponse);
        if (first is null) return (refusal, default);
        if (scram.ReadFirst(first) is not { } user) return (ReplyCatalog.BadAuthResponse, default);
        if (await _sink.FindScramKeysAsync(this, user, stop) is not { } keys) return (ReplyCatalog.CannotVerifyNow, default);
        (refusal, var last) = await AskAsync(Encoding.UTF8.GetBytes(scram.Challenge(keys)), stop);
        if (last is null) return (refusal, default);
        if (scram.ReadFinal(last, keys) is not var (proved, serverFinal)) return (ReplyCatalog.BadAuthResponse, default);
        var result = await _sink.VerifyScramAsync(this, user, proved, stop);
        if (result.Refusal is not null) return (null, result);
        (refusal, var end) = await AskAsync(Encoding.UTF8.GetBytes(serverFinal), stop);
        return end is null ? (refusal, default) : end.Length > 0 ? (ReplyCatalog.BadAuthResponse, default) : (null, result);
    }

    /// <summary>Sends a challenge and waits for the response. Neither is there when the session ended.</summary>
    async ValueTask<(Reply? Refusal, string? Response)> AskAsync(byte[] challenge, CancellationToken stop)
    {
        Say(ReplyCatalog.Challenge(challenge));
        await FlushAsync(stop);
        while (true)
        {
            var read = await ReadAsync(stop);
            var rest = read.Buffer;
            var result = LineReader.TryRead(ref rest, CommandParser.MaxAuthLine, out var line);
            if (result is LineResult.NeedMore)
            {
                _pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted) throw new PeerGoneException();
                continue;
            }
            var response = Encoding.Latin1.GetString(line);
            _pipe.Input.AdvanceTo(rest.Start);
            if (result is LineResult.Line)
            {
                BytesReceived += response.Length + 2;
                if (_observer is { Listens: true }) _observer.ClientSaid(Transcript.Secret);
                if (!InputWaits(stop)) return response is "*" ? (ReplyCatalog.AuthCancelled, null) : Decode(response);
                HangUp(ReplyCatalog.InputWaiting, SessionEnd.ProtocolAbuse);
            }
            else if (result is LineResult.TooLong)
            {
                return (await DropLongLineAsync(ReplyCatalog.AuthLineTooLong, stop), null);
            }
            else
            {
                HangUp(ReplyCatalog.BadLineEnding, SessionEnd.ProtocolAbuse);
            }
            return (null, null);
        }
    }

    static (Reply? Refusal, string? Response) Decode(string base64) =>
        SaslText.Decode(base64) is { } text ? (null, text) : (ReplyCatalog.BadBase64, null);
}
