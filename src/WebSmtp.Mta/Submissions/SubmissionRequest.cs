using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Queue;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Submissions;

/// <summary>What is known of a message before its content is read.</summary>
/// <param name="From">Null: what the content says.</param>
/// <param name="Recipients">With their DSN parameters; none: those that the content names.</param>
sealed record SubmissionRequest(Origin Origin, MailAddress? From, IReadOnlyList<EnvelopeRecipient> Recipients)
{
    /// <summary>Who is in the header gets it as well.</summary>
    public bool HeaderRecipients { get; init; }

    /// <summary>The content may begin with <c>x-sender</c> and <c>x-receiver</c> lines.</summary>
    public bool EnvelopeOnTop { get; init; }

    public MailParameters Parameters { get; init; } = MailParameters.None;

    /// <summary>Bytes, where they are known.</summary>
    public long? Size { get; init; }

    /// <summary>The message's id, given out before; null: a new one.</summary>
    public MessageId? Id { get; init; }

    /// <summary>The kept smart host that it goes over; null: as the routes say.</summary>
    public string? ViaSmartHost { get; init; }

    /// <summary>
    /// Which recipients are refused at once. What is let through here and cannot be delivered comes back to the sender as
    /// a report.
    /// </summary>
    public RecipientRule Refuse { get; init; } = static (_, _) => null;
}

/// <summary>What became of it: 250 and the id once it is durable; else why not: 4yz may be different later.</summary>
/// <param name="Field">What was refused, as the REST contract names it: <c>mailFrom</c>, <c>rcptTo</c>, <c>content</c>.</param>
sealed record SubmissionResult(Reply Reply, MessageId Id, string Field);
