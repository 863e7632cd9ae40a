namespace WebSmtp.Mta.Queue;

/// <summary>Which messages a list shows; null members do not restrict. Living ones only, unless history is wanted.</summary>
/// <param name="Tried">With <paramref name="State"/>: only entries of that state that had an attempt (true), or none (false).</param>
public sealed record MessageFilter(
    int SiteId, string? Domain = null, RecipientState? State = null, string? Sender = null, string? Recipient = null,
    string? Subject = null, DateTimeOffset? ReceivedBefore = null, bool History = false, bool? Tried = null)
{
    public DateTimeOffset? ReceivedAfter { get; init; }

    /// <summary>More bytes than this.</summary>
    public long? LargerThan { get; init; }

    /// <summary>Fewer bytes than this.</summary>
    public long? SmallerThan { get; init; }

    /// <summary>The address that it came from.</summary>
    public string? Client { get; init; }

    /// <summary>A text in the last reply to a recipient: <c>450</c>, <c>mailbox full</c>.</summary>
    public string? Reply { get; init; }

    /// <summary>The header's Message-ID with its angle brackets.</summary>
    public string? HeaderMessageId { get; init; }

    /// <summary>Only these messages.</summary>
    public IReadOnlyList<long>? Ids { get; init; }

    /// <summary>Something is asked of the recipients.</summary>
    public bool AsksRecipients => Domain is not null || State is not null || Recipient is not null || Reply is not null;

    /// <summary>Whether an entry of a message that matches is one of those that match.</summary>
    public bool Matches(Recipient entry) =>
        (Domain is null || entry.Domain == Domain)
        && (State is null || entry.State == State)
        && (Tried is null || entry.Attempts > 0 == Tried)
        && (Reply is null || entry.LastReply?.Contains(Reply, StringComparison.OrdinalIgnoreCase) is true)
        && (Recipient is null || entry.Address.Contains(Recipient, StringComparison.OrdinalIgnoreCase));
}

/// <summary>The order of a list of messages: those that an index has.</summary>
public enum MessageSort
{
    Oldest,
    Newest,

    /// <summary>Only what is queued: what is due first, first.</summary>
    NextTry,

    /// <summary>Only living messages of <see cref="MessageList.LargeFrom"/> bytes or more.</summary>
    Largest,
}

/// <summary>A page of messages.</summary>
/// <param name="Next">The cursor of the page after it; null: there is none.</param>
/// <param name="Previous">The cursor of the page before it; null: this is the first.</param>
/// <param name="IsPartial">The search was cut off: <paramref name="Next"/>, or backwards <paramref name="Previous"/>, goes on with it.</param>
public sealed record MessageList(
    IReadOnlyList<Message> Items, string? Next, string? Previous, long Total, bool TotalIsEstimate, bool IsPartial)
{
    /// <summary>From this size on messages can be sorted by it: few are, and so the index costs those that come in nothing.</summary>
    public const long LargeFrom = 64 * 1024;
}
