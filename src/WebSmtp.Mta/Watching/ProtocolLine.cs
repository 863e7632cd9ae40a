namespace WebSmtp.Mta.Watching;

/// <summary>A line of the protocol log.</summary>
/// <param name="Number">Counts all lines since the program started.</param>
/// <param name="Session">The connection that it was said on.</param>
/// <param name="Line">What was said.</param>
public sealed record ProtocolLine(long Number, SessionFacts Session, ConversationLine Line);

/// <summary>What of the protocol log is wanted; null: all.</summary>
/// <param name="SiteId">Of one site.</param>
/// <param name="Address">The peer's address, or how it begins.</param>
/// <param name="Text">Part of the line, without regard to case.</param>
/// <param name="ErrorsOnly">Replies 4yz and 5yz only.</param>
/// <param name="SessionId">Of one session.</param>
public sealed record ProtocolFilter(
    int? SiteId = null, string? Address = null, string? Text = null, bool ErrorsOnly = false, string? SessionId = null)
{
    public bool Matches(ProtocolLine line) =>
        (SiteId is null || line.Session.SiteId == SiteId)
        && (SessionId is null || line.Session.Id == SessionId)
        && (!ErrorsOnly || line.Line.IsError)
        && (Address is null || line.Session.Address.StartsWith(Address, StringComparison.OrdinalIgnoreCase))
        && (Text is null || line.Line.Text.Contains(Text, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Lines in order.</summary>
/// <param name="Lines">The newest that were asked for.</param>
/// <param name="Last">The number to ask for what comes after.</param>
/// <param name="Skipped">Lines since the last question that are not shown: more than were asked for, or gone already.</param>
public sealed record ProtocolPage(IReadOnlyList<ProtocolLine> Lines, long Last, long Skipped);
