using WebSmtp.Mta.Collection;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Collectors;

/// <summary>
/// The branch's side of holding: a site connects to a provider, on a schedule or on demand, and asks for its mail by ETRN,
/// TURN or ATRN. RFC 1985, RFC 2645.
/// </summary>
public sealed class Collector
{
    public int Id { get; set; }
    public int SiteId { get; set; }

    /// <summary>As the administrator wrote it; unique in its site, compared without case.</summary>
    public required string Name { get; set; }
    public bool Enabled { get; set; } = true;
    public required string Host { get; set; }
    public int Port { get; set; } = 25;
    public HostTls Tls { get; set; } = HostTls.Opportunistic;

    /// <summary>PEM of the authorities to trust instead of the system's; null: the system's.</summary>
    public string? CertificateAuthority { get; set; }
    public CollectionMethod Method { get; set; } = CollectionMethod.Atrn;
    public string? Username { get; set; }

    /// <summary>Encrypted; null: no log-in.</summary>
    public byte[]? Password { get; set; }

    /// <summary>What is asked for. ETRN: as they stand, with <c>@</c> or <c>#</c>. ATRN: none means all. TURN takes none.</summary>
    public List<string> Domains { get; set; } = [];

    /// <summary>A cron expression of five fields, UTC. Null where <see cref="Every"/> is used, or where it runs on demand only.</summary>
    public string? Schedule { get; set; }
    public TimeSpan? Every { get; set; }

    /// <summary>Raised by every change; the ETag.</summary>
    public long Version { get; set; } = 1;
}

/// <summary>How a run of a collector ended, or that it still runs.</summary>
public enum CollectorResult { Running, Collected, Nothing, Failed }

/// <summary>One run of a collector. Kept as long as the history of messages.</summary>
public sealed class CollectorRun
{
    public long Id { get; set; }
    public int SiteId { get; set; }
    public required string Collector { get; set; }
    public DateTimeOffset StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    public CollectorResult Result { get; set; } = CollectorResult.Running;

    /// <summary>One sentence: what the provider said, or what went wrong.</summary>
    public string? End { get; set; }

    /// <summary>The conversation with the provider, secrets taken out, shortened where it is long.</summary>
    public string? Transcript { get; set; }

    /// <summary>Taken into the site's queue. With ETRN they come over other connections and are not counted here.</summary>
    public long Messages { get; set; }
    public long Bytes { get; set; }

    /// <summary>Who asked: <c>schedule</c>, or a user.</summary>
    public required string By { get; set; }
}
