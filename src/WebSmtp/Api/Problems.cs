using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Api;

/// <summary>Problem details. RFC 9457.</summary>
/// <param name="Type">Always <c>about:blank</c>: the status says what kind of problem it is.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong, in one or two sentences.</param>
/// <param name="Errors">For bad input: the messages of each field.</param>
sealed record ProblemResponse(
    string Type, string Title, int Status, string Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string[]>? Errors = null);

/// <summary>Every refusal of the API, in one form.</summary>
static class Problems
{
    public const string ContentType = "application/problem+json";

    /// <summary>The refusal of an operation as an answer.</summary>
    public static IResult Answer(this Problem problem) =>
        Answer(Status(problem.Kind), problem.Detail, problem.Errors.Count > 0 ? problem.Errors : null);

    public static IResult Answer(int status, string detail, IReadOnlyDictionary<string, string[]>? errors = null) =>
        TypedResults.Json(
            new ProblemResponse("about:blank", ReasonPhrases.GetReasonPhrase(status), status, detail, errors), ApiJson.Options, ContentType, status);

    /// <summary>
    /// Gives a body to every bare status below <paramref name="path"/> (no such route, method or content type), and turns
    /// exceptions into an answer that shows nothing of the program's inside.
    /// </summary>
    public static void UseProblems(this IApplicationBuilder app, PathString path) => app.UseWhen(
        context => context.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase),
        below => below.Use(async (HttpContext context, RequestDelegate next) =>
        {
            try
            {
                await next(context);
                // Methods that can be used are answered for where the routes are; a bare 405 speaks of somebody's catch-all.
                if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status405MethodNotAllowed } bare)
                {
                    bare.Headers.Remove("Allow");
                    bare.StatusCode = StatusCodes.Status404NotFound;
                }
                if (Explain(context.Response) is { } detail) await Answer(context.Response.StatusCode, detail).ExecuteAsync(context);
            }
            catch (Exception e) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
            {
                await Explain(context, e).ExecuteAsync(context);
            }
        }));

    static int Status(ProblemKind kind) => kind switch
    {
        ProblemKind.Invalid => StatusCodes.Status400BadRequest,
        ProblemKind.Forbidden => StatusCodes.Status403Forbidden,
        ProblemKind.NotFound => StatusCodes.Status404NotFound,
        ProblemKind.Conflict => StatusCodes.Status409Conflict,
        ProblemKind.Stale => StatusCodes.Status412PreconditionFailed,
        ProblemKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ProblemKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
    };

    static string? Explain(HttpResponse response) =>
        response.HasStarted || response.ContentType is not null || response.ContentLength is not null ? null : response.StatusCode switch
        {
            StatusCodes.Status404NotFound => "There is nothing at this address.",
            StatusCodes.Status415UnsupportedMediaType =>
                $"The body must be application/json, for PATCH also {MergePatch.ContentType}, for a message also message/rfc822; say so in Content-Type.",
            >= 400 => "The request cannot be answered.",
            _ => null,
        };

    static IResult Explain(HttpContext context, Exception e)
    {
        context.Response.Clear();
        switch (e)
        {
            case BadHttpRequestException bad:
                return Answer(bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                    ? "The body is too large."
                    : "The request is malformed.");
            case QueueFullException or QueueUnavailableException:
                return Answer(StatusCodes.Status503ServiceUnavailable, "The database cannot be written at the moment.");
            default:
                Log.RequestFailed(
                    context.RequestServices.GetRequiredService<ILogger<ProblemResponse>>(), e, context.Request.Method, context.Request.Path);
                return Answer(StatusCodes.Status500InternalServerError, "Something went wrong inside the program; its log says what.");
        }
    }
}
