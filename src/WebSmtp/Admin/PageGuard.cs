using Microsoft.AspNetCore.Diagnostics;

namespace WebSmtp.Admin;

/// <summary>
/// What every answer carries: nothing is loaded from elsewhere, nobody may frame it, and in the web admin no script or
/// style stands in the page. The live connection is only opened by our own pages. Who looks for a page and cannot have it is
/// shown another one that says so; nobody else is.
/// </summary>
static class PageGuard
{
    /// <summary>The page that is shown instead, by status.</summary>
    public const string ProblemPath = "/problem/{0}";

    // A document keeps the policy it came with while its contents are changed by links, so one policy serves all pages. What
    // may stand in a frame is only what says so itself: the HTML of a message, in a sandbox.
    const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'self'; frame-src 'self'; frame-ancestors 'none'";

    /// <summary>Of answers that are no pages: a browser that is led to one does nothing with it.</summary>
    const string DataPolicy = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>Of the page that tries the API, whose styles stand in it.</summary>
    const string SwaggerPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        + "form-action 'none'; base-uri 'self'; frame-ancestors 'none'";

    static readonly PathString[] NotOurs = ["/api", "/swagger", "/healthz", "/readyz"];

    public static async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var isAdmin = !Array.Exists(NotOurs, path => context.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase));
        var isLive = context.Request.Path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase);
        if ((!isAdmin || isLive) && context.Features.Get<IStatusCodePagesFeature>() is { } pages) pages.Enabled = false;
        if (!isAdmin)
        {
            AddHeaders(context.Response.Headers, context.Request.Path.StartsWithSegments("/swagger", StringComparison.OrdinalIgnoreCase) ? SwaggerPolicy : DataPolicy);
            await next(context);
            return;
        }
        AddHeaders(context.Response.Headers, Policy);
        if (isLive && !IsSameOrigin(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }
        try
        {
            if (PageQuery.IsWrong(context)) context.Response.StatusCode = StatusCodes.Status400BadRequest;
            else await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            var log = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(PageGuard));
            Log.PageFailed(log, e, context.TraceIdentifier, context.Request.Method, context.Request.Path);
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
        if (context.Response is not { HasStarted: false, StatusCode: >= 400 and var status }) return;
        // The page that is shown instead takes no form.
        context.Request.Method = HttpMethods.Get;
        // A form that its page does not have any more is answered with an empty text, which would be taken for an answer.
        if (status is StatusCodes.Status400BadRequest && context.Response.ContentLength is null or 0) context.Response.ContentType = null;
    }

    static void AddHeaders(IHeaderDictionary headers, string policy)
    {
        headers.ContentSecurityPolicy = policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
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
