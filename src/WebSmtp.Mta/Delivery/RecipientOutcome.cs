using WebSmtp.Mta.Queue;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Delivery;

/// <summary>What an attempt did for one recipient. <paramref name="Reply"/> is null when the connection broke first: nothing is decided.</summary>
readonly record struct RecipientOutcome(Recipient Recipient, Reply? Reply);

/// <summary>What an attempt did for a message: an outcome for each recipient, and the host that decided.</summary>
/// <param name="Host"><c>mail.example [192.0.2.7]:25</c>; null when none was reached or none was asked.</param>
/// <param name="Broken">Why the connection ended; null while it can be used for more.</param>
/// <param name="NeverBegun">The connection ended before the host took even the sender.</param>
sealed record Attempt(IReadOnlyList<RecipientOutcome> Outcomes, string? Host, string? Tls, string? Broken, bool NeverBegun = false)
{
    /// <summary>The host offered DSN, so that it reports itself; null when no host was asked.</summary>
    public bool? Dsn { get; init; }

    /// <summary>One reply of our own for all recipients, without asking a host.</summary>
    public static Attempt Ours(LeasedMessage message, Reply reply) =>
        new([.. message.Recipients.Select(recipient => new RecipientOutcome(recipient, reply))], null, null, null);

    /// <summary>No host was reached.</summary>
    public static Attempt Undecided(LeasedMessage message, string why) =>
        new([.. message.Recipients.Select(recipient => new RecipientOutcome(recipient, null))], null, null, why);
}
