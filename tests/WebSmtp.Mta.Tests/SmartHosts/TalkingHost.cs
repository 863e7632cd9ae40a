using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.SmartHosts;

/// <summary>A mail host that says what the test says.</summary>
/// <param name="greeting">Its first line; null: it hangs up.</param>
/// <param name="answer">The reply to each line; null: it hangs up. Content is one line, ending in its dot.</param>
sealed class TalkingHost(string? greeting, Func<string, string?> answer)
{
    public List<string> Heard { get; } = [];

    /// <summary>A host that offers some mechanisms and answers AUTH with one reply.</summary>
    public static TalkingHost WithLogIn(string mechanisms, string reply) => new("220 relay.example ESMTP", line => line switch
    {
        _ when line.StartsWith("EHLO", StringComparison.Ordinal) => $"250-relay.example\r\n250 AUTH {mechanisms}",
        _ when line.StartsWith("AUTH", StringComparison.Ordinal) => reply,
        "DATA" => "354 go on",
        "QUIT" => "221 2.0.0 bye",
        _ when line.EndsWith("\r\n.", StringComparison.Ordinal) => "250 2.0.0 taken as 4711",
        _ => "250 2.1.0 ok",
    });

    public async Task ServeAsync(IDuplexPipe pipe)
    {
        if (greeting is not null) await SayAsync(pipe, greeting);
        while (greeting is not null && await HearAsync(pipe, Heard.LastOrDefault() is "DATA" ? "\r\n.\r\n" : "\r\n") is { } line)
        {
            Heard.Add(line);
            if (answer(line) is not { } reply) break;
            await SayAsync(pipe, reply);
        }
        await PipePair.CloseAsync(pipe);
    }

    static async Task SayAsync(IDuplexPipe pipe, string text) => await pipe.Output.WriteAsync(Encoding.Latin1.GetBytes(text + "\r\n"));

    /// <summary>Everything before the end, without its last CRLF; null when the client left.</summary>
    static async Task<string?> HearAsync(IDuplexPipe pipe, string end)
    {
        while (true)
        {
            var read = await pipe.Input.ReadAsync();
            var text = Encoding.Latin1.GetString(read.Buffer.ToArray());
            var at = text.IndexOf(end, StringComparison.Ordinal);
            if (at >= 0)
            {
                pipe.Input.AdvanceTo(read.Buffer.GetPosition(at + end.Length));
                return text[..(at + end.Length - 2)];
            }
            pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted) return null;
        }
    }
}
