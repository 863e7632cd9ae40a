using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>
/// ETags. What can be written has its version as tag, so that a change of what it merely reports (a site's state, the
/// mail that waits) does not make a writer's copy stale; what has no version is tagged by its content.
/// </summary>
static class EntityTags
{
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    public static string OfContent<T>(T response) =>
        $"\"{Base64Url.EncodeToString(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(response, ApiJson.Options)).AsSpan(0, 12))}\"";

    public static bool AreGiven(HttpRequest request) => request.Headers.IfMatch.Count > 0;

    /// <summary>Null when the request has no If-Match, or one that fits. RFC 9110 section 13.1.1.</summary>
    /// <param name="current">The tag of what is there; null when nothing is.</param>
    public static Problem? Refuse(HttpRequest request, string? current)
    {
        if (!AreGiven(request)) return null;
        var tag = current is null ? null : EntityTagHeaderValue.Parse(current);
        return tag is not null && request.GetTypedHeaders().IfMatch.Any(given =>
                EntityTagHeaderValue.Any.Equals(given) || given.Compare(tag, useStrongComparison: true))
            ? null
            : Problem.Stale("It was changed since it was read: read it again.");
    }
}
