namespace WebSmtp.Storage;

/// <summary>
/// Leads from what a person knows to what happened. Written in bulk some time after the message, because an index of
/// addresses would touch a page of its own for each message that comes in.
/// </summary>
sealed class TraceKey
{
    public const char Sender = 's', Recipient = 'r', Header = 'm';
    public const char RefusedSender = 'S', RefusedRecipient = 'R', RefusedHeader = 'M', RefusedClient = 'C';

    /// <summary>The span of time that the number is from.</summary>
    public long Bucket { get; set; }

    /// <summary>The kind, and the text in lower case.</summary>
    public required string Key { get; set; }

    /// <summary>Of the message, or the refusal.</summary>
    public long MessageId { get; set; }
}
