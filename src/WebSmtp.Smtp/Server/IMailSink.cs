using System.IO.Pipelines;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Sasl;

namespace WebSmtp.Smtp.Server;

/// <summary>
/// What a server session asks of the mail transfer agent: may this come in, and take it. One object for each session;
/// calls never overlap. A method that may refuse returns the refusal, and null means go ahead. Every method may throw
/// only <see cref="OperationCanceledException"/>; whatever else escapes is a bug that the session answers with 421.
/// </summary>
public interface IMailSink
{
    /// <summary>Asked before the greeting. A refusal is sent in its place (421 or 554) and the connection is closed.</summary>
    ValueTask<Reply?> ConnectAsync(ServerSession session, CancellationToken stop);

    /// <summary>MAIL: may this sender send. Sequence, syntax and announced size were checked before.</summary>
    ValueTask<Reply?> OfferSenderAsync(ServerSession session, MailAddress from, MailParameters parameters, CancellationToken stop);

    /// <summary>RCPT: will mail for this mailbox be taken.</summary>
    ValueTask<Reply?> OfferRecipientAsync(ServerSession session, MailAddress to, RcptParameters parameters, CancellationToken stop);

    /// <summary>DATA, or the first BDAT: where the content goes. The envelope is complete from here on.</summary>
    ValueTask<ContentOffer> OfferContentAsync(ServerSession session, MailTransaction transaction, CancellationToken stop);

    /// <summary>The transaction was dropped (RSET, EHLO, STARTTLS, end of session) before its content was committed.</summary>
    void TransactionDropped(ServerSession session);

    /// <summary>
    /// Something was refused, whoever decided it, and the client is about to hear of it. For the record: must be quick and
    /// must not throw.
    /// </summary>
    void Refused(ServerSession session, Refusal refusal)
    {
    }

    /// <summary>AUTH PLAIN and LOGIN. RFC 4616: an empty <paramref name="authorizationId"/> means the user itself.</summary>
    ValueTask<AuthResult> VerifyPasswordAsync(ServerSession session, string authorizationId, string user, string password, CancellationToken stop);

    /// <summary>AUTH CRAM-MD5: is <paramref name="digest"/> (lower-case hexadecimal) right for the challenge. RFC 2195.</summary>
    ValueTask<AuthResult> VerifyCramMd5Async(ServerSession session, string user, byte[] challenge, string digest, CancellationToken stop);

    /// <summary>
    /// AUTH SCRAM-SHA-256: what is kept of the user's password; for unknown ones something that looks the same each time.
    /// Null: it cannot be looked up now.
    /// </summary>
    ValueTask<ScramKeys?> FindScramKeysAsync(ServerSession session, string user, CancellationToken stop) => default;

    /// <summary>The exchange is over: has the user proved to know the password. RFC 5802.</summary>
    ValueTask<AuthResult> VerifyScramAsync(ServerSession session, string user, bool proved, CancellationToken stop) =>
        new(new AuthResult(new(535, 5, 7, 8, "Authentication credentials invalid"), null));

    /// <summary>ETRN. The answer is one of 250, 251, 252, 253, 458, 459. RFC 1985 section 5.</summary>
    ValueTask<Reply> EtrnAsync(ServerSession session, EtrnTarget target, CancellationToken stop);

    /// <summary>
    /// TURN and ATRN of an authenticated session; <paramref name="domains"/> is null where none were named.
    /// A positive reply comes with the collection that then runs on the same connection. RFC 2645 section 5.2.
    /// </summary>
    ValueTask<TurnAnswer> TurnAsync(ServerSession session, IReadOnlyList<string>? domains, CancellationToken stop);
}

/// <summary>Where the content of one message goes while it arrives, or why it is not wanted.</summary>
public readonly record struct ContentOffer(Reply? Refusal, IncomingContent? Content);

/// <summary>The outcome of a log-in: the account's name, or the refusal (535, 454, 534, ...).</summary>
public readonly record struct AuthResult(Reply? Refusal, string? Account);

/// <summary>The answer to TURN or ATRN. <paramref name="Collection"/> is there exactly when the reply is positive.</summary>
public readonly record struct TurnAnswer(Reply Reply, ITurnedCollection? Collection);

/// <summary>What runs on a connection whose roles were exchanged. Disposed when it ran or when it could not.</summary>
public interface ITurnedCollection : IAsyncDisposable
{
    /// <summary>
    /// Speaks as SMTP client on the pipe, which is still encrypted if the session was; returns when the conversation is
    /// over. Never throws for what the peer does. The session closes the connection afterwards.
    /// </summary>
    Task RunAsync(ServerSession session, IDuplexPipe transport, CancellationToken stop);
}

/// <summary>The argument of ETRN. RFC 1985 section 5.3.</summary>
public sealed record EtrnTarget(EtrnKind Kind, string Name);

/// <summary>A domain, a domain with all its subdomains (<c>@</c>), or a queue that an administrator named (<c>#</c>).</summary>
public enum EtrnKind { Domain, Subdomains, NamedQueue }
