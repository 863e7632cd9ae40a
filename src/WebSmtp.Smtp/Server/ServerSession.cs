using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using System.Security.Authentication;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Server;

/// <summary>Why a session ended.</summary>
public enum SessionEnd { Quit, PeerGone, Timeout, TooManyErrors, LineTooLong, Refused, ProtocolAbuse, Shutdown, Turned, Limit, Bug }

/// <summary>
/// One SMTP conversation as server. RFC 5321. Runs on two pipes and knows no sockets; TLS is laid over the pipes, which
/// stay open at the end: who made them closes them. <see cref="RunAsync"/> is called once; the properties may be read and
/// <see cref="RequestClose"/> called from any thread.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "RunAsync disposes of what it made")]
public sealed partial class ServerSession
{
    static readonly string[] VerbNames = [.. Enum.GetNames<Verb>().Select(name => name.ToUpperInvariant())];

    /// <summary>
    /// Commands in a row that lead to nothing: NOOP, RSET, EHLO and the like are harmless, but not for ever. Only an accepted
    /// message, a log-in or an ETRN begins the count anew. RCPT and BDAT with octets do not count: one message may need many.
    /// </summary>
    const int MaxFruitlessCommands = 1000;

    /// <summary>A list that is far longer than a message may have is put off to its end; one without end is not.</summary>
    const int MaxRefusedRecipients = 10_000;

    readonly IDuplexPipe _transport;
    readonly IMailSink _sink;
    readonly TimeProvider _time;
    readonly ISessionObserver? _observer;

    /// <summary>What is spoken over: the transport, or TLS over it.</summary>
    volatile IDuplexPipe _pipe;
    TlsDuplexPipe? _tlsPipe;
    InactivityWatch? _watch;

    /// <summary>Null unless a MAIL was accepted; RSET, EHLO and the end of data drop it whole.</summary>
    MailTransaction? _mail;

    /// <summary>Null while the session goes on.</summary>
    SessionEnd? _end;
    volatile Reply? _closeRequest;
    int _errors;
    int _fruitless;
    int _transactions;
    long _unsent;
    bool _askedToLogIn;
    volatile bool _flushing;

    public ServerSession(
        string id, IDuplexPipe transport, EndPoint remote, EndPoint local, ServerSessionOptions options,
        IMailSink sink, TimeProvider time, ISessionObserver? observer = null)
    {
        _transport = _pipe = transport;
        _sink = sink;
        _time = time;
        _observer = observer;
        Id = id;
        Remote = remote;
        Local = local;
        Options = options;
        StartedAt = time.GetUtcNow();
    }

    public string Id { get; }
    public EndPoint Remote { get; }
    public EndPoint Local { get; }
    public ServerSessionOptions Options { get; }
    public DateTimeOffset StartedAt { get; }

    /// <summary>The name that the client gave with HELO or EHLO; null before.</summary>
    public string? HeloName { get; private set; }

    /// <summary>The client said EHLO (not HELO).</summary>
    public bool Extended { get; private set; }

    /// <summary>Null while the connection is in clear.</summary>
    public SslProtocols? Tls { get; private set; }

    /// <summary>The cipher suite's name, null while the connection is in clear.</summary>
    public string? TlsCipher { get; private set; }

    /// <summary>The account that logged in; null before.</summary>
    public string? Account { get; private set; }

    /// <summary>Messages answered with 250 after their content.</summary>
    public int MessagesAccepted { get; private set; }

    /// <summary>Bytes of content received in all messages of the session.</summary>
    public long ContentBytes { get; private set; }

    /// <summary>Octets of commands and content that came, and of replies that went; TLS is not counted.</summary>
    public long BytesReceived { get; private set; }
    public long BytesSent { get; private set; }

    /// <summary>The last reply that was no success; null while there was none.</summary>
    public Reply? LastRefusal { get; private set; }

    /// <summary>Who sees the lines.</summary>
    public ISessionObserver? Observer => _observer;

    /// <summary>The verb in work or last handled, for the list of sessions: <c>CONNECT</c>, <c>MAIL</c>, <c>DATA</c>, <c>TURN</c>...</summary>
    public string Stage { get; private set; } = "CONNECT";

    /// <summary>What <see cref="RequestClose"/> was called with; null before. For who speaks on a turned connection.</summary>
    public Reply? CloseRequest => _closeRequest;

    /// <summary>What went wrong when the session ended with <see cref="SessionEnd.Bug"/>, for the log.</summary>
    public Exception? Fault { get; private set; }

    Phase Phase => (HeloName, _mail) switch
    {
        (null, _) => Phase.Greeted,
        (_, null) => Phase.Identified,
        _ when _spoiled => Phase.Spoiled,
        _ when _arrival is not null => Phase.Chunking,
        (_, { Recipients.Count: 0 }) => Phase.MailGiven,
        _ => Phase.RcptGiven,
    };

    /// <summary>
    /// Converses until the session ends, and says why it did. Cancelling <paramref name="stop"/> aborts at once, without
    /// a reply (the connection is gone); for an orderly end use <see cref="RequestClose"/>. Never throws: what should not
    /// have happened is in <see cref="Fault"/>.
    /// </summary>
    public async Task<SessionEnd> RunAsync(CancellationToken stop)
    {
        using var watch = _watch = new(_time, Options.InactivityTimeout, WakeUp);
        SessionEnd end;
        try
        {
            await GreetAsync(stop);
            while (_end is null) await TakeBatchAsync(stop);
            await FlushAsync(stop);
            end = _end.Value;
        }
        catch (PeerGoneException)
        {
            end = _end ?? SessionEnd.PeerGone;
        }
        catch (InactiveException)
        {
            end = SessionEnd.Timeout;
            await LastWordsAsync(ReplyCatalog.Inactive, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            end = SessionEnd.PeerGone;
        }
        catch (Exception bug)
        {
            Fault = bug;
            end = SessionEnd.Bug;
            if (_end is null) await LastWordsAsync(ReplyCatalog.Bug, stop);
        }
        return await CleanUpAsync(end);
    }

    /// <summary>
    /// Ends the session with <paramref name="reply"/> (a 421) at the next command boundary, at once when it waits for a
    /// command. A message whose content is arriving is taken first; a turned session ends after the message that is on its
    /// way, by <see cref="CloseRequest"/>. May be called from any thread and more than once.
    /// </summary>
    public void RequestClose(Reply reply)
    {
        if (Interlocked.CompareExchange(ref _closeRequest, reply, null) is null) _pipe.Input.CancelPendingRead();
    }

    /// <summary>Takes what has arrived, command after command; flushes only when there is nothing left to answer, or much was.</summary>
    async ValueTask TakeBatchAsync(CancellationToken stop)
    {
        await ShareThreadAsync();
        if (!TryRead(out var read, stop))
        {
            await FlushAsync(stop);
            // After the flush: a request that comes later wakes the read.
            if (_closeRequest is { } request)
            {
                HangUp(request, SessionEnd.Shutdown);
                return;
            }
            read = await ReadAsync(stop);
        }
        var rest = read.Buffer;
        while (_end is null)
        {
            if (_closeRequest is { } request)
            {
                HangUp(request, SessionEnd.Shutdown);
                break;
            }
            var result = LineReader.TryRead(ref rest, CommandParser.MaxLength(rest), out var line);
            if (result is LineResult.NeedMore) break;
            if (result is LineResult.TooLong)
            {
                var refusal = RefusalOfLongLine(rest, out var lost);
                _pipe.Input.AdvanceTo(rest.Start);
                if (lost) HangUp(refusal, SessionEnd.ProtocolAbuse);
                else if (await DropLongLineAsync(refusal, stop) is { } reply) Answer(reply);
                return;
            }
            if (ReadCommand(result, line) is not { } command) break;
            if (EndsBatch(command.Verb))
            {
                _pipe.Input.AdvanceTo(rest.Start);
                await StepAsync(command, moreInput: InputWaits(stop), stop);
                if (_unsent >= MaxUnsent) await FlushAsync(stop);
                return;
            }
            await StepAsync(command, moreInput: !rest.IsEmpty, stop);
            if (_unsent >= MaxUnsent) await FlushAsync(stop);
        }
        _pipe.Input.AdvanceTo(rest.Start, read.Buffer.End);
        if (read.IsCompleted) _end ??= SessionEnd.PeerGone;
    }

    /// <summary>Null when the session ended instead: where framing is lost, guessing where it resumes is how smuggling works.</summary>
    SmtpCommand? ReadCommand(LineResult result, in ReadOnlySequence<byte> line)
    {
        switch (result)
        {
            case LineResult.BadEnding:
                HangUp(ReplyCatalog.BadLineEnding, SessionEnd.ProtocolAbuse);
                return null;
            case LineResult.Binary:
                HangUp(ReplyCatalog.NotSmtp, SessionEnd.ProtocolAbuse);
                return null;
        }
        var octets = line.IsSingleSegment ? line.FirstSpan : line.ToArray();
        BytesReceived += octets.Length + 2;
        var command = CommandParser.Parse(octets);
        if (_observer is { Listens: true }) _observer.ClientSaid(Shown(command.Verb, octets));
        if (command.Verb is Verb.Unknown && CommandParser.LooksLikeHttp(octets))
        {
            HangUp(ReplyCatalog.NotSmtp, SessionEnd.ProtocolAbuse);
            return null;
        }
        return command;
    }

    /// <summary>A client that did not hear AUTH being refused goes on with its name and password.</summary>
    string Shown(Verb verb, ReadOnlySpan<byte> octets) =>
        verb is Verb.Unknown && _command is { Verb: Verb.Auth or Verb.Unknown } && Account is null && _askedToLogIn
            ? Transcript.Secret : Transcript.Command(octets);

    /// <summary>
    /// Verbs that read what follows by themselves (content, an exchange, a handshake, another conversation) or that must
    /// not be followed at all. The input behind them goes back to the pipe.
    /// </summary>
    static bool EndsBatch(Verb verb) =>
        verb is Verb.Bdat || (VerbRules.All.TryGetValue(verb, out var rule) && rule.LastInGroup);

    async ValueTask StepAsync(SmtpCommand command, bool moreInput, CancellationToken stop)
    {
        Stage = VerbNames[(int)command.Verb];
        _askedToLogIn |= command.Verb is Verb.Auth;
        (_command, _mailBefore) = (command, _mail);
        if (command is not (SmtpCommand.Rcpt or SmtpCommand.Bdat { Size: > 0 }) && ++_fruitless > MaxFruitlessCommands)
        {
            HangUp(ReplyCatalog.TooManyCommands, SessionEnd.Limit);
            return;
        }
        if (command is SmtpCommand.Malformed { Verb: Verb.Bdat } lost)
        {
            // How much of what follows is content is unknown.
            HangUp(lost.Complaint, SessionEnd.ProtocolAbuse);
            return;
        }
        var refusal = Judge(command, moreInput);
        if (ReferenceEquals(refusal, ReplyCatalog.InputWaiting))
        {
            HangUp(refusal, SessionEnd.ProtocolAbuse);
            return;
        }
        // Refused or not, the octets of a chunk are on their way.
        var reply = command is SmtpCommand.Bdat chunk ? await BdatAsync(chunk, refusal, stop)
            : refusal ?? await ActAsync(command, stop);
        if (reply is null) return;
        Answer(reply);
        if (command is SmtpCommand.Rcpt && !reply.IsPositive && _mail is { } mail && ++mail.RefusedRecipients > MaxRefusedRecipients && _end is null)
            HangUp(ReplyCatalog.TooManyCommands, SessionEnd.Limit);
    }

    void Answer(Reply reply)
    {
        Say(reply, ends: reply.Code == 421);
        // RFC 5321 section 3.8: who says 421 closes.
        if (reply.Code == 421) _end ??= SessionEnd.Refused;
        if (reply.IsPermanent && ++_errors >= Options.MaxErrors && _end is null)
            HangUp(ReplyCatalog.TooManyErrors, SessionEnd.TooManyErrors);
    }

    Reply? Judge(SmtpCommand command, bool moreInput)
    {
        if (command.Verb is Verb.Unknown) return ReplyCatalog.UnknownVerb;
        if (!IsServed(command.Verb)) return ReplyCatalog.NotImplemented;
        var facts = new SessionFacts(
            Phase, Extended, Tls is not null, TlsRequired: Options.Tls is EndpointTls.RequireStartTls,
            Account is not null, AuthRequired: !Options.AnonymousAllowed, moreInput, Options.Odmr);
        return VerbRules.Refuse(command.Verb, facts);
    }

    /// <summary>The verbs that the options switch off are as good as unknown.</summary>
    bool IsServed(Verb verb) => verb switch
    {
        Verb.StartTls => Options.Tls is not EndpointTls.None,
        Verb.Auth => Options.AuthMechanisms.Count > 0,
        Verb.Etrn => Options.EtrnEnabled,
        Verb.Turn => Options.TurnEnabled,
        Verb.Atrn => Options.AtrnEnabled,
        _ => true,
    };

    /// <summary>Does what was asked for. Null: everything was said already.</summary>
    ValueTask<Reply?> ActAsync(SmtpCommand command, CancellationToken stop) => command switch
    {
        SmtpCommand.Malformed bad => new(bad.Complaint),
        SmtpCommand.Hello hello => HelloAsync(hello),
        SmtpCommand.Mail mail => MailAsync(mail, stop),
        SmtpCommand.Rcpt rcpt => RcptAsync(rcpt, stop),
        SmtpCommand.Auth auth => AuthAsync(auth, stop),
        SmtpCommand.Etrn etrn => EtrnAsync(etrn, stop),
        SmtpCommand.Atrn atrn => TurnAsync(atrn.Domains, stop),
        { Verb: Verb.Turn } => TurnAsync(null, stop),
        { Verb: Verb.Data } => DataAsync(stop),
        { Verb: Verb.StartTls } => StartTlsAsync(stop),
        { Verb: Verb.Rset } => ResetAsync(),
        { Verb: Verb.Noop } => new(ReplyCatalog.Ok),
        { Verb: Verb.Vrfy } => new(ReplyCatalog.CannotVerify),
        { Verb: Verb.Help } => new(Help()),
        { Verb: Verb.Quit } => new(HangUp(ReplyCatalog.Bye, SessionEnd.Quit)),
        _ => new(ReplyCatalog.NotImplemented),
    };
}
