using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Client;

public sealed partial class ClientSession
{
    /// <summary>
    /// Waits for the greeting and says EHLO (HELO where that is refused), STARTTLS and AUTH if wanted. Null: ready for mail.
    /// A TLS handshake that fails is a failure also where TLS is opportunistic: the caller may try again in clear.
    /// </summary>
    public async ValueTask<ClientFailure?> OpenAsync(CancellationToken stop)
    {
        if (_greeted || _gone) throw new InvalidOperationException("A session is opened once.");
        using var stopping = StopWith(stop);

        var tls = WantsTls(_options);
        var atOnce = tls && _options.Tls is ClientTls.Implicit;
        if (atOnce && !await ShakeHandsAsync()) return _failure;
        if (await HearAsync(ClientPhase.Greeting) is not { } greeting) return _failure;
        _greeted = true;
        if (greeting.Code != 220) return Refused(ClientPhase.Greeting, "the server refused the connection", greeting);
        ServerName = NameIn(greeting);

        if (!await HelloAsync()) return _failure;
        if (tls && !atOnce)
        {
            if (!await StartTlsAsync()) return _failure;
            if (Tls is not null && !await HelloAsync()) return _failure;
        }
        if (_options.Credentials is { } credentials && !await LogInAsync(credentials)) return _failure;
        _open = true;
        return null;
    }

    async ValueTask<bool> HelloAsync()
    {
        Capabilities = ServerCapabilities.None;
        if (await AskAsync(ClientPhase.Hello, $"EHLO {_options.HostName}") is not { } reply) return false;
        if (reply.Code == 250)
        {
            Capabilities = ServerCapabilities.FromReply(reply, _options.Turned);
            return true;
        }

        if (reply.IsPermanent)
        {
            if (await AskAsync(ClientPhase.Hello, $"HELO {_options.HostName}") is not { } plain) return false;
            if (plain.Code == 250) return true;
            reply = plain;
        }
        Refused(ClientPhase.Hello, "the server refused EHLO and HELO", reply);
        return false;
    }

    /// <summary>RFC 3207. True where the session goes on, encrypted or (where that is allowed) in clear.</summary>
    async ValueTask<bool> StartTlsAsync()
    {
        var required = _options.Tls is ClientTls.Require;
        if (!Capabilities.StartTls)
        {
            if (required) Refused(ClientPhase.StartTls, "the server does not offer STARTTLS, which is required", null);
            return !required;
        }

        if (await AskAsync(ClientPhase.StartTls, "STARTTLS") is not { } reply) return false;
        if (reply.Code != 220)
        {
            if (required || reply.Code == 421) Refused(ClientPhase.StartTls, "the server refused STARTTLS", reply);
            return _failure is null;
        }

        // What came in clear behind the 220 would be read as if it had come encrypted. CVE-2011-0411.
        if (Waiting().Bytes)
        {
            Break(ClientPhase.StartTls, "the server sent bytes in clear behind its 220 to STARTTLS");
            return false;
        }
        return await ShakeHandsAsync();
    }

    /// <summary>The handshake, behind the 220 to STARTTLS or as the first thing of all (RFC 8314 section 3).</summary>
    async ValueTask<bool> ShakeHandsAsync()
    {
        try
        {
            Arm(ClientPhase.StartTls);
            _tls = await TlsDuplexPipe.AsClientAsync(_wire, _options.TlsOptions!, _deadline.Token);
        }
        catch (Exception e)
        {
            ThrowIfStopped();
            Break(ClientPhase.StartTls, _deadline.IsCancellationRequested
                ? $"no TLS handshake within {InWords(TimeoutOf(ClientPhase.StartTls))}"
                : $"the TLS handshake failed: {e.Message}");
            return false;
        }
        finally
        {
            Disarm();
        }
        _wire = _tls;
        Tls = NegotiatedTls.Of(_tls.Stream);
        return true;
    }

    static string? NameIn(Reply greeting)
    {
        var name = greeting.Lines[0].Split(' ', 2)[0];
        return name.Length is > 0 and <= 255 && name.All(IsOfAName) ? name : null;

        static bool IsOfAName(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or ':' or '[' or ']';
    }
}
