using System.Collections.Frozen;

namespace WebSmtp.Smtp;

/// <summary>How far a session is. RFC 5321 section 4.1.4.</summary>
[Flags]
enum Phase
{
    None = 0,
    Greeted = 1,
    Identified = 2,
    MailGiven = 4,
    RcptGiven = 8,

    /// <summary>A BDAT was taken, the last one was not yet seen.</summary>
    Chunking = 16,

    /// <summary>A BDAT was refused: whatever else comes for this message is lost. RFC 3030 section 2.</summary>
    Spoiled = 32,

    Transaction = MailGiven | RcptGiven | Chunking | Spoiled,
    AfterHello = Identified | Transaction,
    Any = Greeted | AfterHello,
}

/// <summary>
/// When a verb may be used: in which phases; before STARTTLS where that is demanded; before AUTH where anonymous clients
/// are not served; only after AUTH; only after EHLO, not HELO; with nothing waiting behind it; at an RFC 2645 endpoint.
/// </summary>
sealed record VerbRule(
    Phase Allowed, bool BeforeTls = false, bool BeforeAuth = true, bool NeedsAuth = false, bool NeedsEhlo = false,
    bool LastInGroup = false, bool Odmr = false);

/// <summary>What the rules are held against.</summary>
readonly record struct SessionFacts(
    Phase Phase, bool Extended, bool Tls, bool TlsRequired, bool Authenticated, bool AuthRequired, bool MoreInput, bool Odmr);

/// <summary>
/// The order of verbs as data: RFC 5321 section 4.1.4, RFC 2920 section 3.1, RFC 3207, RFC 4954, RFC 2645 section 5.
/// RFC 2920 wants NOOP, VRFY, EXPN and QUIT last in a group as well; nothing is lost by answering what comes behind them.
/// </summary>
static class VerbRules
{
    public static readonly FrozenDictionary<Verb, VerbRule> All = new Dictionary<Verb, VerbRule>
    {
        [Verb.Ehlo] = new(Phase.Any, BeforeTls: true, LastInGroup: true, Odmr: true),
        [Verb.Helo] = new(Phase.Any, LastInGroup: true),
        [Verb.Mail] = new(Phase.Identified, BeforeAuth: false),
        [Verb.Rcpt] = new(Phase.MailGiven | Phase.RcptGiven),
        [Verb.Data] = new(Phase.RcptGiven, LastInGroup: true),
        [Verb.Bdat] = new(Phase.RcptGiven | Phase.Chunking),
        [Verb.Rset] = new(Phase.Any),
        [Verb.Noop] = new(Phase.Any, BeforeTls: true, Odmr: true),
        [Verb.Quit] = new(Phase.Any, BeforeTls: true, Odmr: true),
        [Verb.Help] = new(Phase.Any),
        [Verb.Vrfy] = new(Phase.Any, BeforeAuth: false),
        [Verb.StartTls] = new(Phase.AfterHello, BeforeTls: true, LastInGroup: true, Odmr: true),
        [Verb.Auth] = new(Phase.Identified, NeedsEhlo: true, LastInGroup: true, Odmr: true),
        [Verb.Etrn] = new(Phase.Identified, BeforeAuth: false, NeedsEhlo: true),
        [Verb.Turn] = new(Phase.Identified, NeedsAuth: true, LastInGroup: true),
        [Verb.Atrn] = new(Phase.Identified, NeedsAuth: true, LastInGroup: true, Odmr: true),
    }.ToFrozenDictionary();

    /// <summary>
    /// Null means go ahead. Every refusal for being out of order comes from here; <see cref="ReplyCatalog.InputWaiting"/>
    /// ends the session.
    /// </summary>
    public static Reply? Refuse(Verb verb, in SessionFacts now)
    {
        if (!All.TryGetValue(verb, out var rule) || (now.Odmr && !rule.Odmr)) return ReplyCatalog.NotImplemented;
        if (rule.LastInGroup && now.MoreInput) return ReplyCatalog.InputWaiting;
        if (!rule.BeforeTls && now is { TlsRequired: true, Tls: false }) return ReplyCatalog.TlsFirst;
        if (now is { Authenticated: false } && (rule.NeedsAuth || (!rule.BeforeAuth && now.AuthRequired)))
            return ReplyCatalog.AuthFirst;
        if ((rule.Allowed & now.Phase) is Phase.None) return OutOfSequence(verb, now.Phase);
        if (rule.NeedsEhlo && !now.Extended) return ReplyCatalog.ExtendedHelloFirst;
        return verb switch
        {
            Verb.StartTls when now.Tls => ReplyCatalog.AlreadyTls,
            Verb.Auth when now.Authenticated => ReplyCatalog.AlreadyLoggedIn,
            _ => null,
        };
    }

    static Reply OutOfSequence(Verb verb, Phase phase) => (verb, phase) switch
    {
        (_, Phase.Greeted) => ReplyCatalog.HelloFirst,
        (_, Phase.Spoiled) => ReplyCatalog.ChunkFailed,
        (Verb.Rcpt or Verb.Data or Verb.Bdat, Phase.Identified) => ReplyCatalog.MailFirst,
        (Verb.Data or Verb.Bdat, Phase.MailGiven) => ReplyCatalog.NoValidRecipients,
        (_, Phase.Chunking) => ReplyCatalog.InChunks,
        _ => ReplyCatalog.InTransaction,
    };
}
