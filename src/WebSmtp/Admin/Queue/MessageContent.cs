using WebSmtp.Admin.LogIn;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Admin.Queue;

/// <summary>A message's content as a file, byte for byte.</summary>
static class MessageContent
{
    public static IEndpointConventionBuilder MapMessageContent(this IEndpointRouteBuilder app) =>
        app.MapGet("/messages/{id}/content", async (string id, HttpContext context, QueueOperations queue) =>
        {
            if (!MessageId.TryParse(id, out var number)) return Results.NotFound();
            var content = await queue.OpenContentAsync(number, AdminCookie.ActorOf(context), context.RequestAborted);
            return content switch
            {
                { Value: { } stream } => Results.Stream(stream, "message/rfc822", $"{number}.eml"),
                { Problem.Kind: ProblemKind.Forbidden } => Results.StatusCode(StatusCodes.Status403Forbidden),
                _ => Results.NotFound(),
            };
        });
}
