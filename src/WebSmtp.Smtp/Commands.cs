using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Smtp;

/// <summary>The verbs of SMTP and its extensions.</summary>
enum Verb
{
    Unknown, Ehlo, Helo, Mail, Rcpt, Data, Bdat, Rset, Noop, Quit, StartTls, Auth, Etrn, Turn, Atrn, Vrfy, Expn, Help,

    /// <summary>SEND, SOML and SAML. RFC 5321 appendix F.6.</summary>
    Obsolete,
}

/// <summary>What one command line said, parsed. Closed: every case is in this file.</summary>
abstract record SmtpCommand(Verb Verb)
{
    public sealed record Hello(string Name, bool IsExtended) : SmtpCommand(IsExtended ? Verb.Ehlo : Verb.Helo);

    /// <summary><paramref name="International"/>: the address can only be said with SMTPUTF8.</summary>
    public sealed record Mail(MailAddress From, MailParameters Parameters, bool International) : SmtpCommand(Verb.Mail);

    /// <summary><paramref name="International"/>: the address can only be said with SMTPUTF8.</summary>
    public sealed record Rcpt(MailAddress To, RcptParameters Parameters, bool International) : SmtpCommand(Verb.Rcpt);

    /// <summary>A chunk of <paramref name="Size"/> octets follows. RFC 3030 section 2.</summary>
    public sealed record Bdat(long Size, bool IsLast) : SmtpCommand(Verb.Bdat);

    /// <summary>The initial response is a secret: it is not printed.</summary>
    public sealed record Auth(string Mechanism, string? InitialResponse) : SmtpCommand(Verb.Auth)
    {
        public override string ToString() => $"AUTH {Mechanism}";
    }

    public sealed record Etrn(EtrnTarget Target) : SmtpCommand(Verb.Etrn);

    /// <summary><paramref name="Domains"/> is null when none were named.</summary>
    public sealed record Atrn(IReadOnlyList<string>? Domains) : SmtpCommand(Verb.Atrn);

    /// <summary>A verb whose argument is absent or of no interest.</summary>
    public sealed record Bare(Verb Verb) : SmtpCommand(Verb);

    public sealed record Malformed(Verb Verb, Reply Complaint) : SmtpCommand(Verb);
}
