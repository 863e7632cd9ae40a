namespace WebSmtp.Admin;

/// <summary>
/// What every answer of the web admin carries: nothing is loaded from elsewhere, no script or style stands in the page,
/// nobody may frame it. The live connection is only opened by our own pages.
/// </summary>
static class SecurityHeaders
{
    const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    public static Task ApplyAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        if (context.Request.Path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase) && !IsSameOrigin(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        }
        return next(context);
    }

    /// <summary>A browser always names the page's origin on a WebSocket, which no same-origin rule protects otherwise.</summary>
    static bool IsSameOrigin(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        return origin.Count is 0
            || origin.Count is 1 && Uri.TryCreate(origin[0], UriKind.Absolute, out var from)
                && string.Equals(from.Authority, new Uri($"{from.Scheme}://{request.Host}").Authority, StringComparison.OrdinalIgnoreCase);
    }
}
