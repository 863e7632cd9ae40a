using System.Text.Json;
using System.Text.Json.Nodes;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Compares values with the schemas of an OpenAPI 3.1 document, as far as ours go.</summary>
static class DescribedShape
{
    /// <summary>Where the value is not what the schema says; empty when it fits.</summary>
    public static List<string> Misfits(JsonNode document, JsonNode schema, JsonNode? value, string at = "$")
    {
        if (schema["$ref"]?.GetValue<string>() is { } reference)
            return Misfits(document, document["components"]!["schemas"]![reference.Split('/')[^1]]!, value, at);
        if (schema["oneOf"] is JsonArray choices)
            return choices.Any(choice => Misfits(document, choice!, value, at).Count == 0) ? [] : [$"{at} is none of those it may be"];
        string[] types = schema["type"] switch
        {
            JsonArray several => [.. several.Select(type => type!.GetValue<string>())],
            { } one => [one.GetValue<string>()],
            null => [],
        };
        if (types.Length > 0 && !types.Any(type => Is(value, type))) return [$"{at} is not {string.Join(" or ", types)}"];
        if (schema["enum"] is JsonArray names && !names.Any(name => JsonNode.DeepEquals(name, value))) return [$"{at} is not in its list"];
        return value switch
        {
            JsonObject members => OfMembers(document, schema, members, at),
            JsonArray items when schema["items"] is { } item =>
                [.. items.SelectMany((one, index) => Misfits(document, item, one, $"{at}[{index}]"))],
            _ => [],
        };
    }

    static List<string> OfMembers(JsonNode document, JsonNode schema, JsonObject members, string at)
    {
        List<string> misfits = [.. (schema["required"]?.AsArray() ?? []).Select(name => name!.GetValue<string>())
            .Where(name => !members.ContainsKey(name)).Select(name => $"{at}.{name} is missing")];
        foreach (var (name, value) in members)
        {
            if (schema["properties"]?[name] is { } known) misfits.AddRange(Misfits(document, known, value, $"{at}.{name}"));
            else if (schema["additionalProperties"] is JsonObject other) misfits.AddRange(Misfits(document, other, value, $"{at}.{name}"));
            else if (schema["additionalProperties"] is not null) misfits.Add($"{at}.{name} is not described");
        }
        return misfits;
    }

    static bool Is(JsonNode? value, string type) => (value?.GetValueKind(), type) switch
    {
        (null, "null") or (JsonValueKind.Object, "object") or (JsonValueKind.Array, "array") or (JsonValueKind.String, "string") => true,
        (JsonValueKind.True or JsonValueKind.False, "boolean") or (JsonValueKind.Number, "number") => true,
        (JsonValueKind.Number, "integer") => value.AsValue().TryGetValue<long>(out _),
        _ => false,
    };
}
