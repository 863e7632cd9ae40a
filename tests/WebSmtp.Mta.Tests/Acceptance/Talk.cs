using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace WebSmtp.Mta.Tests.Acceptance;

/// <summary>One end of a conversation by hand, as client or as host. Text is one octet a character.</summary>
sealed class Talk(IDuplexPipe pipe) : IAsyncDisposable
{
    public IDuplexPipe Pipe => pipe;

    /// <summary>Says a line and hears the reply to it.</summary>
    public async Task<string> AskAsync(string line)
    {
        await SayAsync(line + "\r\n");
        return await ReplyAsync();
    }

    /// <summary>Asks and checks how the reply begins.</summary>
    public async Task AskAsync(string line, string expected)
    {
        var reply = await AskAsync(line);
        Assert.True(reply.StartsWith(expected, StringComparison.Ordinal), $"{line}\n{reply}\nexpected: {expected}");
    }

    public async Task SayAsync(string text) => await pipe.Output.WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>A whole reply, its lines joined with LF.</summary>
    public async Task<string> ReplyAsync()
    {
        var reply = new List<string>();
        do reply.Add(await LineAsync() ?? throw new EndOfStreamException(string.Join('\n', reply)));
        while (reply[^1] is [_, _, _, '-', ..]);
        return string.Join('\n', reply);
    }

    /// <summary>A line without its end; null when the other end closed.</summary>
    public async Task<string?> LineAsync()
    {
        while (true)
        {
            var read = await pipe.Input.ReadAsync(TestContext.Current.CancellationToken);
            var line = read.Buffer;
            if (line.PositionOf((byte)'\n') is { } end)
            {
                var text = Encoding.Latin1.GetString(line.Slice(0, end));
                pipe.Input.AdvanceTo(line.GetPosition(1, end));
                return text.TrimEnd('\r');
            }
            pipe.Input.AdvanceTo(line.Start, line.End);
            if (read.IsCompleted) return null;
        }
    }

    /// <summary>One message over a session that said EHLO; returns the last reply.</summary>
    public async Task<string> SendAsync(string from, string[] to, string content, string parameters = "")
    {
        await AskAsync($"MAIL FROM:<{from}>{parameters}", "250");
        foreach (var recipient in to)
        {
            var reply = await AskAsync($"RCPT TO:<{recipient}>");
            if (reply[0] is not '2') return reply;
        }
        await AskAsync("DATA", "354");
        await SayAsync(content);
        return await AskAsync(".");
    }

    public async ValueTask DisposeAsync() => await PipePair.CloseAsync(pipe);
}
