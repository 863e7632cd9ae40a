using WebSmtp.Mta.Watching;

namespace WebSmtp.Api;

/// <summary>A line of a conversation.</summary>
/// <param name="At">When it passed.</param>
/// <param name="Speaker">client or server of the SMTP session, or note: a remark of this server.</param>
/// <param name="Ours">This server said it, not the peer.</param>
/// <param name="Text">The line; secrets are masked, content is only counted.</param>
sealed record LineResponse(DateTimeOffset At, Speaker Speaker, bool Ours, string Text)
{
    public static LineResponse Of(ConversationLine line) => new(line.At, line.Speaker, line.Ours, line.Text);
}

/// <summary>What was said in an SMTP session: how it began and how it went on last.</summary>
/// <param name="Lines">In order.</param>
/// <param name="LeftOut">Lines that were not kept.</param>
/// <param name="LeftOutAfter">They were said after so many of the lines.</param>
sealed record ConversationResponse(IReadOnlyList<LineResponse> Lines, long LeftOut, int LeftOutAfter)
{
    public const string Example = """
        { "lines": [ { "at": "2026-11-23T08:00:00Z", "speaker": "server", "ours": true, "text": "220 hub.example ESMTP WebSmtp" },
          { "at": "2026-11-23T08:00:00.1Z", "speaker": "client", "ours": false, "text": "EHLO client.example" } ], "leftOut": 0, "leftOutAfter": 2 }
        """;

    public static ConversationResponse? Of(ConversationCopy? said) => said is null ? null
        : new([.. said.First.Concat(said.Last).Select(LineResponse.Of)], said.LeftOut, said.First.Count);
}
