using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>
/// Reads request bodies. Whatever is wrong with them is said at once and by field, in the names of the REST contract:
/// unknown members, missing ones, values of the wrong type.
/// </summary>
static class JsonInput
{
    static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>The body as a <typeparamref name="T"/>, or what is wrong with it.</summary>
    public static async Task<Result<T>> ReadAsync<T>(HttpRequest request) where T : class
    {
        var body = await ReadObjectAsync(request);
        return body.Value is { } members ? Bind<T>(members) : body.Problem!;
    }

    /// <summary>The body as a JSON object, not yet looked at.</summary>
    public static async Task<Result<JsonObject>> ReadObjectAsync(HttpRequest request)
    {
        try
        {
            var body = await JsonNode.ParseAsync(request.Body, null, Strict, request.HttpContext.RequestAborted);
            if (body is not JsonObject members) return NotJson("The body must be a JSON object.");
            ReadTexts(members);
            return members;
        }
        catch (JsonException e)
        {
            // A member that is there twice has no place.
            return NotJson(e.LineNumber is null ? e.Message : $"The body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}).");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            return NotJson("The body has a text that is not valid Unicode.");
        }
    }

    /// <summary>The members as a <typeparamref name="T"/>.</summary>
    public static Result<T> Bind<T>(JsonObject members) where T : class
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var type = ApiJson.Options.GetTypeInfo(typeof(T));
        Check(members, type, "", patch: false, errors);
        return errors.Count > 0 ? Refused(errors) : (T)members.Deserialize(type)!;
    }

    /// <summary>Refuses members of a merge patch that <typeparamref name="T"/> does not have; null: there are none.</summary>
    public static Problem? RefuseUnknown<T>(JsonObject patch)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        Check(patch, ApiJson.Options.GetTypeInfo(typeof(T)), "", patch: true, errors);
        return errors.Count > 0 ? Refused(errors) : null;
    }

    /// <summary>The problem of one or more bad fields.</summary>
    public static Problem Refused(IReadOnlyDictionary<string, string[]> errors) =>
        new(ProblemKind.Invalid, string.Join(' ', errors.Select(error => $"{error.Key}: {error.Value[0]}")), errors);

    static Problem NotJson(string detail) => new(ProblemKind.Invalid, detail, new Dictionary<string, string[]>(StringComparer.Ordinal));

    static void Check(JsonNode node, JsonTypeInfo type, string path, bool patch, Dictionary<string, string[]> errors)
    {
        switch (type.Kind, node)
        {
            case (JsonTypeInfoKind.Object, JsonObject members):
                CheckMembers(members, type, path, patch, errors);
                break;
            case (JsonTypeInfoKind.Enumerable, JsonArray items):
                for (var i = 0; i < items.Count; i++)
                {
                    if (items[i] is { } item) Check(item, ApiJson.Options.GetTypeInfo(type.ElementType!), $"{path}[{i}]", patch: false, errors);
                    else errors[$"{path}[{i}]"] = ["null is not allowed here."];
                }
                break;
            default:
                if (!patch && !Converts(node, type)) errors[path] = [$"This must be {Describe(type.Type)}."];
                break;
        }
    }

    static void CheckMembers(JsonObject members, JsonTypeInfo type, string path, bool patch, Dictionary<string, string[]> errors)
    {
        foreach (var (name, value) in members)
        {
            var field = path.Length == 0 ? name : $"{path}.{name}";
            var property = type.Properties.FirstOrDefault(property => string.Equals(property.Name, name, StringComparison.Ordinal));
            if (property is null) errors[field] = ["There is no such member, or it cannot be written."];
            else if (value is not null) Check(value, ApiJson.Options.GetTypeInfo(property.PropertyType), field, patch, errors);
            else if (!patch && !AllowsNull(property)) errors[field] = ["null is not allowed here."];
        }
        if (patch) return;
        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is { HasDefaultValue: false } && !members.ContainsKey(property.Name))
                errors[path.Length == 0 ? property.Name : $"{path}.{property.Name}"] = ["This is needed."];
        }
    }

    static bool AllowsNull(JsonPropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null
        || (!property.PropertyType.IsValueType && (property.AssociatedParameter?.IsNullable ?? property.IsSetNullable));

    static bool Converts(JsonNode node, JsonTypeInfo type)
    {
        try
        {
            node.Deserialize(type);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static string Describe(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(bool)) return "true or false";
        if (type == typeof(int) || type == typeof(long)) return "a whole number";
        if (type == typeof(string)) return "a text";
        if (type == typeof(TimeSpan)) return "an ISO 8601 duration such as \"PT15M\"";
        if (type.IsEnum) return "one of " + string.Join(", ", Enum.GetValues(type).Cast<object>().Select(value => JsonSerializer.SerializeToNode(value, ApiJson.Options.GetTypeInfo(type))));
        return ApiJson.Options.GetTypeInfo(type).Kind is JsonTypeInfoKind.Enumerable ? "a list" : "an object";
    }

    /// <summary>Text is decoded late; half a surrogate pair must be refused here and not surprise an operation.</summary>
    static void ReadTexts(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (_, value) in members) ReadTexts(value);
                break;
            case JsonArray items:
                foreach (var item in items) ReadTexts(item);
                break;
            case JsonValue value when value.GetValueKind() is JsonValueKind.String:
                value.GetValue<string>();
                break;
        }
    }
}
