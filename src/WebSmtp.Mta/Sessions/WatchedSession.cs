using WebSmtp.Mta.Watching;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Sessions;

/// <summary>How a connection ended. Refused: somebody said no; broken: it was lost or fell silent; closed: by this side's people.</summary>
public enum SessionOutcome { Completed, Refused, Broken, Closed }

/// <summary>A connection that speaks SMTP now, as people see it. Read from any thread.</summary>
public abstract class WatchedSession
{
    protected WatchedSession(SessionFacts facts, SessionLog? said)
    {
        (Facts, Said) = (facts, said);
        if (said is not null) said.Session = this;
    }

    public SessionFacts Facts { get; }

    /// <summary>What is said on it; null where nobody listens.</summary>
    public SessionLog? Said { get; }

    public string Id => Facts.Id;
    public int SiteId => Facts.SiteId;

    /// <summary>What the peer calls itself, or is called.</summary>
    public abstract string? PeerName { get; }
    public abstract string? Account { get; }

    /// <summary>Version and cipher suite; null in clear.</summary>
    public abstract string? Tls { get; }
    public abstract string? TlsCipher { get; }

    /// <summary>The verb in work, or the last one.</summary>
    public abstract string Stage { get; }

    /// <summary>Messages that were taken, by whichever side.</summary>
    public abstract int Messages { get; }
    public abstract long BytesReceived { get; }
    public abstract long BytesSent { get; }

    /// <summary>The last reply that was no success.</summary>
    public abstract Reply? LastRefusal { get; }

    /// <summary>Ends it as soon as no message is cut off by that.</summary>
    public abstract void Close(Reply reply);

    /// <summary>As it is now, or as it ended.</summary>
    public SessionView View(DateTimeOffset? endedAt = null, SessionOutcome? outcome = null, string? end = null) => new(
        Id, SiteId, Facts.Direction, Facts.Purpose, SessionFacts.Show(Facts.Remote), Facts.Address, Facts.Local is null ? null : SessionFacts.Show(Facts.Local), PeerName, Account,
        Tls, TlsCipher, Stage, Facts.StartedAt, endedAt, Messages, BytesReceived, BytesSent, LastRefusal?.ToString(), outcome, end);
}

/// <summary>A session for people: one that lives, or one that ended.</summary>
/// <param name="Remote">The peer's address and port; <paramref name="Address"/> is without the port.</param>
/// <param name="Local">The endpoint that it came to; null for connections of ours.</param>
/// <param name="EndedAt">Null while it lives, like <paramref name="Outcome"/> and <paramref name="End"/>, which says how in one sentence.</param>
public sealed record SessionView(
    string Id, int SiteId, SessionDirection Direction, SessionPurpose Purpose, string Remote, string Address, string? Local, string? PeerName, string? Account,
    string? Tls, string? TlsCipher, string Stage, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, int Messages, long BytesReceived, long BytesSent,
    string? LastRefusal, SessionOutcome? Outcome, string? End);
