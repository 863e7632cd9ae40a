using System.Globalization;
using System.Text.Json.Serialization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Api;

/// <summary>A collection of held mail.</summary>
/// <param name="Id">Of the collection.</param>
/// <param name="Domain">The domain's rule.</param>
/// <param name="Method">How the mail was asked for; operator: by hand.</param>
/// <param name="Account">Who asked, where a log-in was needed, or the operator.</param>
/// <param name="From">The address that it was asked from.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
/// <param name="Waiting">Recipients that mail waited for when it began.</param>
/// <param name="Delivered">Recipients that were taken.</param>
/// <param name="Deferred">Recipients that were refused for now.</param>
/// <param name="Failed">Recipients that were refused for good.</param>
/// <param name="Bytes">Bytes of content taken.</param>
/// <param name="End">How it ended, in one sentence; null while it runs.</param>
/// <param name="Conversation">What was said, where one collection is asked for and it was kept.</param>
sealed record CollectionResponse(
    string Id, string Domain, CollectionMethod Method, string? Account, string From, DateTimeOffset StartedAt, DateTimeOffset? EndedAt,
    int Waiting, int Delivered, int Deferred, int Failed, long Bytes, string? End,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ConversationResponse? Conversation)
{
    const string Facts = """
        "id": "42", "domain": "test.com", "method": "turn", "account": "testserver", "from": "192.0.2.7", "startedAt": "2026-11-23T08:00:00Z",
          "endedAt": "2026-11-23T08:00:02Z", "waiting": 12, "delivered": 12, "deferred": 0, "failed": 0, "bytes": 48211, "end": "Took 12 of 12."
        """;

    public const string Example = "{ " + Facts + " }";
    public const string ExampleWithConversation = "{ " + Facts + ", \"conversation\": " + ConversationResponse.Example + " }";

    public static CollectionResponse Of(CollectionRecord record, ConversationCopy? said = null) => new(
        record.Id.ToString(CultureInfo.InvariantCulture), record.Domain, record.Method, record.Account, record.From, record.StartedAt, record.EndedAt,
        record.Waiting, record.Delivered, record.Deferred, record.Failed, record.Bytes, record.End, ConversationResponse.Of(said));
}

static class CollectionEndpoints
{
    const string Tag = "Domains";

    public static void Map(IEndpointRouteBuilder api)
    {
        var collections = api.MapGroup("/sites/{id:int}/domains/{name}/collections");
        collections.MapGet("", ListAsync)
            .Describe(Role.Viewer, Tag, "List a domain's collections", "Newest first, the one that runs included.", 404)
            .Produces<Listed<CollectionResponse>>().ListExample(CollectionResponse.Example);
        collections.MapGet("/{collection}", GetAsync)
            .Describe(Role.Viewer, Tag, "Show a collection",
                $"One collection with its conversation, which is kept for the last {CollectionTranscript.KeptForDomain} of each domain.", 404)
            .Produces<CollectionResponse>().Example(response: CollectionResponse.ExampleWithConversation);
    }

    static async Task<IResult> ListAsync(HttpContext context, SiteRegistry sites, HeldMail held, int id, string name, string? limit, string? cursor)
    {
        var page = PageRequest.Read($"collections {id} {name}", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        if (sites.Find(id)?.Site is not { } site) return SiteEndpoints.NotFound(id).Answer();
        if (site.FindDomain(name) is not { } rule) return Problem.NotFound($"Site {id} has no domain '{name}'.").Answer();
        var before = long.TryParse(wanted.After, NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : long.MaxValue;
        var found = await held.HistoryAsync(id, rule.Name, wanted.Limit + 1, context.RequestAborted, before);
        var next = found.Count > wanted.Limit ? found[wanted.Limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null;
        var total = await held.CountHistoryAsync(id, rule.Name, context.RequestAborted);
        return context.Show(wanted.Of(new Page<CollectionRecord>([.. found.Take(wanted.Limit)], next, total), record => CollectionResponse.Of(record)));
    }

    static async Task<IResult> GetAsync(HttpContext context, HeldMail held, int id, string name, string collection) =>
        long.TryParse(collection, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && await held.CollectionAsync(id, name, number, context.RequestAborted) is { } story
            ? context.Show(CollectionResponse.Of(story.Record, story.Said))
            : Problem.NotFound($"Domain '{name}' of site {id} has no collection '{collection}'.").Answer();
}
