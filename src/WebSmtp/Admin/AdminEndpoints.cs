using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using WebSmtp.Admin.LogIn;
using WebSmtp.Admin.Overview;
using WebSmtp.Admin.Queue;

namespace WebSmtp.Admin;

/// <summary>The web admin: Blazor pages, their log-in and what guards them.</summary>
static class AdminEndpoints
{
    /// <summary>Pages need a log-in by the admin's own cookie, whatever the default scheme of the program is.</summary>
    static readonly AuthorizationPolicy LoggedIn = new AuthorizationPolicyBuilder(AdminCookie.Scheme).RequireAuthenticatedUser().Build();

    public static void AddAdmin(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            // A circuit costs memory in the process that moves mail; the state of a page is in its address, so little is lost.
            circuits.DisconnectedCircuitMaxRetained = 20;
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
        });
        services.AddAuthentication(AdminCookie.Scheme).AddCookie(AdminCookie.Scheme, AdminCookie.Configure);
        services.AddAuthorization();
        services.AddAntiforgery(antiforgery =>
            (antiforgery.Cookie.Name, antiforgery.Cookie.SecurePolicy) = ("websmtp-antiforgery", CookieSecurePolicy.SameAsRequest));
        services.AddCascadingAuthenticationState();
        services.AddSingleton<StampCheck>();
        services.AddSingleton<OverviewLoad>();
        services.AddScoped<CircuitLine>();
        services.AddScoped<CircuitHandler>(provider => provider.GetRequiredService<CircuitLine>());
        services.AddScoped<AuthenticationStateProvider, CircuitLogIn>();
    }

    /// <summary>Adds the pages with their middleware, which leaves the REST API alone.</summary>
    public static void MapAdmin(this WebApplication app)
    {
        app.UseStatusCodePagesWithReExecute(PageGuard.ProblemPath, createScopeForStatusCodePages: true);
        app.Use(PageGuard.GuardAsync);
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapStaticAssets();
        app.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(live => live.ContentSecurityFrameAncestorsPolicy = null)
            .RequireAuthorization(LoggedIn);
        app.MapLogOut();
        app.MapTheme();
        app.MapMessageContent().RequireAuthorization(LoggedIn);
    }
}
