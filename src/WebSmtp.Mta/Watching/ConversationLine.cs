namespace WebSmtp.Mta.Watching;

/// <summary>Who said a line: the SMTP client or server of the moment (TURN exchanges them), or nobody: it is a remark.</summary>
public enum Speaker { Client, Server, Note }

/// <summary>A line of a conversation, without secrets and without content of messages.</summary>
/// <param name="At">When it passed.</param>
/// <param name="Speaker">Who said it.</param>
/// <param name="Ours">This server said it, not the peer.</param>
/// <param name="Text">Without CRLF; what is long is cut off.</param>
public readonly record struct ConversationLine(DateTimeOffset At, Speaker Speaker, bool Ours, string Text)
{
    const int MaxText = 512, Overhead = 64;

    /// <summary>A reply that says no, for now or for good.</summary>
    public bool IsError => Speaker is Speaker.Server && Text is ['4' or '5', >= '0' and <= '9', >= '0' and <= '9', ..];

    /// <summary>Bytes of memory that it takes, about.</summary>
    internal int Cost => Overhead + 2 * Text.Length;

    internal static string Cut(string text) => text.Length > MaxText ? text[..MaxText] + "…" : text;
}
