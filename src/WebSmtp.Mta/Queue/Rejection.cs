namespace WebSmtp.Mta.Queue;

/// <summary>
/// A sender, recipient or message that was not taken: "they say they sent it" must have an answer. Kept as long as the
/// history of messages.
/// </summary>
public sealed class Rejection
{
    /// <summary>On the same line of numbers as messages: what happened earlier has the lower one.</summary>
    public long Id { get; set; }
    public int SiteId { get; set; }
    public DateTimeOffset At { get; set; }
    public required string ClientAddress { get; set; }
    public string? HeloName { get; set; }
    public string? Account { get; set; }

    /// <summary>The version of TLS; null in clear.</summary>
    public string? Tls { get; set; }
    public string? MailFrom { get; set; }

    /// <summary>Null where the refusal was not about one recipient.</summary>
    public string? Recipient { get; set; }

    /// <summary>The header's Message-ID, where the content was refused.</summary>
    public string? HeaderMessageId { get; set; }

    /// <summary><c>CONNECT</c>, <c>AUTH</c>, <c>MAIL</c>, <c>RCPT</c> or <c>DATA</c>; <c>MANY</c>: more than were written down.</summary>
    public required string Stage { get; set; }
    public required string Reply { get; set; }
}

/// <summary>A destination that an operator stopped: what waits for it is not tried until it is released.</summary>
public sealed class StoppedDestination
{
    public int SiteId { get; set; }
    public required string Domain { get; set; }
    public DateTimeOffset At { get; set; }
    public required string By { get; set; }
}
