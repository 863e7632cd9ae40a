using System.Globalization;
using System.Security.Authentication;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Server;

/// <summary>From the connection to EHLO, and STARTTLS.</summary>
public sealed partial class ServerSession
{
    /// <summary>A handshake is a few round trips; a shorter inactivity time-out shortens it too.</summary>
    static readonly TimeSpan HandshakeTimeout = TimeSpan.FromMinutes(1);

    async ValueTask GreetAsync(CancellationToken stop)
    {
        if (Options.Tls is EndpointTls.Implicit && !await SecureAsync(stop)) return;
        if (await _sink.ConnectAsync(this, stop) is { } refusal) HangUp(refusal, SessionEnd.Refused);
        else if (await TalksFirstAsync(stop)) HangUp(ReplyCatalog.TalkedFirst, SessionEnd.ProtocolAbuse);
        else Say(ReplyCatalog.Greeting(Options.HostName, Options.Banner));
    }

    /// <summary>TLS shows nothing that was not asked for, so there a read is begun, and ended unless it has something at once.</summary>
    async ValueTask<bool> TalksFirstAsync(CancellationToken stop)
    {
        if (Tls is null) return InputWaits(stop);
        var reading = ReadAsync(stop);
        if (!reading.IsCompleted) _pipe.Input.CancelPendingRead();
        var read = await reading;
        _pipe.Input.AdvanceTo(read.Buffer.Start);
        return !read.Buffer.IsEmpty;
    }

    async ValueTask<Reply?> HelloAsync(SmtpCommand.Hello hello)
    {
        await DropTransactionAsync();
        HeloName = hello.Name;
        Extended = hello.IsExtended;
        var greets = $"{Options.HostName} greets {hello.Name}";
        return Extended ? new Reply(250, null, [greets, .. Keywords()]) : new Reply(250, null, greets);
    }

    /// <summary>What EHLO offers. ATRN is there before AUTH: clients that cannot see it give up. RFC 2645 section 4.</summary>
    IEnumerable<string> Keywords()
    {
        if (Options.Odmr)
        {
            yield return "ENHANCEDSTATUSCODES";
        }
        else
        {
            yield return "PIPELINING";
            yield return string.Create(CultureInfo.InvariantCulture, $"SIZE {Options.MaxMessageSize}");
            yield return "8BITMIME";
            yield return "BINARYMIME";
            yield return "CHUNKING";
            yield return "SMTPUTF8";
            yield return "ENHANCEDSTATUSCODES";
            yield return "DSN";
            yield return Limits();
        }
        if (Tls is null && IsServed(Verb.StartTls)) yield return "STARTTLS";
        var mechanisms = string.Join(' ', MechanismsNow());
        if (mechanisms.Length > 0) yield return $"AUTH {mechanisms}";
        if (!Options.Odmr && Options.EtrnEnabled) yield return "ETRN";
        if (!Options.Odmr && Options.TurnEnabled) yield return "TURN";
        if (Options.AtrnEnabled) yield return "ATRN";
        if (Options.Odmr) yield break;
        yield return "HELP";
        yield return "VRFY";
    }

    /// <summary>RFC 9422.</summary>
    string Limits() => Options.MaxTransactions > 0
        ? string.Create(CultureInfo.InvariantCulture, $"LIMITS RCPTMAX={Options.MaxRecipients} MAILMAX={Options.MaxTransactions}")
        : string.Create(CultureInfo.InvariantCulture, $"LIMITS RCPTMAX={Options.MaxRecipients}");

    async ValueTask<Reply?> StartTlsAsync(CancellationToken stop)
    {
        if (Options.TlsOptions is null) return ReplyCatalog.TlsUnavailable;
        Say(ReplyCatalog.ReadyForTls);
        await FlushAsync(stop);
        if (!await SecureAsync(stop)) return null;

        // What was said in clear could have been said by anybody. RFC 3207 section 4.2.
        await DropTransactionAsync();
        HeloName = null;
        Extended = false;
        Account = null;
        return null;
    }

    /// <summary>Lays TLS over the transport. False when that failed: the session is over, and there is nobody to tell.</summary>
    async ValueTask<bool> SecureAsync(CancellationToken stop)
    {
        var timeout = Options.InactivityTimeout < HandshakeTimeout ? Options.InactivityTimeout : HandshakeTimeout;
        using var limit = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            _tlsPipe = await TlsDuplexPipe.AsServerAsync(_transport, Options.TlsOptions!, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            _end = SessionEnd.Timeout;
            return false;
        }
        catch (AuthenticationException)
        {
            _end = SessionEnd.ProtocolAbuse;
            return false;
        }
        catch (Exception e) when (IsPeerGone(e, stop))
        {
            _end = SessionEnd.PeerGone;
            return false;
        }
        _pipe = _tlsPipe;
        Tls = _tlsPipe.Stream.SslProtocol;
        TlsCipher = _tlsPipe.Stream.NegotiatedCipherSuite.ToString();
        return true;
    }
}
