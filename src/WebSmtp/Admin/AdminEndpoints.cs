using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using WebSmtp.Admin.LogIn;
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
        services.AddAntiforgery(antiforgery => antiforgery.Cookie.Name = "websmtp-antiforgery");
        services.AddCascadingAuthenticationState();
        services.AddSingleton<StampCheck>();
        services.AddScoped<AuthenticationStateProvider, CircuitLogIn>();
    }

    /// <summary>
    /// Adds the pages with their middleware. The program maps this first: what it adds holds for its own paths only,
    /// and error pages must not get between the REST API and its clients.
    /// </summary>
    public static void MapAdmin(this WebApplication app)
    {
        app.UseWhen(context => IsAdmin(context.Request.Path), admin =>
        {
            admin.UseExceptionHandler("/error", createScopeForErrors: true);
            admin.UseWhen(IsPage, pages => pages.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true));
            admin.Use(SecurityHeaders.ApplyAsync);
        });
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

    /// <summary>Only a person who looks for a page is shown another one instead.</summary>
    static bool IsPage(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) && !context.Request.Path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase);

    static bool IsAdmin(PathString path) =>
        !path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) && !path.StartsWithSegments("/swagger", StringComparison.OrdinalIgnoreCase)
        && !path.StartsWithSegments("/healthz", StringComparison.OrdinalIgnoreCase) && !path.StartsWithSegments("/readyz", StringComparison.OrdinalIgnoreCase);
}
