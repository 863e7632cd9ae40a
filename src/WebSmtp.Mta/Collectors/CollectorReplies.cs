using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Collectors;

/// <summary>How a run ended.</summary>
/// <param name="End">One sentence or two: what happened, and what to do where something can be done.</param>
readonly record struct CollectorOutcome(CollectorResult Result, string End, long Messages = 0, long Bytes = 0)
{
    public static CollectorOutcome Failed(string end) => new(CollectorResult.Failed, end);
}

/// <summary>What a provider's replies mean, in words for whoever looks after the collector. RFC 1985 section 5, RFC 2645 section 5.</summary>
static class CollectorReplies
{
    /// <summary>A stranger's words are kept, but not all of them.</summary>
    const int MaxWords = 300;

    /// <summary>To TURN or ATRN, other than 250.</summary>
    public static CollectorOutcome ToTurn(Reply reply, string verb) => reply.Code == 453
        ? new(CollectorResult.Nothing, "The provider has no mail.")
        : CollectorOutcome.Failed($"The provider answered \"{Words(reply)}\" to {verb}. {Remedy(reply.Code, verb)}");

    /// <summary>To ETRN for one node: that mail is on its way (250, 252, 253), that there is none (251), or why not.</summary>
    public static CollectorOutcome ToEtrn(Reply reply, string node) => reply switch
    {
        { Code: 251 } => new(CollectorResult.Nothing, $"{node}: the provider has no mail."),
        { IsPositive: true } => new(CollectorResult.Collected, $"{node}: the provider answered \"{Words(reply)}\"."),
        _ => CollectorOutcome.Failed($"{node}: the provider answered \"{Words(reply)}\". {Remedy(reply.Code, "ETRN")}"),
    };

    /// <summary>No conversation, or one that broke.</summary>
    public static CollectorOutcome ToFailure(ClientFailure failure, string host)
    {
        var said = failure.Reply is { } reply ? $": \"{Words(reply)}\"" : "";
        var what = failure.Reason.TrimEnd('.');
        return CollectorOutcome.Failed($"{(what.StartsWith(host, StringComparison.OrdinalIgnoreCase) ? "" : $"{host}: ")}{what}{said}. {RemedyFor(failure)}");
    }

    static string Words(Reply reply) => reply.ToString() is { Length: > MaxWords } words ? words[..MaxWords] + "…" : reply.ToString();

    static string RemedyFor(ClientFailure failure) => failure switch
    {
        { Phase: ClientPhase.Auth, Reply: { } reply } => Remedy(reply.Code, "AUTH"),
        { Phase: ClientPhase.Auth } => "Choose a TLS mode or a log-in that the provider offers.",
        { Phase: ClientPhase.Connect } => "Look whether host and port are right and nothing on the way blocks them.",
        { Phase: ClientPhase.StartTls } => "Look whether the TLS mode fits the port, and whether the certificate is right.",
        _ => "It is tried again at the next run.",
    };

    static string Remedy(int code, string verb) => code switch
    {
        450 => "The account may not collect this: ask the provider which domains it is entitled to.",
        451 or 454 or 458 or 421 => "It is tried again at the next run.",
        459 => "The provider does not hold this domain's mail for ETRN: ask it to, or correct the domains.",
        500 or 502 => $"The provider does not know {verb} here: choose another method, or the port it gives for it (ODMR is mostly 366).",
        501 or 504 => "Correct the domains: the provider does not understand them.",
        503 or 530 or 538 => "The provider wants a log-in, or TLS before it: give username and password, and choose the TLS mode.",
        534 or 535 => "Correct username and password, or ask the provider whether the account is enabled.",
        _ => "Ask the provider what it means.",
    };
}
