using WebSmtp.Smtp;

namespace WebSmtp.Mta.Queue;

/// <summary>
/// The states of a queue entry. <see cref="Queued"/>: due at a time. <see cref="Delivering"/>: leased.
/// <see cref="Held"/>: no time makes it due, only a collection, an operator or its age. <see cref="Frozen"/>: an operator
/// stopped it. The others are ends.
/// </summary>
public enum RecipientState { Queued, Delivering, Held, Frozen, Delivered, Failed, Expired, Deleted }

/// <summary>One accepted message: a row. The content is elsewhere and goes when all recipients are settled.</summary>
public sealed class Message
{
    public long Id { get; set; }
    public int SiteId { get; set; }
    public DateTimeOffset ReceivedAt { get; set; }

    /// <summary>The client: address, and what it called itself.</summary>
    public required string ClientAddress { get; set; }
    public required string HeloName { get; set; }
    public string? Account { get; set; }

    /// <summary>The <c>with</c> keyword: SMTP, ESMTP, ESMTPSA, UTF8SMTPS... RFC 3848, RFC 6531.</summary>
    public required string Protocol { get; set; }

    /// <summary>The version of TLS that it came under; null: in clear, or not over SMTP.</summary>
    public string? Tls { get; set; }

    /// <summary>Why it was taken from this client, in words; null where nobody asked.</summary>
    public string? Policy { get; set; }

    /// <summary>Empty for the null reverse-path.</summary>
    public required string MailFrom { get; set; }
    public BodyType Body { get; set; }
    public bool SmtpUtf8 { get; set; }
    public DsnReturn Return { get; set; }
    public string? EnvelopeId { get; set; }

    /// <summary>Bytes of the content as stored, with our Received field.</summary>
    public long Size { get; set; }

    /// <summary>For display: decoded, at most 250 characters; null when the message has none.</summary>
    public string? Subject { get; set; }

    /// <summary>The header's Message-ID, as it stands, at most 250 characters.</summary>
    public string? HeaderMessageId { get; set; }

    /// <summary>Where large content is: relative to the data directory when below it, else absolute; null: in the database.</summary>
    public string? ContentPath { get; set; }

    /// <summary>Recipients that are not at an end. Zero: the content may go.</summary>
    public int LiveRecipients { get; set; }
    public List<Recipient> Recipients { get; set; } = [];
}

/// <summary>A queue entry: one recipient of one message.</summary>
public sealed class Recipient
{
    public long Id { get; set; }
    public long MessageId { get; set; }
    public int SiteId { get; set; }
    public required string Address { get; set; }

    /// <summary>The destination: the address's domain, lower case, A-label.</summary>
    public required string Domain { get; set; }
    public RecipientState State { get; set; }

    /// <summary>When <see cref="RecipientState.Queued"/>: not before. Null otherwise.</summary>
    public DateTimeOffset? DueAt { get; set; }
    public int Attempts { get; set; }

    /// <summary>While <see cref="RecipientState.Delivering"/>: who has it, until when, and the state it returns to.</summary>
    public string? Lease { get; set; }
    public DateTimeOffset? LeaseUntil { get; set; }
    public RecipientState? LeasedFrom { get; set; }
    public string? LastReply { get; set; }

    /// <summary>Host that took it.</summary>
    public string? DeliveredTo { get; set; }
    public DateTimeOffset? SettledAt { get; set; }
    public DsnNotify Notify { get; set; }
    public string? OriginalRecipient { get; set; }

    /// <summary>When its sender was told that it is late; null: not yet.</summary>
    public DateTimeOffset? DelayReportedAt { get; set; }

    /// <summary>
    /// Until then it waited for what was no fault of its own or its host's, a refused log-in or a used-up budget: its time
    /// to expire begins there. Null: it did not.
    /// </summary>
    public DateTimeOffset? HeldBackUntil { get; set; }

    /// <summary>An operator sent it this way: it is routed as if it were for this domain.</summary>
    public string? ViaDomain { get; set; }

    /// <summary>An operator sent it this way: over the kept smart host of this name.</summary>
    public string? ViaSmartHost { get; set; }
}

/// <summary>
/// What lives for one destination of one site, kept in step by the same transactions that change the entries; so that
/// counts cost the same at ten and at ten million. A message counts once for each destination.
/// </summary>
public sealed class Destination
{
    public int SiteId { get; set; }
    public required string Domain { get; set; }

    /// <summary>Labels in reverse order (<c>com.example.mail</c>): a domain's subdomains are one range of an index.</summary>
    public required string Reversed { get; set; }

    /// <summary>Messages with an entry here that is not at an end, and the bytes of those messages.</summary>
    public long Messages { get; set; }
    public long Bytes { get; set; }
}

/// <summary>Something that happened to a message: the trace. Kept after the message is gone.</summary>
public sealed class TraceEvent
{
    public long Id { get; set; }
    public long MessageId { get; set; }
    public DateTimeOffset At { get; set; }

    /// <summary><c>received</c>, <c>held</c>, <c>attempt</c>, <c>delivered</c>, <c>failed</c>, <c>expired</c>, <c>deleted</c>, <c>collected</c>...</summary>
    public required string Event { get; set; }
    public string? Recipient { get; set; }
    public string? Detail { get; set; }
    public string? Reply { get; set; }
    public string? Host { get; set; }

    /// <summary>The address and port that was connected to.</summary>
    public string? Address { get; set; }

    /// <summary>Version and cipher suite; null in clear.</summary>
    public string? Tls { get; set; }

    /// <summary>Where in the conversation it was decided: <c>connect</c>, <c>greeting</c>, <c>rcpt</c>, <c>finalDot</c>...</summary>
    public string? Stage { get; set; }

    /// <summary>How long the attempt took.</summary>
    public int? Milliseconds { get; set; }
    public string? By { get; set; }
}
