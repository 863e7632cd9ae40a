using WebSmtp.Mta.Routing;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.SmartHosts;

/// <summary>The likely cause of what went wrong with a smart host, and what to do, for people. Null: nothing is known.</summary>
static class SmartHostCauses
{
    public static string? OfDns(RouteFailure failure) => failure switch
    {
        RouteFailure.NoSuchDomain => "The name is misspelt, or the DNS servers that are asked here do not know it.",
        RouteFailure.Temporary => "The DNS servers do not answer: check WEBSMTP_DNS, or the system's own, and the network.",
        _ => "The name exists but has no address: give the name of the host itself, not of the mail domain.",
    };

    public static string OfConnect(SmartHostTarget target) => target.Port is 25
        ? "Many networks block port 25 towards the internet; use port 587 if the provider has it. Otherwise a firewall, or a host that is down."
        : "Nothing answers there: check the host and the port (587 begins in clear, 465 in TLS), and whether a firewall lets it through.";

    public static string? Of(SmartHostTarget target, ClientFailure failure, PeerCertificate? certificate) => failure switch
    {
        { Phase: ClientPhase.StartTls } => OfTls(target, failure, certificate),
        { Phase: ClientPhase.Greeting, Reply: not null } => "The host takes no mail from this address: it may be on a block list, or has to be allowed there.",
        { Phase: ClientPhase.Greeting } when target.Tls is not HostTls.Implicit =>
            "Perhaps the port wants TLS from the first byte (465 mostly does): then set tls to implicit. Otherwise it is not a mail server.",
        { Phase: ClientPhase.Greeting } => "The host speaks TLS but not SMTP there: check the port.",
        { Phase: ClientPhase.Hello } => "The host does not like the name that was said to it: set the default site's fqdn to a name that exists in DNS.",
        _ => null,
    };

    static string? OfTls(SmartHostTarget target, ClientFailure failure, PeerCertificate? certificate)
    {
        if (certificate?.Trouble is { } trouble && target.Tls is HostTls.Verify or HostTls.Implicit) return $"The certificate: {trouble}";
        if (target.Tls is HostTls.Implicit)
            return "Perhaps the port begins in clear and wants STARTTLS (587 and 25 mostly do): then set tls to verify.";
        if (failure.Reason.Contains("does not offer", StringComparison.Ordinal))
            return "Perhaps something on the way takes STARTTLS out, or the port is the wrong one: 587 mostly has it, 465 is TLS from the first byte (tls: implicit).";
        return target.ClientCertificate is not null
            ? "The two do not agree on a version or cipher (1.2 and 1.3 are spoken here), or the host does not like the client certificate."
            : "The two do not agree on a version or cipher (1.2 and 1.3 are spoken here), or the host wants a client certificate.";
    }

    public static string? OfLogIn(SmartHostTarget target, ClientFailure failure)
    {
        var oauth = target.Auth.Type is not SmartHostAuthType.Password;
        if (failure.Reply is not { } reply) return null;
        if (Is(reply, 5, 7, 139))
        {
            return reply.Text.Contains("SmtpClientAuthentication", StringComparison.OrdinalIgnoreCase)
                ? "SMTP AUTH is switched off in that Microsoft 365 tenant or for that mailbox: an Exchange administrator switches it on with "
                    + "Set-CASMailbox -SmtpClientAuthenticationDisabled $false (the tenant: Set-TransportConfig)."
                : "A policy of the tenant (security defaults, conditional access) does not allow this log-in. Microsoft 365 takes no passwords over SMTP any more: use OAuth2.";
        }
        return reply switch
        {
            _ when Is(reply, 5, 7, 3) && oauth =>
                "The application may not send as that mailbox: it needs the permission SMTP.SendAsApp with an administrator's consent, a service principal in Exchange, "
                + "and FullAccess to the mailbox that username names; with a refresh token, username has to be the one who authorized it.",
            _ when Is(reply, 5, 7, 9) => "The account needs a password for applications (app password), or OAuth2.",
            { Code: 535 } when oauth => "The host does not take the token: check username (the mailbox), the scope, and what the application is allowed to do.",
            { Code: 535 } => "User name or password is wrong, or the account may not log in over SMTP.",
            { Code: 530 or 538 } => "The host wants TLS before a log-in: set tls to verify.",
            { Code: 504 or 534 } => "The host does not take this way of logging in: it may want OAuth2, or a password for applications.",
            { IsTransient: true } => "The host cannot check log-ins now, or has seen too many: try again later.",
            _ => null,
        };
    }

    public static string? OfMessage(ClientFailure failure, string sender) => failure.Reply is not { } reply ? null : reply switch
    {
        _ when Is(reply, 5, 7, 60) || Is(reply, 5, 2, 252) => $"The account may not send as {sender}: give it the permission Send As, or send from its own address.",
        _ when Is(reply, 5, 7, 57) => "The host wants a log-in before mail: give one.",
        { IsTransient: true } => "The host cannot take it now (greylisting, a limit, trouble of its own); a delivery would try again.",
        { Code: 530 } => "The host wants a log-in, or TLS, before mail.",
        { Code: 550 or 551 or 554 } when failure.Phase is ClientPhase.Rcpt => "The host does not know the recipient, or does not relay for us: it wants a log-in, or this address on its list.",
        { Code: 550 or 553 or 501 } when failure.Phase is ClientPhase.Mail => $"The host does not take {sender} as sender.",
        { Code: 554 or 550 } => "The host does not like the message: a filter, or a sender that it does not trust.",
        _ => null,
    };

    static bool Is(Reply reply, int statusClass, int subject, int detail) => reply.Status == new EnhancedStatus(statusClass, subject, detail);
}
