using System.Buffers;
using WebSmtp.Smtp.Framing;

namespace WebSmtp.Smtp.Server;

/// <summary>One message while its content arrives: what is stored of it, and why the rest is not.</summary>
/// <param name="content">Where it is stored.</param>
/// <param name="framing">Null for BINARYMIME, whose octets mean nothing here. RFC 3030 section 3.</param>
/// <param name="limit">Bytes; the first refusal is said when more arrive.</param>
/// <param name="longestLine">Octets that a line may have with its CRLF; 0 means no limit.</param>
sealed class Arrival(
    IncomingContent content, DotUnstuffer? framing, bool repair, long longestLine, long limit, Reply overLimit) : IAsyncDisposable
{
    long _unframed;

    /// <summary>Why nothing more is stored. The rest is read and dropped: the peer hears it when it listens again.</summary>
    public Reply? Refusal { get; private set; }

    public long Size => framing?.Count ?? _unframed;

    /// <summary>The final dot was seen.</summary>
    public bool IsDone => framing is { IsDone: true };

    /// <summary>Something was seen that may or may not be the end: what follows is neither content nor commands.</summary>
    public bool IsAmbiguous => framing is { IsAmbiguous: true };

    /// <summary>Returns how many octets were used.</summary>
    public int Feed(ReadOnlySpan<byte> octets)
    {
        var used = octets.Length;
        if (framing is not null) used = framing.Feed(octets, Target);
        else Keep(octets);
        Judge();
        return used;
    }

    public async ValueTask FlushAsync(CancellationToken stop)
    {
        if (Refusal is null) Refusal = await content.FlushAsync(stop);
    }

    /// <summary>Not to be taken, whatever else was wrong with it.</summary>
    public void Refuse(Reply refusal) => Refusal = refusal;

    /// <summary>The content is complete: takes it, unless there was a reason not to.</summary>
    public ValueTask<Reply> EndAsync()
    {
        framing?.End(Target);
        Judge();
        return Refusal is { } refusal ? new(refusal) : content.CommitAsync();
    }

    public ValueTask DisposeAsync() => content.DisposeAsync();

    IncomingContent? Target => Refusal is null ? content : null;

    void Keep(ReadOnlySpan<byte> octets)
    {
        _unframed += octets.Length;
        Target?.Write(octets);
    }

    void Judge()
    {
        if (Size > limit) Refusal ??= overLimit;
        if (longestLine > 0 && framing?.LongestLine > longestLine) Refusal ??= ReplyCatalog.TextLineTooLong;
        if (!repair && framing is { BareLineEndings: > 0 }) Refusal ??= ReplyCatalog.BareLineEnding;
    }
}
