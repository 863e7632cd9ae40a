using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Submissions;

namespace WebSmtp.Api;

static class SubmissionEndpoints
{
    public const string ContentType = "message/rfc822";
    const long MiB = 1024 * 1024;

    /// <summary>A message as JSON is in memory while it is read.</summary>
    const long MaxJsonBytes = 256 * MiB;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/sites/{id:int}/messages", SendAsync)
            // Its own limits are those of the site.
            .WithMetadata(new DisableRequestSizeLimitAttribute())
            .Describe(Role.Operator, "Messages", "Send a message",
                "The body is the message (message/rfc822), or its parts as JSON. mailFrom and rcptTo (once for each recipient) are the envelope; without them it is read from the header: Sender or From, and To, Cc, Bcc. Bcc is taken out, and a missing Date or Message-ID is added. smartHost sends it over that kept smart host, whatever the routes say. 202 once it is queued durably; all recipients are taken, or none.",
                404, 409, 413, 415, 503)
            .Accepts<SubmissionRequest>("application/json", ContentType)
            .Produces<SubmissionResponse>(StatusCodes.Status202Accepted)
            .Example(SubmissionRequest.Example, SubmissionResponse.Example);

    static async Task<IResult> SendAsync(
        HttpContext context, SiteRegistry sites, Submission submission, int id, string? mailFrom, [FromQuery] string[]? rcptTo, string? headerRecipients, string? smartHost)
    {
        if (headerRecipients is not (null or "true" or "false")) return Problem.Invalid("headerRecipients", "Give true or false.").Answer();
        if (sites.Find(id) is not { } view) return SiteEndpoints.NotFound(id).Answer();
        var (content, size) = (context.Request.Body, context.Request.ContentLength);
        if (!context.Request.HasJsonContentType() && !IsMessage(context.Request)) return UnknownType(context.Request.ContentType);
        if (!context.Request.HasJsonContentType())
            return Show(context, await submission.SendAsync(
                id, mailFrom, rcptTo ?? [], headerRecipients is "true", size, content, new(smartHost), context.Actor(), context.RequestAborted));

        LimitJson(context, view.Site);
        var request = await JsonInput.ReadAsync<SubmissionRequest>(context.Request);
        if (request.Value is not { } wanted) return request.Problem!.Answer();
        var written = wanted.Compose();
        if (written.Value is not { } composed) return written.Problem!.Answer();
        await using (composed)
            return Show(context, await submission.SendAsync(
                id, mailFrom, rcptTo ?? [], headerRecipients is "true", composed.Length, composed, new(smartHost), context.Actor(), context.RequestAborted));
    }

    static bool IsMessage(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals(ContentType, StringComparison.OrdinalIgnoreCase);

    static ProblemHttpResult UnknownType(string? given) => TypedResults.Problem(
        $"{(string.IsNullOrEmpty(given) ? "There is no Content-Type" : $"'{given}' is not understood")}; give {ContentType} for a whole message, or application/json for its parts.",
        statusCode: StatusCodes.Status415UnsupportedMediaType);

    /// <summary>Attachments are a third longer in base64.</summary>
    static void LimitJson(HttpContext context, SiteSnapshot site)
    {
        var most = site.Settings.Get(SettingsTable.MaxMessageSize);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = most == 0 ? MaxJsonBytes : Math.Min(most / 3 * 4 + MiB, MaxJsonBytes);
    }

    static IResult Show(HttpContext context, Result<SubmittedMessage> result)
    {
        if (result.Value is not { } submitted) return result.Problem!.Answer();
        context.Response.Headers.Location = $"/api/v1/messages/{submitted.Id}";
        return context.Show(new SubmissionResponse(submitted.Id.ToString()), status: StatusCodes.Status202Accepted);
    }
}

/// <summary>A message as its parts. Addresses may have names: <c>Ann &lt;ann@example.com&gt;</c>.</summary>
/// <param name="From">Who sends it.</param>
/// <param name="To">Who gets it.</param>
/// <param name="Cc">Who gets a copy.</param>
/// <param name="Bcc">Who gets a copy that the others do not see.</param>
/// <param name="Subject">One line.</param>
/// <param name="Text">The text, plain.</param>
/// <param name="Html">The text as HTML; with text as well, the reader's program chooses.</param>
/// <param name="Attachments">Files.</param>
sealed record SubmissionRequest(
    string From, IReadOnlyList<string>? To = null, IReadOnlyList<string>? Cc = null, IReadOnlyList<string>? Bcc = null, string? Subject = null,
    string? Text = null, string? Html = null, IReadOnlyList<AttachmentRequest>? Attachments = null)
{
    public const string Example = """
        { "from": "Ann <ann@hub.example>", "to": ["bob@test.com"], "subject": "Hello", "text": "Good morning",
          "attachments": [ { "name": "note.txt", "contentType": "text/plain", "content": "SGVsbG8=" } ] }
        """;

    public const string MessageExample = "From: Ann <ann@hub.example>\r\nTo: bob@test.com\r\nSubject: Hello\r\n\r\nGood morning\r\n";

    public Result<Stream> Compose()
    {
        var attachments = new List<ComposedAttachment>();
        foreach (var attachment in Attachments ?? [])
        {
            var content = new byte[attachment.Content.Length / 4 * 3 + 3];
            if (!Convert.TryFromBase64String(attachment.Content, content, out var length))
                return Problem.Invalid($"attachments[{attachments.Count}].content", "This is not base64.");
            attachments.Add(new(attachment.Name, attachment.ContentType, content[..length]));
        }
        return new ComposedMessage(From, To ?? [], Cc ?? [], Bcc ?? [], Subject, Text, Html, attachments).Write();
    }
}

/// <summary>A file that goes with a message.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its bytes in base64.</param>
/// <param name="ContentType">Its media type; default: what the name says.</param>
sealed record AttachmentRequest(string Name, string Content, string? ContentType = null);

/// <summary>A message that was taken.</summary>
/// <param name="Id">Its id: /messages/{id} shows what becomes of it.</param>
sealed record SubmissionResponse(string Id)
{
    public const string Example = """{ "id": "02P3K9ZC1G004" }""";
}
