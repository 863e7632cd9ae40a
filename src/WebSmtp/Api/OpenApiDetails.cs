using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace WebSmtp.Api;

/// <summary>A request that works when it is tried, and what answers it.</summary>
sealed record OperationExample(string? Request, string? Response);

static class OperationMetadata
{
    public static RouteHandlerBuilder Example(
        this RouteHandlerBuilder route, string? request = null, string? response = null) =>
        route.WithMetadata(new OperationExample(request, response));

    /// <summary>A page with one such row.</summary>
    public static RouteHandlerBuilder ListExample(this RouteHandlerBuilder route, string row) =>
        route.Example(response: $$"""{ "items": [ {{row}} ], "nextCursor": null, "total": 1 }""");

    public static RouteHandlerBuilder AcceptsJson<T>(this RouteHandlerBuilder route) where T : notnull =>
        route.Accepts<T>("application/json");

    public static RouteHandlerBuilder AcceptsPatch<T>(this RouteHandlerBuilder route) where T : notnull =>
        route.Accepts<T>(MergePatch.ContentType, "application/json");
}

/// <summary>What the endpoints' signatures do not say: meaning of parameters and statuses, examples, who needs a key.</summary>
sealed class OperationDetails : IOperationFilter
{
    static readonly Dictionary<string, (string Description, JsonNode? Example)> Parameters = new(StringComparer.Ordinal)
    {
        ["limit"] = ("Rows on a page, 1 to 500. Default: 50.", 50),
        ["cursor"] = ("nextCursor of the page before.", null),
        ["domain"] = ("Only messages with a recipient of this domain.", null),
        ["state"] = ("Only messages with a recipient in this state.", null),
        ["sender"] = ("Only messages whose sender has this text in it.", null),
        ["recipient"] = ("Only messages with a recipient that has this text in it.", null),
        ["subject"] = ("Only messages whose subject has this text in it.", null),
        ["olderThan"] = ("Only messages received longer ago than this ISO 8601 duration.", null),
        ["history"] = ("Messages that have left the queue as well.", null),
        ["messages"] = ("What becomes of mail that is still queued: refuse (default), export or move.", "refuse"),
        ["to"] = ("For move: the id of the site that gets the mail.", null),
        ["mailFrom"] = ("The envelope sender; empty: the null sender. Default: the header's Sender or From.", "ann@hub.example"),
        ["rcptTo"] = ("An envelope recipient; once for each. Default: those in To, Cc and Bcc.", null),
        ["headerRecipients"] = ("Those in To, Cc and Bcc get it beside those in rcptTo.", null),
        ["messageId"] = ("Our id, or the header's Message-ID with or without its brackets.", "02P3K9ZC1G004"),
        ["siteId"] = ("Only this site.", 1),
        ["client"] = ("Only this client's address.", "192.0.2.99"),
        ["from"] = ("Not before this ISO 8601 time; of a message, when it was received.", "2026-11-22T00:00:00Z"),
        ["address"] = ("Only this address of the other side, or those that begin so; to close sessions, the whole address.", "192.0.2.99"),
        ["account"] = ("Only this account.", null),
        ["range"] = ("How far back, an ISO 8601 duration.", "P7D"),
        ["step"] = ("Length of one item, an ISO 8601 duration of whole minutes.", "PT1H"),
        ["direction"] = ("Only connections that others opened, or that the site did.", null),
        ["site"] = ("Only the site of this id.", 1),
        ["text"] = ("Only lines with this text in it, without case.", null),
        ["session"] = ("Only this session's lines.", null),
        ["errors"] = ("Only replies that begin with 4 or 5.", null),
        ["after"] = ("Only lines after this number: last of the answer before.", null),
        ["format"] = ("json (default) or text.", null),
        ["run"] = ("The run's number.", 12),
        ["selectors"] = ("DKIM selectors, separated by commas; without: usual ones.", "mail"),
        ["connect"] = ("true: the mail hosts are connected to as well.", "true"),
        ["policy"] = ("true: the MTA-STS policy is fetched as well.", "true"),
        ["newerThan"] = ("Only messages that came within this ISO 8601 duration.", "PT1H"),
        ["largerThan"] = ("Only messages of more bytes than this.", "1048576"),
        ["smallerThan"] = ("Only messages of fewer bytes than this.", "1048576"),
        ["reply"] = ("Only where a reply has this text in it.", "550"),
        ["what"] = ("Only these events: refused, delivered, deferred or failed; from and to are then of the event.", "failed"),
        ["sort"] = ("The order of the list.", null),
        ["q"] = ("What is looked for, in the words of the queue's search.", "from:alice@example.org"),
        ["collection"] = ("The collection's id.", "42"),
        ["smartHost"] = ("The kept smart host that it goes over, whatever the routes say.", null),
        ["username"] = ("The account's name.", "testserver"),
        ["type"] = ("Only events of these types, separated by commas.", "message,queue"),
        ["actor"] = ("Only this user or key: the whole name, without case.", "anna"),
        ["object"] = ("Only this and all below it: a path of this API.", "sites/2"),
        ["action"] = ("Only this act.", "delete"),
    };

    static readonly Dictionary<string, string> Statuses = new(StringComparer.Ordinal)
    {
        ["200"] = "Done.",
        ["201"] = "Made; Location says where it is.",
        ["202"] = "Started.",
        ["204"] = "Done.",
        ["400"] = "The request is wrong; errors says which fields.",
        ["401"] = "No API key, or one that is unknown or expired.",
        ["403"] = "The role is too low.",
        ["404"] = "There is no such thing.",
        ["409"] = "It conflicts with what is there.",
        ["412"] = "If-Match is stale: it was changed meanwhile.",
        ["413"] = "The message is larger than the site takes.",
        ["415"] = "The body is not JSON.",
        ["503"] = "Not now; the reasons are in the answer.",
    };

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var description = context.ApiDescription;
        var metadata = description.ActionDescriptor.EndpointMetadata;
        operation.OperationId = OperationId(description);
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? []) Describe(parameter, description.RelativePath!);
        if (operation.RequestBody?.Content?.TryGetValue(MergePatch.ContentType, out _) is true) MakePatch(operation, context);
        var responses = new OpenApiResponses();
        foreach (var (status, response) in (operation.Responses ?? []).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            response.Description = Statuses.GetValueOrDefault(status, response.Description ?? "");
            responses.Add(status, response);
        }
        operation.Responses = responses;
        if (metadata.OfType<OperationExample>().LastOrDefault() is { } example) Add(example, operation);
        if (metadata.OfType<NeededRole>().Any())
            operation.Security = [new() { [new OpenApiSecuritySchemeReference("bearer", context.Document)] = [] }];
        if (TakesIfMatch(description))
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = "If-Match",
                In = ParameterLocation.Header,
                Description = "The ETag that the change was made from; without it, whatever is there is changed.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }
    }

    static void MakePatch(OpenApiOperation operation, OperationFilterContext context)
    {
        var content = operation.RequestBody!.Content!;
        if (content[MergePatch.ContentType].Schema is not OpenApiSchemaReference whole) return;
        var patch = new PatchSchemas(context.SchemaRepository, context.Document).Of(whole);
        foreach (var type in content.Values) ((OpenApiMediaType)type).Schema = patch;
    }

    static bool TakesIfMatch(ApiDescription description) =>
        description.SupportedResponseTypes.Any(type => type.StatusCode == StatusCodes.Status412PreconditionFailed);

    static string OperationId(ApiDescription description)
    {
        var words = description.RelativePath!.Replace("api/v1/", "", StringComparison.Ordinal).Replace(":int", "", StringComparison.Ordinal)
            .Split(['/', '-', '{', '}'], StringSplitOptions.RemoveEmptyEntries)
            .Select(word => char.ToUpperInvariant(word[0]) + word[1..]);
        return description.HttpMethod!.ToLowerInvariant() + string.Concat(words);
    }

    static void Describe(OpenApiParameter parameter, string path)
    {
        var (text, example) = parameter.Name switch
        {
            "id" when path.Contains("sites/", StringComparison.Ordinal) => ("The site's id.", 1),
            "id" when path.Contains("messages/", StringComparison.Ordinal) => ("The message's id.", "02P3K9ZC1G004"),
            "id" when path.Contains("operations/", StringComparison.Ordinal) => ("The operation's id.", "02P3K9ZC1G00A"),
            "id" when path.Contains("keys/", StringComparison.Ordinal) => ("The key's number.", 2),
            "id" => ("The session's id.", (JsonNode?)null),
            "outcome" when path.EndsWith("/audit", StringComparison.Ordinal) => ("done or refused.", "done"),
            "outcome" => ("With history: only those that ended so.", null),
            "history" when IsSessions(path) => ("Those that have ended, in place of those that live.", null),
            "from" when IsSessions(path) => ("Only those that had not ended at this ISO 8601 time.", "2026-11-22T00:00:00Z"),
            "to" when IsSessions(path) => ("Only those that had begun at this ISO 8601 time.", "2026-11-23T00:00:00Z"),
            "limit" when path.EndsWith("/log", StringComparison.Ordinal) => ("Lines, 1 to 1000. Default: 200.", 200),
            "name" when path.Contains("log/files", StringComparison.Ordinal) => ("The file's name.", "ex261123.log"),
            "username" when path.Contains("users/", StringComparison.Ordinal) => ("The user's name.", "anna"),
            "to" when IsSearch(path) => ("Before this ISO 8601 time; of a message, when it was received.", "2026-11-23T00:00:00Z"),
            "sender" when IsSearch(path) => ("Only this sender: the whole address.", "alice@example.org"),
            "recipient" when IsSearch(path) => ("Only this recipient: the whole address.", "bob@test.com"),
            "recipient" when path.Contains("messages/{", StringComparison.Ordinal) => ("Only this recipient of the message; left out: all.", null),
            "domain" when path.Contains("queues/{", StringComparison.Ordinal) => ("The destination.", "test.com"),
            "name" when path.Contains("etrn-names", StringComparison.Ordinal) => ("The name, without #.", "branches"),
            "name" when path.Contains("collectors", StringComparison.Ordinal) => ("The collector's name.", "provider"),
            "name" when path.Contains("smarthosts", StringComparison.Ordinal) => ("The smart host's name.", "primary"),
            "name" => ("The domain's name.", "test.com"),
            var name => Parameters.GetValueOrDefault(name!, ("", null)),
        };
        parameter.Description = text;
        parameter.Example = example?.DeepClone();
        if (parameter.Schema is not OpenApiSchema schema) return;
        switch (parameter.Name)
        {
            case "limit" when path.EndsWith("/log", StringComparison.Ordinal):
                schema.Type = JsonSchemaType.Integer;
                (schema.Minimum, schema.Maximum, schema.Default) = ("1", "1000", 200);
                break;
            case "limit":
                schema.Type = JsonSchemaType.Integer;
                (schema.Minimum, schema.Maximum, schema.Default) = ("1", "500", 50);
                break;
            case "site" or "after":
            case "siteId":
            case "to" when !IsSearch(path) && !IsSessions(path):
                schema.Type = JsonSchemaType.Integer;
                break;
            case "history" or "headerRecipients" or "errors":
                schema.Type = JsonSchemaType.Boolean;
                break;
            case "outcome":
                schema.Enum = [.. Enum.GetNames<Mta.Sessions.SessionOutcome>().Select(name => (JsonNode)name.ToLowerInvariant())];
                break;
            case "direction":
                schema.Enum = ["inbound", "outbound"];
                break;
            case "format":
                schema.Enum = ["json", "text"];
                break;
            case "olderThan":
                schema.Format = "duration";
                break;
            case "state":
                schema.Enum = [.. Enum.GetNames<EntryState>().Select(name => (JsonNode)name.ToLowerInvariant())];
                break;
            case "messages":
                schema.Enum = ["refuse", "export", "move"];
                break;
        }
    }

    static bool IsSessions(string path) => path.EndsWith("/sessions", StringComparison.Ordinal);

    static bool IsSearch(string path) =>
        path.EndsWith("/audit", StringComparison.Ordinal) || path.EndsWith("/trace", StringComparison.Ordinal) && !path.Contains('{', StringComparison.Ordinal) || path.EndsWith("/rejections", StringComparison.Ordinal);

    static void Add(OperationExample example, OpenApiOperation operation)
    {
        if (example.Request is { } request)
        {
            foreach (var (name, type) in operation.RequestBody?.Content ?? new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal))
            {
                var media = (OpenApiMediaType)type;
                // A whole message is text, not the JSON that may stand in its place.
                var isMessage = name is SubmissionEndpoints.ContentType;
                if (isMessage) media.Schema = new OpenApiSchema { Type = JsonSchemaType.String };
                media.Example = isMessage ? SubmissionRequest.MessageExample : JsonNode.Parse(request);
            }
        }
        if (example.Response is not { } response) return;
        foreach (var (status, answer) in operation.Responses ?? [])
        {
            if (!status.StartsWith('2')) continue;
            foreach (var (_, type) in answer.Content ?? new Dictionary<string, IOpenApiMediaType>(StringComparer.Ordinal))
                ((OpenApiMediaType)type).Example = JsonNode.Parse(response);
        }
    }
}
