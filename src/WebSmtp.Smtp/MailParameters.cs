namespace WebSmtp.Smtp;

/// <summary>What the content may hold: RFC 5321 (7BIT), RFC 6152 (8BITMIME), RFC 3030 (BINARYMIME).</summary>
public enum BodyType { SevenBit, EightBitMime, BinaryMime }

/// <summary>How much of the message a failure report returns. RFC 3461 section 4.3.</summary>
public enum DsnReturn { Unspecified, Full, Headers }

/// <summary>When a recipient's sender wants to be told. RFC 3461 section 4.1. <see cref="Never"/> stands alone.</summary>
[Flags]
public enum DsnNotify { Unspecified = 0, Never = 1, Success = 2, Failure = 4, Delay = 8 }

/// <summary>
/// The parameters of a MAIL command. <paramref name="Size"/> is in bytes, null when not given (RFC 1870);
/// <paramref name="EnvelopeId"/> is the decoded ENVID of at most 100 characters (RFC 3461 section 4.4);
/// <paramref name="AuthIdentity"/> is the decoded AUTH= mailbox or "&lt;&gt;" (RFC 4954 section 5).
/// </summary>
public sealed record MailParameters(
    long? Size = null,
    BodyType Body = BodyType.SevenBit,
    bool SmtpUtf8 = false,
    DsnReturn Return = DsnReturn.Unspecified,
    string? EnvelopeId = null,
    string? AuthIdentity = null)
{
    public static readonly MailParameters None = new();
}

/// <summary>
/// The parameters of a RCPT command. <paramref name="OriginalRecipient"/> is kept as it was sent,
/// <c>addr-type;xtext</c> (RFC 3461 section 4.2), so that it can be passed on unchanged.
/// </summary>
public sealed record RcptParameters(DsnNotify Notify = DsnNotify.Unspecified, string? OriginalRecipient = null)
{
    public static readonly RcptParameters None = new();
}
