using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>A key for this API. The key itself is in the answer that makes it, and nowhere else.</summary>
/// <param name="Id">Number of the key.</param>
/// <param name="Name">For people.</param>
/// <param name="Role">What it may do.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">It is good until then; null: until it is deleted.</param>
/// <param name="LastUsedAt">To the minute; null: never.</param>
sealed record KeyResponse(int Id, string Name, Role Role, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt)
{
    public static KeyResponse Of(ApiKey key) => new(key.Id, key.Name, key.Role, key.CreatedAt, key.ExpiresAt, key.LastUsedAt);

    /// <summary>A use of a key is no change of it.</summary>
    public static string TagOf(ApiKey key) => EntityTags.OfContent(Of(key) with { LastUsedAt = null });
}

/// <summary>A key that was just made.</summary>
/// <param name="Id">Number of the key.</param>
/// <param name="Name">For people.</param>
/// <param name="Role">What it may do.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">It is good until then; null: until it is deleted.</param>
/// <param name="Key">What to give as bearer token. It is not shown again.</param>
sealed record NewKeyResponse(int Id, string Name, Role Role, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string Key)
{
    public static NewKeyResponse Of(NewKey made) =>
        new(made.Stored.Id, made.Stored.Name, made.Stored.Role, made.Stored.CreatedAt, made.Stored.ExpiresAt, made.Key);
}

/// <summary>What can be written about a key.</summary>
/// <param name="Name">For people.</param>
/// <param name="Role">viewer reads, operator also works on queue and sessions, administrator changes settings.</param>
/// <param name="ExpiresAt">It is good until then; null: until it is deleted.</param>
sealed record KeyRequest(string Name, Role Role, DateTimeOffset? ExpiresAt = null);

static class KeyEndpoints
{
    const string Tag = "API keys";
    const string ExampleResponse =
        """{ "id": 2, "name": "monitoring", "role": "viewer", "createdAt": "2026-11-22T21:10:05Z", "expiresAt": null, "lastUsedAt": "2026-11-27T06:30:00Z" }""";
    const string ExampleNew =
        """
        { "id": 2, "name": "monitoring", "role": "viewer", "createdAt": "2026-11-22T21:10:05Z", "expiresAt": null,
          "key": "nPvW3k6hYtq8ZcAa5sRmXb2dFgJu7LeQw4TxKyHz" }
        """;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/keys", ListAsync)
            .Describe(Role.Administrator, Tag, "List the API keys", "Their names and roles; never the keys themselves.")
            .Produces<Listed<KeyResponse>>().ListExample(ExampleResponse);
        api.MapPost("/keys", CreateAsync)
            .Describe(Role.Administrator, Tag, "Make an API key", "The answer holds the key, this once: only a hash of it is kept.", 415)
            .AcceptsJson<KeyRequest>().Produces<NewKeyResponse>(201)
            .Example("""{ "name": "monitoring", "role": "viewer" }""", ExampleNew);
        api.MapGet("/keys/{id:int}", GetAsync)
            .Describe(Role.Administrator, Tag, "Show an API key", "Its name and role; never the key itself.", 404)
            .Produces<KeyResponse>().Example(response: ExampleResponse);
        api.MapDelete("/keys/{id:int}", DeleteAsync)
            .Describe(Role.Administrator, Tag, "Delete an API key", "It is refused from now on.", 404, 412)
            .Produces(204);
    }

    static async Task<IResult> ListAsync(HttpContext context, AccessOperations access, string? limit, string? cursor)
    {
        var page = PageRequest.Read("keys", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        var keys = await access.ListKeysAsync(wanted.After, wanted.Limit, context.Actor(), context.RequestAborted);
        return keys.Value is { } found ? context.Show(wanted.Of(found, KeyResponse.Of)) : keys.Problem!.Answer();
    }

    static async Task<IResult> GetAsync(HttpContext context, AccessOperations access, int id)
    {
        var found = await access.FindKeyAsync(id, context.Actor(), context.RequestAborted);
        if (found.Value is not { } key) return found.Problem!.Answer();
        return context.Show(KeyResponse.Of(key), KeyResponse.TagOf(key));
    }

    static async Task<IResult> CreateAsync(HttpContext context, AccessOperations access)
    {
        var body = await JsonInput.ReadAsync<KeyRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var made = await access.CreateKeyAsync(new(wanted.Name, wanted.Role, wanted.ExpiresAt), context.Actor(), context.RequestAborted);
        if (made.Value is not { } key) return made.Problem!.Answer();
        return context.ShowCreated(
            $"/api/v1/keys/{key.Stored.Id}", NewKeyResponse.Of(key), KeyResponse.TagOf(key.Stored));
    }

    static async Task<IResult> DeleteAsync(HttpContext context, AccessOperations access, int id)
    {
        var found = await access.FindKeyAsync(id, context.Actor(), context.RequestAborted);
        if (found.Value is not { } key) return found.Problem!.Answer();
        var refused = EntityTags.Refuse(context.Request, KeyResponse.TagOf(key))
            ?? await access.DeleteKeyAsync(id, context.Actor(), context.RequestAborted);
        return refused?.Answer() ?? TypedResults.NoContent();
    }
}
