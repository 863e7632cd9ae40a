using System.Collections.Concurrent;
using System.Net.Security;
using System.Text;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Smtp;

/// <summary>
/// A host that takes mail, written for tests: records what comes octet by octet and can be told to answer otherwise. It
/// serves any connection: one that the server opened, or one that was turned. Thread-safe.
/// </summary>
public sealed class MailHost
{
    readonly ConcurrentQueue<ReceivedMail> _received = new();
    readonly ConcurrentQueue<string> _commands = new();
    readonly Lock _waiting = new();
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name { get; init; } = "branch.example";

    /// <summary>Keywords of the EHLO reply.</summary>
    public IReadOnlyList<string> Keywords { get; init; } = ["PIPELINING", "8BITMIME", "SIZE 104857600", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES"];

    /// <summary>What to say to a command instead of the ordinary reply; null: the ordinary one; nothing: break the connection.</summary>
    public Func<string, string?> ReplyTo { get; init; } = static _ => null;

    /// <summary>
    /// What to say to a whole message, before it counts as received; null: break the connection without a word. The
    /// message is recorded when the reply begins with 2.
    /// </summary>
    public Func<ReceivedMail, Task<string?>> ReplyToContent { get; init; } = static _ => Task.FromResult<string?>("250 2.0.0 Taken");

    /// <summary>What was taken, in order.</summary>
    public IReadOnlyList<ReceivedMail> Received => [.. _received];

    /// <summary>Every command line that came.</summary>
    public IReadOnlyList<string> Commands => [.. _commands];

    /// <summary>Waits until so many messages were taken.</summary>
    public async Task<IReadOnlyList<ReceivedMail>> WaitForAsync(int count, CancellationToken stop)
    {
        while (true)
        {
            Task changed;
            lock (_waiting) changed = _changed.Task;
            if (_received.Count >= count) return Received;
            await changed.WaitAsync(stop);
        }
    }

    /// <summary>Serves the connection from the greeting to QUIT, its end, or a break-off.</summary>
    internal async Task<HostEnd> ServeAsync(LineStream wire, CancellationToken stop)
    {
        await SayAsync(wire, $"220 {Name} ESMTP", stop);
        var mail = new IncomingMail();
        while (true)
        {
            var octets = await wire.ReadLineAsync(stop);
            if (octets.IsEmpty) return HostEnd.PeerGone;
            var command = Encoding.UTF8.GetString(octets.Span).TrimEnd('\r', '\n');
            Assert.True(octets.Span.EndsWith("\r\n"u8), $"The line '{command}' does not end in CRLF.");
            _commands.Enqueue(command);
            var verb = command.Split(' ', 2)[0].ToUpperInvariant();
            if (ReplyTo(command) is { } other)
            {
                if (other.Length == 0) return HostEnd.BrokenOff;
                await SayAsync(wire, other, stop);
                // RFC 5321 section 3.8: who says 421 closes.
                if (other.StartsWith("421", StringComparison.Ordinal)) return HostEnd.BrokenOff;
                continue;
            }
            switch (verb)
            {
                case "EHLO":
                    await SayAsync(wire, string.Join("\r\n", ((string[])[Name, .. Keywords]).Select((word, at) => $"250{(at == Keywords.Count ? ' ' : '-')}{word}")), stop);
                    break;
                case "MAIL":
                    mail = new() { From = command[10..] };
                    await SayAsync(wire, "250 2.1.0 OK", stop);
                    break;
                case "RCPT":
                    mail.To.Add(command[8..]);
                    await SayAsync(wire, "250 2.1.5 OK", stop);
                    break;
                case "DATA" when mail.To.Count == 0:
                    await SayAsync(wire, "554 5.5.1 No valid recipients", stop);
                    break;
                case "DATA":
                    await SayAsync(wire, "354 Go on", stop);
                    await ReadContentAsync(wire, mail.Content, stop);
                    if (!await TakeAsync(wire, mail, stop)) return HostEnd.BrokenOff;
                    break;
                case "BDAT":
                    mail.Content.Write(await wire.ReadOctetsAsync(int.Parse(command.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), stop));
                    if (!command.EndsWith(" LAST", StringComparison.OrdinalIgnoreCase)) await SayAsync(wire, "250 2.0.0 Chunk taken", stop);
                    else if (!await TakeAsync(wire, mail, stop)) return HostEnd.BrokenOff;
                    break;
                case "QUIT":
                    await SayAsync(wire, "221 2.0.0 Bye", stop);
                    return HostEnd.Quit;
                default:
                    await SayAsync(wire, verb is "RSET" or "NOOP" ? "250 2.0.0 OK" : "502 5.5.1 Not here", stop);
                    break;
            }
        }
    }

    static async Task ReadContentAsync(LineStream wire, MemoryStream content, CancellationToken stop)
    {
        while (true)
        {
            var line = await wire.ReadLineAsync(stop);
            if (line.IsEmpty) throw new EndOfStreamException("The connection ended within a message.");
            if (line.Span.SequenceEqual(".\r\n"u8)) return;
            content.Write(DotStuffing.Unstuff(line).Span);
        }
    }

    async Task<bool> TakeAsync(LineStream wire, IncomingMail mail, CancellationToken stop)
    {
        var received = new ReceivedMail(mail.From, [.. mail.To], mail.Content.ToArray(), wire.Stream is SslStream);
        if (await ReplyToContent(received) is not { } reply) return false;
        if (reply.StartsWith('2')) _received.Enqueue(received);
        await SayAsync(wire, reply, stop);
        TaskCompletionSource changed;
        lock (_waiting) (changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        changed.SetResult();
        return true;
    }

    static async Task SayAsync(LineStream wire, string reply, CancellationToken stop) =>
        await wire.Stream.WriteAsync(Encoding.UTF8.GetBytes(reply + "\r\n"), stop);

    sealed class IncomingMail
    {
        public string From { get; init; } = "";
        public List<string> To { get; } = [];
        public MemoryStream Content { get; } = new();
    }
}

/// <summary>How a connection to a <see cref="MailHost"/> ended.</summary>
public enum HostEnd { Quit, PeerGone, BrokenOff }

/// <summary>A message as it came.</summary>
/// <param name="From">The argument of MAIL FROM with its parameters.</param>
/// <param name="To">The arguments of RCPT TO with their parameters.</param>
public sealed record ReceivedMail(string From, IReadOnlyList<string> To, byte[] Content, bool UnderTls)
{
    /// <summary>The field that the site put on top, folded as it came.</summary>
    public string ReceivedField => Encoding.UTF8.GetString(Content.AsSpan(0, EndOfReceived()));

    /// <summary>What the sender sent.</summary>
    public byte[] BelowReceived => Content[EndOfReceived()..];

    public string Subject => Encoding.UTF8.GetString(BelowReceived).Split("\r\n").FirstOrDefault(line => line.StartsWith("Subject: ", StringComparison.Ordinal))?[9..] ?? "";

    /// <summary>Fails with the first difference, not with two megabytes.</summary>
    public void AssertSameAs(byte[] sent, string name)
    {
        var came = BelowReceived;
        if (came.AsSpan().SequenceEqual(sent)) return;
        var at = came.AsSpan().CommonPrefixLength(sent);
        Assert.Fail($"'{name}' came differently from octet {at} on; {sent.Length} octets were sent, {came.Length} came.\n" +
            $"sent: {Shown(sent, at)}\ncame: {Shown(came, at)}\nbelow {ReceivedField}");
    }

    static string Shown(byte[] content, int at) =>
        Encoding.Latin1.GetString(content.AsSpan(Math.Max(0, at - 20)..Math.Min(content.Length, at + 60))).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    // A field ends at the first CRLF that no space or tab follows.
    int EndOfReceived()
    {
        if (!Content.AsSpan().StartsWith("Received:"u8)) return 0;
        for (var at = 0; ;)
        {
            var crlf = Content.AsSpan(at).IndexOf("\r\n"u8);
            if (crlf < 0) return Content.Length;
            at += crlf + 2;
            if (at == Content.Length || Content[at] is not ((byte)' ' or (byte)'\t')) return at;
        }
    }
}

/// <summary>The collecting host of TURN and ATRN: logs in, asks, and serves the turned connection.</summary>
static class TurnHost
{
    /// <summary>Asks on a connection that is logged in, and serves it; the reply to the question must begin with 250.</summary>
    public static async Task<HostEnd> CollectAsync(SmtpTalk talk, MailHost host, CancellationToken stop, string command = "TURN")
    {
        await talk.SayAsync(command);
        await talk.ExpectAsync("250 *");
        return await host.ServeAsync(talk.Wire, stop);
    }

    /// <summary>A whole collection: connects, logs in, asks, takes everything.</summary>
    public static async Task<MailHost> CollectAsync(TestSite site, MailAccount account, CancellationToken stop, string command = "TURN", MailHost? host = null)
    {
        host ??= new();
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync(host.Name);
        await talk.LogInAsync(account);
        Assert.Equal(HostEnd.Quit, await CollectAsync(talk, host, stop, command));
        await talk.ExpectClosedAsync();
        return host;
    }
}
