using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using WebSmtp.Admin.Components;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Admin.LogIn;

/// <summary>The browser's log-in: a cookie with name, role and security stamp.</summary>
static class AdminCookie
{
    public const string Scheme = "cookie";
    const string StampClaim = "stamp", SessionClaim = "session";
    static readonly TimeSpan Lasts = TimeSpan.FromHours(12);

    public static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = "websmtp";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = Lasts;
        options.SlidingExpiration = true;
        options.LoginPath = "/login";
        options.AccessDeniedPath = "/login";
        options.ReturnUrlParameter = "returnUrl";
        options.Events.OnRedirectToLogin = context => RedirectPagesOnly(context, StatusCodes.Status401Unauthorized);
        options.Events.OnRedirectToAccessDenied = context => RedirectPagesOnly(context, StatusCodes.Status403Forbidden);
        options.Events.OnValidatePrincipal = ValidateAsync;
        options.Events.OnCheckSlidingExpiration = context =>
        {
            context.ShouldRenew &= !context.Request.Headers.ContainsKey(Followed.Header);
            return Task.CompletedTask;
        };
    }

    public static ClaimsPrincipal PrincipalOf(AdminUser user) => PrincipalOf(user, RandomNumberGenerator.GetHexString(32, lowercase: true));

    static ClaimsPrincipal PrincipalOf(AdminUser user, string session) => new(new ClaimsIdentity(
        [
            new(ClaimTypes.Name, user.Username),
            new(ClaimTypes.Role, user.Role.ToString()),
            new(StampClaim, user.SecurityStamp),
            new(SessionClaim, session),
        ], Scheme));

    /// <summary>Ends this log-in, also for who has a copy of the cookie; the user's others go on.</summary>
    public static Task LogOutAsync(HttpContext context)
    {
        context.RequestServices.GetRequiredService<StampCheck>().End(SessionOf(context.User), Lasts);
        return context.SignOutAsync(Scheme);
    }

    /// <summary>Tells one log-in of a user from another.</summary>
    public static string SessionOf(ClaimsPrincipal user) => user.FindFirstValue(SessionClaim) ?? "";

    public static string StampOf(ClaimsPrincipal user) => user.FindFirstValue(StampClaim) ?? "";

    public static Role RoleOf(ClaimsPrincipal user) =>
        Enum.TryParse<Role>(user.FindFirstValue(ClaimTypes.Role), out var role) ? role : Role.Viewer;

    /// <summary><c>an operator</c></summary>
    public static string Words(Role role) => role is Role.Viewer ? "a viewer" : $"an {role.ToString().ToLowerInvariant()}";

    public static Actor ActorOf(HttpContext context) => new(
        context.User.Identity?.Name ?? "", RoleOf(context.User), context.Connection.RemoteIpAddress?.ToString() ?? "local", Door.Web);

    /// <summary>Programs are told the status; only a person is sent to the log-in page.</summary>
    static Task RedirectPagesOnly(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        var path = context.Request.Path;
        if (path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase)) context.Response.StatusCode = status;
        else context.Response.Redirect(context.RedirectUri);
        return Task.CompletedTask;
    }

    static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var check = context.HttpContext.RequestServices.GetRequiredService<StampCheck>();
        if (context.Principal is not { Identity.Name: { } name } principal
            || await check.CheckAsync(name, StampOf(principal), SessionOf(principal), context.HttpContext.RequestAborted) is not { } role)
        {
            // The cookie is left where it is: a request that was under way while its user changed the password
            // would take away the new one.
            context.RejectPrincipal();
            return;
        }
        if (role == RoleOf(principal)) return;
        context.ReplacePrincipal(PrincipalOf(new()
        {
            Username = name,
            Role = role,
            SecurityStamp = StampOf(principal),
            PasswordHash = "",
        }, SessionOf(principal)));
        context.ShouldRenew = true;
    }
}
