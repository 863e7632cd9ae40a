using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace WebSmtp.Admin.LogIn;

/// <summary>An open page outlives its request: the log-in that it began with is asked for again as long as it is open.</summary>
sealed class CircuitLogIn(ILoggerFactory logs, StampCheck check) : RevalidatingServerAuthenticationStateProvider(logs)
{
    protected override TimeSpan RevalidationInterval => StampCheck.Interval;

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        authenticationState.User is { Identity.Name: { } name } user
        && await check.CheckAsync(name, AdminCookie.StampOf(user), AdminCookie.SessionOf(user), cancellationToken) is not null;
}
