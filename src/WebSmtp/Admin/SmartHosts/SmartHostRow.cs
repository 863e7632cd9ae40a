using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Admin.SmartHosts;

/// <summary>What the pages show of a smart host.</summary>
public sealed record SmartHostRow(SmartHost Host, SmartHostStatus Status, RouteState State, RouteBudget Budget, DateTimeOffset? CertificateEnd, IReadOnlyList<string> Users)
{
    public static SmartHostRow Of(SmartHost host, SmartHostOperations hosts, RouteStates states, RouteBudgets budgets) => new(
        host, hosts.StatusOf(host), states.Find(host.Name),
        budgets.Find(host.Name) is { } used ? used with { Limits = host.Limits } : new(new(null, host.Name), 0, 0, 0, host.Limits),
        hosts.CertificateEndOf(host), hosts.UsersOf(host.Name));

    public string Address => $"/smarthosts/{Uri.EscapeDataString(Host.Name)}";

    /// <summary>Why it is not used now, or what was wrong last.</summary>
    public string? Trouble => State.Reason ?? Status.Trouble;

    /// <summary>A log-in that failed in a test is trouble too, before any mail has met it.</summary>
    public RouteCondition Condition => State.State is RouteCondition.Ok && Status.Trouble is not null ? RouteCondition.OnHold : State.State;

    public string LogIn => Host.Target.Auth.Type switch
    {
        SmartHostAuthType.Password => $"password, as {Host.Target.Auth.Username}",
        SmartHostAuthType.OAuth2ClientCredentials => $"OAuth2 as application, for {Host.Target.Auth.Username}",
        SmartHostAuthType.OAuth2RefreshToken => $"OAuth2 refresh token of {Host.Target.Auth.Username}",
        _ => "no log-in",
    };

    public string Tls => Host.Target.Tls switch
    {
        HostTls.None => "no TLS",
        HostTls.Opportunistic => "TLS where it is offered",
        HostTls.Require => "TLS, any certificate",
        HostTls.Verify => "TLS, certificate checked",
        _ => "TLS from the first byte",
    };
}
