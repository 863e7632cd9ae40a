using System.Collections.Frozen;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WebSmtp.Mta.Administration;

/// <summary>What is different between two images of a thing, fit to be kept and shown: without secrets, and bounded.</summary>
static class AuditChange
{
    /// <summary>What stands where a secret was, and where another one took its place.</summary>
    public const string Secret = "(secret)", OtherSecret = "(another secret)";

    const int MostText = 2000, MostJson = 32 * 1024;

    /// <summary>Fields that are secrets, wherever they stand. A test holds that every encrypted field is among them.</summary>
    internal static readonly FrozenSet<string> Secrets = new[]
    {
        "password", "passwordHash", "challengeSecret", "scramKeys", "clientSecret", "refreshToken", "clientCertificate", "securityStamp", "keyHash", "key",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Null where there is nothing to say.</summary>
    public static (string? Before, string? After) Between(JsonObject? before, JsonObject? after)
    {
        var (was, now) = (new JsonObject(), new JsonObject());
        Compare(before, after, was, now);
        return (Write(was), Write(now));
    }

    static void Compare(JsonObject? before, JsonObject? after, JsonObject was, JsonObject now)
    {
        foreach (var name in (before ?? []).Select(field => field.Key).Union((after ?? []).Select(field => field.Key), StringComparer.Ordinal))
        {
            var (old, other) = (before?[name], after?[name]);
            if (JsonNode.DeepEquals(old, other)) continue;
            if (old is JsonObject oldInner && other is JsonObject otherInner)
            {
                var (wasInner, nowInner) = (new JsonObject(), new JsonObject());
                Compare(oldInner, otherInner, wasInner, nowInner);
                if (wasInner.Count > 0) was[name] = wasInner;
                if (nowInner.Count > 0) now[name] = nowInner;
                continue;
            }
            if (old is not null) was[name] = Shown(name, old, Secret);
            if (other is not null) now[name] = Shown(name, other, old is null ? Secret : OtherSecret);
        }
    }

    static JsonNode? Shown(string name, JsonNode? value, string mark)
    {
        if (Secrets.Contains(name)) return mark;
        return value switch
        {
            JsonObject inner => new JsonObject(inner.Select(field => KeyValuePair.Create(field.Key, Shown(field.Key, field.Value, mark)))),
            JsonArray items => new JsonArray([.. items.Select(item => Shown("", item, mark))]),
            JsonValue text when text.GetValueKind() is JsonValueKind.String && text.GetValue<string>() is { Length: > MostText } whole =>
                $"{whole[..MostText]} … ({whole.Length} characters)",
            _ => value?.DeepClone(),
        };
    }

    static string? Write(JsonObject fields)
    {
        if (fields.Count == 0) return null;
        var text = fields.ToJsonString(Plain);
        return text.Length <= MostJson ? text : new JsonObject { ["…"] = $"{text.Length} characters, too many to keep" }.ToJsonString(Plain);
    }
}
