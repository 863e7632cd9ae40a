using System.Net.Security;

namespace WebSmtp.Smtp.Server;

/// <summary>TLS on an endpoint: never, offered, demanded before anything else, or from the first byte. RFC 3207, RFC 8314.</summary>
public enum EndpointTls { None, StartTls, RequireStartTls, Implicit }

/// <summary>Everything a session must know. Immutable: a session keeps what it began with.</summary>
public sealed record ServerSessionOptions
{
    /// <summary>The name in greeting, EHLO reply and Received field.</summary>
    public required string HostName { get; init; }

    /// <summary>Text after the host name in the 220 greeting.</summary>
    public string Banner { get; init; } = "ESMTP WebSmtp";

    public EndpointTls Tls { get; init; } = EndpointTls.None;

    /// <summary>Needed unless <see cref="Tls"/> is <see cref="EndpointTls.None"/>.</summary>
    public SslServerAuthenticationOptions? TlsOptions { get; init; }

    /// <summary>An RFC 2645 endpoint: only EHLO, AUTH, ATRN, NOOP, QUIT and STARTTLS.</summary>
    public bool Odmr { get; init; }

    public bool EtrnEnabled { get; init; } = true;
    public bool TurnEnabled { get; init; } = true;
    public bool AtrnEnabled { get; init; } = true;

    /// <summary>When set, ETRN before AUTH answers 530.</summary>
    public bool EtrnNeedsAuth { get; init; }

    /// <summary>When false, MAIL, ETRN and VRFY before AUTH answer 530 5.7.0.</summary>
    public bool AnonymousAllowed { get; init; } = true;

    /// <summary>SASL mechanisms offered, in this order: of SCRAM-SHA-256, PLAIN, LOGIN, CRAM-MD5. Empty: no AUTH.</summary>
    public IReadOnlyList<string> AuthMechanisms { get; init; } = ["PLAIN", "LOGIN", "CRAM-MD5"];

    /// <summary>PLAIN and LOGIN only under TLS (538 5.7.11 otherwise, and not announced); SCRAM-SHA-256 and CRAM-MD5 are exempt.</summary>
    public bool RequireTlsForPlainAuth { get; init; } = true;

    /// <summary>Bytes; 0 means no limit. RFC 1870.</summary>
    public long MaxMessageSize { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// Octets of a line of text with its CRLF; 0 means no limit. RFC 5321 section 4.5.3.1.6 asks for 1000 at least. BINARYMIME
    /// has no lines.
    /// </summary>
    public long MaxTextLine { get; init; } = 64 * 1024;

    /// <summary>Bytes of content in all messages of the session; 0 means no limit. Passing it closes the session.</summary>
    public long MaxSessionSize { get; init; }

    /// <summary>RCPT beyond this many answer 452 4.5.3. RFC 5321 section 4.5.3.1.10, RFC 9422 RCPTMAX.</summary>
    public int MaxRecipients { get; init; } = 1000;

    /// <summary>Transactions in one session; 0 means no limit. RFC 9422 MAILMAX; one more answers 421 4.7.0 and closes.</summary>
    public int MaxTransactions { get; init; }

    /// <summary>Error replies (5yz to commands) after which the session ends with 421 4.7.0.</summary>
    public int MaxErrors { get; init; } = 20;

    /// <summary>How long to wait for the peer's next byte before 421 4.4.2. RFC 5321 section 4.5.3.2.7 asks for 5 minutes at least.</summary>
    public TimeSpan InactivityTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Bare CR and LF inside content are turned into CRLF instead of refused (550 5.6.11), and so is what would be an
    /// ambiguous end of data (550 5.6.11, closed). For old devices; only CRLF.CRLF ends a message then.
    /// </summary>
    public bool RepairBareLineEndings { get; init; }
}
