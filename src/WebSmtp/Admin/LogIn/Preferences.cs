using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;

namespace WebSmtp.Admin.LogIn;

/// <summary>The two small posts of every page's frame: logging out, and the colour scheme.</summary>
static class Preferences
{
    const string ThemeCookie = "websmtp-theme";

    /// <summary><c>light</c> or <c>dark</c>; null: as the system wishes.</summary>
    public static string? ThemeOf(HttpRequest request) => request.Cookies[ThemeCookie] is "light" or "dark" ? request.Cookies[ThemeCookie] : null;

    public static void MapLogOut(this IEndpointRouteBuilder app) =>
        app.MapPost("/logout", async (HttpContext context, IAntiforgery antiforgery) =>
        {
            if (!await antiforgery.IsRequestValidAsync(context)) return Results.BadRequest();
            await AdminCookie.LogOutAsync(context);
            return Results.LocalRedirect("/login");
        });

    public static void MapTheme(this IEndpointRouteBuilder app) =>
        app.MapPost("/theme", (HttpContext context, [FromForm] string theme, [FromForm] string? returnUrl) =>
        {
            if (theme is "light" or "dark") context.Response.Cookies.Append(ThemeCookie, theme, Lasting(context));
            else context.Response.Cookies.Delete(ThemeCookie);
            return Results.LocalRedirect(ReturnUrl.Local(returnUrl));
        });

    static CookieOptions Lasting(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        IsEssential = true,
        MaxAge = TimeSpan.FromDays(365),
    };
}
