using WebSmtp.Admin.LogIn;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Admin.Queue;

/// <summary>A message's content: as a file, byte for byte; its attachments; and its HTML for a frame that can do nothing.</summary>
static class MessageContent
{
    /// <summary>
    /// Nothing is loaded, run, sent or opened; the frame has no origin. Addresses of pictures are only those that stand in
    /// the text itself.
    /// </summary>
    const string FramePolicy =
        "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

    public static IEndpointConventionBuilder MapMessageContent(this IEndpointRouteBuilder app)
    {
        var contents = app.MapGroup("/messages/{id}");
        contents.MapGet("/content", async (string id, HttpContext context, QueueOperations queue) =>
        {
            if (!MessageId.TryParse(id, out var number)) return Results.NotFound();
            var content = await queue.OpenContentAsync(number, AdminCookie.ActorOf(context), context.RequestAborted);
            context.Response.Headers.CacheControl = "no-store";
            return content.Value is { } stream ? Results.Stream(stream, "message/rfc822", $"{number}.eml") : Refuse(content.Problem!);
        });
        contents.MapGet("/attachments/{part:int}", async (string id, int part, HttpContext context, MessagePreviews previews) =>
        {
            if (!MessageId.TryParse(id, out var number)) return Results.NotFound();
            var found = await previews.AttachmentAsync(number, part, AdminCookie.ActorOf(context), context.RequestAborted);
            context.Response.Headers.CacheControl = "no-store";
            // Never as the type that its sender gave it: a browser would open some of them here.
            return found.Value is { } attachment ? Results.File(attachment.Bytes, "application/octet-stream", attachment.Name) : Refuse(found.Problem!);
        });
        contents.MapGet("/html", async (string id, HttpContext context, MessagePreviews previews) =>
        {
            if (!MessageId.TryParse(id, out var number)) return Results.NotFound();
            var found = await previews.ReadAsync(number, "html", AdminCookie.ActorOf(context), context.RequestAborted);
            if (found.Value is not { } preview) return Refuse(found.Problem!);
            context.Response.Headers.ContentSecurityPolicy = FramePolicy;
            context.Response.Headers["X-DNS-Prefetch-Control"] = "off";
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            context.Response.Headers.CacheControl = "no-store";
            return Results.Content(preview.Html ?? "", "text/html; charset=utf-8");
        });
        return contents;
    }

    static IResult Refuse(Problem problem) => Results.StatusCode(problem.Kind switch
    {
        ProblemKind.Forbidden => StatusCodes.Status403Forbidden,
        ProblemKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status404NotFound,
    });
}
