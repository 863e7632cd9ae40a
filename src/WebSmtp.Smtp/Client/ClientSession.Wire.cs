using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Client;

public sealed partial class ClientSession
{
    /// <summary>For the reply to QUIT, and for one that may be on its way when sending failed.</summary>
    static readonly TimeSpan LastWordTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Cancelled when an answer takes too long, or by the caller; either ends the conversation.</summary>
    readonly CancellationTokenSource _deadline;
    CancellationToken _stop;
    bool _armed;

    /// <summary>Why nothing more can be sent. What the server said before may still be read.</summary>
    string? _writeTrouble;

    /// <summary>One command alone and its reply; null when the conversation broke.</summary>
    /// <param name="phase">The command's.</param>
    /// <param name="command">The line.</param>
    /// <param name="secret">What of it nobody may see, also where the server repeats it.</param>
    async ValueTask<Reply?> AskAsync(ClientPhase phase, string command, string? secret = null)
    {
        if (!await IsQuietAsync(phase)) return null;
        _replies.Secret = secret;
        Say(command, secret switch
        {
            null => command,
            "" => ReplyReader.Masked,
            _ => command.Replace(secret, ReplyReader.Masked, StringComparison.Ordinal),
        });
        await FlushAsync(phase);
        return await HearAsync(phase);
    }

    /// <summary>
    /// Puts a line, which went through <see cref="EnvelopeCommands.Checked"/>, into the output, to leave with the next
    /// flush.
    /// </summary>
    void Say(string line, string? shown = null)
    {
        if (_observer is { Listens: true }) _observer.ClientSaid(shown ?? line);
        _bytesSaid += Encoding.UTF8.GetByteCount(line) + 2;
        Encoding.UTF8.GetBytes(line, _wire.Output);
        Encoding.UTF8.GetBytes("\r\n", _wire.Output);
    }

    /// <summary>
    /// Nothing may wait to be read when the server owes no reply: it would be taken for the answer to what is said
    /// next, and a refused message for a delivered one. What does wait is mostly the 421 of a server that had enough.
    /// </summary>
    async ValueTask<bool> IsQuietAsync(ClientPhase phase)
    {
        if (_gone) return false;
        if (NothingWaits()) return true;
        if (await HearAsync(phase) is { } reply)
        {
            Break(phase, reply.Code == 421 ? "the server closed the session" : "the server spoke out of turn", reply);
        }
        return false;
    }

    bool NothingWaits() => Waiting() is (Bytes: false, End: false);

    /// <summary>Has the server sent what was not read yet, or closed, as far as can be seen without waiting.</summary>
    (bool Bytes, bool End) Waiting()
    {
        try
        {
            if (!_wire.Input.TryRead(out var read)) return default;
            _wire.Input.AdvanceTo(read.Buffer.Start);
            return (!read.Buffer.IsEmpty, read.IsCompleted);
        }
        catch (Exception)
        {
            // Whoever reads next learns why.
            return (false, true);
        }
    }

    /// <summary>Sends what was said. Trouble stays in <see cref="_writeTrouble"/> until a reply was looked for.</summary>
    async ValueTask FlushAsync(ClientPhase phase)
    {
        if (_gone || _writeTrouble is not null) return;
        Phase = phase;
        try
        {
            var flush = _wire.Output.FlushAsync(_deadline.Token);
            if (!flush.IsCompleted) Arm(phase);
            if ((await flush).IsCompleted) _writeTrouble = $"the connection was closed while {NameOf(phase)} was sent";
        }
        catch (Exception e)
        {
            // Whatever a transport throws, it is the connection that is lost.
            ThrowIfStopped();
            _writeTrouble = _deadline.IsCancellationRequested
                ? $"{NameOf(phase)} was not taken within {InWords(TimeoutOf(phase))}"
                : $"the connection broke while {NameOf(phase)} was sent: {e.Message}";
        }
        finally
        {
            Disarm();
        }
    }

    /// <summary>The next reply; null when the conversation broke, and then there is a <see cref="_failure"/>.</summary>
    async ValueTask<Reply?> HearAsync(ClientPhase phase)
    {
        if (_gone) return null;
        Phase = phase;
        try
        {
            while (true)
            {
                if (await ReadAsync(phase) is not { } read) return null;
                var rest = read.Buffer;
                var heard = _replies.TryRead(ref rest, out var reply);
                _wire.Input.AdvanceTo(rest.Start, heard is ReplyRead.NeedMore ? rest.End : rest.Start);

                if (heard is ReplyRead.Whole) return reply;
                if (heard is ReplyRead.Malformed) return Break(phase, _replies.Complaint);
                if (read.IsCompleted) return Break(phase, $"the connection was closed before the {AwaitedIn(phase)}");
            }
        }
        finally
        {
            Disarm();
        }
    }

    /// <summary>Waits for bytes. The time-out is for a whole reply: it runs on from one call to the next.</summary>
    async ValueTask<ReadResult?> ReadAsync(ClientPhase phase)
    {
        try
        {
            // What came already counts also when the time is over.
            if (_wire.Input.TryRead(out var ready)) return ready;
            var read = _wire.Input.ReadAsync(_deadline.Token);
            if (!read.IsCompleted && !_armed) Arm(phase);
            return await read;
        }
        catch (Exception e)
        {
            // Whatever a transport throws, it is the connection that is lost.
            ThrowIfStopped();
            Break(phase, _deadline.IsCancellationRequested
                ? $"no {AwaitedIn(phase)} within {InWords(TimeoutOf(phase))}"
                : $"the connection broke before the {AwaitedIn(phase)}: {e.Message}");
            return null;
        }
    }

    void Arm(ClientPhase phase)
    {
        _armed = true;
        _deadline.CancelAfter(TimeoutOf(phase));
    }

    void Disarm()
    {
        if (!_armed) return;
        _armed = false;
        _deadline.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    CancellationTokenRegistration StopWith(CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        _stop = stop;
        return stop.UnsafeRegister(static deadline => ((CancellationTokenSource)deadline!).Cancel(), _deadline);
    }

    void ThrowIfStopped()
    {
        if (_stop.IsCancellationRequested) Break(ClientPhase.Quit, "the session was cancelled");
        _stop.ThrowIfCancellationRequested();
    }

    /// <summary>The connection is lost. The first reason stays; what stopped the sending came first.</summary>
    Reply? Break(ClientPhase phase, string reason, Reply? reply = null)
    {
        _gone = true;
        _failure ??= new(phase, reply is null ? _writeTrouble ?? reason : reason, reply);
        return null;
    }

    /// <summary>No mail can be sent here, but QUIT can be said, unless the server was the first to leave.</summary>
    ClientFailure Refused(ClientPhase phase, string reason, Reply? reply)
    {
        _gone |= reply?.Code == 421;
        return _failure ??= new(phase, reason, reply);
    }

    TimeSpan TimeoutOf(ClientPhase phase) => _writeTrouble is not null ? LastWordTimeout : phase switch
    {
        ClientPhase.Greeting => _options.GreetingTimeout,
        ClientPhase.Data => _options.DataTimeout,
        ClientPhase.Content => _options.ContentTimeout,
        ClientPhase.FinalDot => _options.FinalTimeout,
        ClientPhase.Quit => LastWordTimeout,
        _ => _options.ReplyTimeout,
    };

    static string AwaitedIn(ClientPhase phase) =>
        phase is ClientPhase.Greeting ? "greeting" : $"reply to {NameOf(phase)}";

    static string NameOf(ClientPhase phase) => phase switch
    {
        ClientPhase.Hello => "EHLO",
        ClientPhase.StartTls => "STARTTLS",
        ClientPhase.Reset => "RSET",
        ClientPhase.Request => "ETRN, TURN or ATRN",
        ClientPhase.Content => "the content",
        ClientPhase.FinalDot => "the end of the content",
        _ => phase.ToString().ToUpperInvariant(),
    };

    static string InWords(TimeSpan time)
    {
        var (number, unit) = time.TotalMinutes >= 1 && time.Seconds == 0
            ? (time.TotalMinutes, "minute")
            : (time.TotalSeconds, "second");
        return string.Create(CultureInfo.InvariantCulture, $"{number:0.###} {unit}{(number == 1 ? "" : "s")}");
    }
}
