using System.IO.Pipelines;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>
/// A host that keeps to RFC 5321 but for one stage, where it says what it is told to: a reply, nothing at all
/// (<see cref="Stall"/>), or good-bye without a word (<see cref="Close"/>).
/// </summary>
sealed class ScriptedHost(string stage, string reply)
{
    public const string Stall = "(stalls)", Close = "(closes)";

    /// <summary>Messages that were answered with 250 after their dot.</summary>
    public int Taken { get; private set; }
    public int Connections { get; private set; }

    /// <summary>Keywords of the EHLO reply.</summary>
    public IReadOnlyList<string> Keywords { get; init; } = ["PIPELINING"];

    /// <summary>From now on it is like any other.</summary>
    public bool Recovered { get; set; }

    public async Task ServeAsync(IDuplexPipe pipe)
    {
        Connections++;
        await using var talk = new Talk(pipe);
        try
        {
            if (!await AnswerAsync(talk, "greeting", "220 scripted.example ESMTP")) return;
            var (content, recipients) = (false, 0);
            while (await talk.LineAsync() is { } line)
            {
                if (content && line is not ".") continue;
                var verb = content ? "finalDot" : line.Split(' ')[0].ToLowerInvariant();
                content = false;
                var usual = verb switch
                {
                    "ehlo" => string.Join("\r\n", ((string[])["scripted.example", .. Keywords]).Select((word, at) => $"250{(at == Keywords.Count ? ' ' : '-')}{word}")),
                    "data" => recipients > 0 ? "354 go on" : "554 no valid recipients",
                    "quit" => "221 bye",
                    "starttls" => "220 go on",
                    "auth" => "235 welcome",
                    _ => "250 ok",
                };
                if (!await AnswerAsync(talk, verb, usual)) return;
                if (verb is "rcpt" && (Is(verb) ? reply : usual)[0] is '2') recipients++;
                content = verb is "data" && (Is(verb) ? reply : usual).StartsWith("354", StringComparison.Ordinal);
                if (verb is "finalDot" && (Is(verb) ? reply : usual)[0] is '2') Taken++;
                if (verb is "quit" || Is(verb) && reply.StartsWith("421", StringComparison.Ordinal)) return;
            }
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            // The client closed, or the test is over.
        }
    }

    bool Is(string verb) => verb == stage && !Recovered;

    async Task<bool> AnswerAsync(Talk talk, string verb, string usual)
    {
        if (Is(verb) && reply is Close) return false;
        if (Is(verb) && reply is Stall)
        {
            // Until the client has had enough.
            while (await talk.LineAsync() is not null) { }
            return false;
        }
        await talk.SayAsync((Is(verb) ? reply : usual) + "\r\n");
        return true;
    }
}
