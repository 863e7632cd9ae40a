using System.Text.Json;
using System.Text.Json.Nodes;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>JSON merge patch, RFC 7396, on what an administrator may write about a resource.</summary>
static class MergePatch
{
    public const string ContentType = "application/merge-patch+json";

    /// <summary>A concurrent change makes a patch without If-Match start again from what is there now; so often at most.</summary>
    const int MaxRounds = 5;

    /// <summary>
    /// Reads the patch, lays it over the current document and hands the result to <paramref name="update"/>, which is
    /// told the version that it was made from: a change made meanwhile by someone else is never undone.
    /// </summary>
    /// <param name="find">The resource as it is; null when it is not there.</param>
    /// <param name="version">Its version: the ETag.</param>
    /// <param name="document">What may be written about it, in a form that this patch can be laid over.</param>
    public static async Task<Result<TView>> ApplyAsync<TCurrent, TDocument, TView>(
        HttpRequest request, Func<Task<Result<TCurrent>>> find, Func<TCurrent, long> version,
        Func<TCurrent, JsonObject, TDocument> document, Func<TDocument, JsonObject, long, Task<Result<TView>>> update)
        where TCurrent : class where TDocument : class where TView : class
    {
        var body = await JsonInput.ReadObjectAsync(request);
        if (body.Value is not { } patch) return body.Problem!;
        for (var round = 1; ; round++)
        {
            var found = await find();
            if (found.Value is not { } current) return found.Problem!;
            if (EntityTags.Refuse(request, EntityTags.Of(version(current))) is { } stale) return stale;
            if (JsonInput.RefuseUnknown<TDocument>(patch) is { } unknown) return unknown;
            var merged = JsonSerializer.SerializeToNode(document(current, patch), ApiJson.Options)!.AsObject();
            Merge(merged, patch);
            var bound = JsonInput.Bind<TDocument>(merged);
            if (bound.Value is not { } wanted) return bound.Problem!;
            var result = await update(wanted, patch, version(current));
            if (result.Problem is not { Kind: ProblemKind.Stale } || EntityTags.AreGiven(request) || round == MaxRounds) return result;
        }
    }

    /// <summary>Lays <paramref name="patch"/> over <paramref name="target"/>: null removes, objects merge, all else replaces.</summary>
    public static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
            {
                target.Remove(name);
            }
            else if (value is JsonObject members)
            {
                if (target[name] is not JsonObject inner) target[name] = inner = [];
                Merge(inner, members);
            }
            else
            {
                target[name] = value.DeepClone();
            }
        }
    }
}
