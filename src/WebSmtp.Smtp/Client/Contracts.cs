using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Smtp.Client;

/// <summary>One message to one host: an envelope and where its content comes from.</summary>
public sealed record OutgoingMessage(
    MailAddress From, MailParameters Parameters, IReadOnlyList<OutgoingRecipient> Recipients, IOutgoingContent Content);

/// <summary>A recipient with the DSN parameters to pass on.</summary>
public sealed record OutgoingRecipient(MailAddress Address, RcptParameters Parameters);

/// <summary>Content to send, byte for byte; dot-stuffing is the session's work.</summary>
public interface IOutgoingContent
{
    /// <summary>Bytes.</summary>
    long Length { get; }

    /// <summary>A fresh stream from the first byte; the session disposes it.</summary>
    ValueTask<Stream> OpenAsync(CancellationToken stop);
}

/// <summary>
/// What one transaction did, one result for each recipient in their order. <paramref name="Failure"/> is null while the
/// connection can be used for another transaction.
/// </summary>
public sealed record TransactionResult(IReadOnlyList<RecipientResult> Recipients, ClientFailure? Failure);

/// <summary>
/// The reply that decides about one recipient: to its RCPT, to MAIL or DATA, or to the final dot. Null when the
/// connection broke first: nothing is decided. <paramref name="Phase"/> is where it was decided or broke.
/// </summary>
public sealed record RecipientResult(Reply? Reply, ClientPhase Phase);

/// <summary>
/// Why a connection cannot be used (any more). <paramref name="Reply"/> is what the server said, where it said
/// something; <paramref name="Reason"/> is one plain sentence for people.
/// </summary>
public sealed record ClientFailure(ClientPhase Phase, string Reason, Reply? Reply = null);

/// <summary>The phases of a client's conversation, each with its time-out. RFC 5321 section 4.5.3.2. Request: ETRN, TURN, ATRN.</summary>
public enum ClientPhase { Connect, Greeting, Hello, StartTls, Auth, Mail, Rcpt, Data, Content, FinalDot, Reset, Request, Quit }
