using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;

namespace WebSmtp.Mta.Settings;

/// <summary>Reads setting values out of JSON; null means that the value is of another kind.</summary>
static class Json
{
    public static bool? Boolean(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    public static long? Integer(JsonNode node) =>
        node is JsonValue value && node.GetValueKind() is JsonValueKind.Number
        && long.TryParse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture, out var read) ? read : null;

    public static string? Text(JsonNode node) => node.GetValueKind() is JsonValueKind.String ? node.GetValue<string>() : null;

    public static IReadOnlyList<string>? Texts(JsonNode node) =>
        node is JsonArray items && items.All(item => item?.GetValueKind() is JsonValueKind.String)
            ? [.. items.Select(item => item!.GetValue<string>())]
            : null;

    public static TimeSpan? Duration(JsonNode node) => Text(node) is { } text ? Duration(text) : null;

    public static IReadOnlyList<TimeSpan>? Durations(JsonNode node) =>
        Texts(node)?.Select(Duration).ToList() is { } read && read.All(one => one is not null)
            ? [.. read.Select(one => one!.Value)]
            : null;

    /// <summary>Addresses and networks that a list may have: it is gone through for every connection.</summary>
    const int MaxRanges = 10_000;

    public static IReadOnlyList<AddressRange>? Ranges(JsonNode node)
    {
        if (Texts(node) is not { Count: <= MaxRanges } texts) return null;
        var ranges = new List<AddressRange>(texts.Count);
        foreach (var text in texts)
        {
            if (!AddressRange.TryParse(text, out var range)) return null;
            ranges.Add(range);
        }
        return ranges;
    }

    public static string RangesError(JsonNode node) =>
        $"{Quote(node)} is not allowed; give a list of at most {MaxRanges} addresses or networks such as [\"192.0.2.7\", \"10.0.0.0/8\", \"2001:db8::/32\"], with no bits set behind the prefix.";

    public static (RelayRules Value, string? Error) Relay(JsonNode node)
    {
        var rules = SettingsTable.Relay.Default;
        if (node is not JsonObject members) return (rules, $"{Quote(node)} is not allowed; give an object.");
        foreach (var (name, value) in members)
        {
            switch (name)
            {
                case "allowAuthenticated" when value is not null && Boolean(value) is { } allow:
                    rules = rules with { AllowAuthenticated = allow };
                    break;
                case "allowAddresses" when value is not null && Ranges(value) is { } ranges:
                    rules = rules with { AllowAddresses = ranges };
                    break;
                case "allowAddresses" when value is not null:
                    return (rules, $"allowAddresses: {RangesError(value)}");
                default:
                    return (rules, $"'{name}': {Quote(value)} is not allowed; members are allowAuthenticated (true or false) and allowAddresses (a list).");
            }
        }
        return (rules, null);
    }

    public static JsonNode Array(IReadOnlyList<string> items) => new JsonArray([.. items.Select(item => (JsonNode)item)]);

    /// <summary>The value for an error message, cut to a readable length.</summary>
    public static string Quote(JsonNode? node)
    {
        var text = node?.ToJsonString() ?? "null";
        return text.Length <= 80 ? text : text[..77] + "...";
    }

    static TimeSpan? Duration(string text)
    {
        try
        {
            return text.Length <= 40 ? XmlConvert.ToTimeSpan(text) : null;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }
}
