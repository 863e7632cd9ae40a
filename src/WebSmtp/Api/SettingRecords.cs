using System.Text.Json.Nodes;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Api;

/// <summary>What there is to know about a setting.</summary>
/// <param name="Name">Its name in settings and overrides.</param>
/// <param name="Type">How its value is written.</param>
/// <param name="Sheet">The property sheet it belongs to.</param>
/// <param name="Scope">Whether a domain may override it.</param>
/// <param name="Help">What it does.</param>
/// <param name="Default">Its value when nothing is set.</param>
/// <param name="Unit">What a number counts.</param>
/// <param name="Minimum">The least that is allowed.</param>
/// <param name="Maximum">The most that is allowed.</param>
/// <param name="ZeroMeansNoLimit">0 is allowed as well, and means no limit.</param>
/// <param name="Choices">The values of a choice.</param>
/// <param name="MetabaseProperty">The property of the old service that it follows.</param>
/// <param name="Label">What a field for it is called.</param>
/// <param name="Group">The part of its sheet that it belongs to.</param>
/// <param name="Effect">From when on a change holds; newSessions: sessions that run keep what they began with; nextAttempt: also for mail that waits.</param>
sealed record SettingResponse(
    string Name, SettingType Type, string Sheet, SettingScope Scope, string Help, JsonNode? Default, string? Unit, string? Minimum,
    string? Maximum, bool ZeroMeansNoLimit, IReadOnlyList<string> Choices, string? MetabaseProperty, string Label, string Group, SettingEffect Effect)
{
    public static IReadOnlyList<SettingResponse> All => [.. SettingsTable.All.Select(setting => new SettingResponse(
        setting.Name, setting.Type, setting.Sheet, setting.Scope, setting.Help, setting.DefaultJson, setting.Unit, setting.Minimum,
        setting.Maximum, setting.ZeroMeansNoLimit, setting.Choices, setting.MetabaseProperty, setting.Label, setting.Group, setting.Effect))];

    public const string Example = """
        [ { "name": "maxMessageSize", "type": "size", "sheet": "Messages", "scope": "siteAndDomain",
            "help": "The largest message that is taken, announced with SIZE. A larger one is refused with 552.",
            "default": 33554432, "unit": "bytes", "minimum": "1024", "maximum": "2147483648", "zeroMeansNoLimit": true,
            "choices": [], "metabaseProperty": "MaxMessageSize",
            "label": "Largest message", "group": "Limits of what is taken", "effect": "newSessions" } ]
        """;

    static readonly string[] Unknown = ["There is no such setting."];

    /// <summary>
    /// null in a patch takes a setting away before anyone looks at its name; a name that does not exist must not pass
    /// unseen that way.
    /// </summary>
    public static Problem? RefuseUnknown(JsonObject patch, string member)
    {
        if (patch[member] is not JsonObject settings) return null;
        var errors = settings.Where(pair => pair.Value is null && SettingsTable.Find(pair.Key) is null)
            .ToDictionary(pair => $"{member}.{pair.Key}", _ => Unknown, StringComparer.Ordinal);
        return errors.Count > 0 ? JsonInput.Refused(errors) : null;
    }
}
