using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Admin.Settings;

/// <summary>
/// One setting as it is typed: the values of its fields by the end of their names. Made from the setting's JSON, and
/// read back into it.
/// </summary>
public sealed record SettingInput(Setting Setting, IReadOnlyDictionary<string, string[]> Fields)
{
    /// <summary>What a field may have at most: a list of ten thousand addresses fits in.</summary>
    const int MaxText = 500_000;

    /// <summary>What a smart host may be named in a sequence.</summary>
    const int MostNames = 20;

    /// <summary>The ends of the names of the fields that a setting has; the empty one is the setting's own name.</summary>
    static string[] Parts(SettingType type) => type switch
    {
        SettingType.Relay => [".allowAuthenticated", ".allowAddresses"],
        SettingType.SmartHost => [".kind", ".mode", ".use", ".host", ".port", ".tls", ".username", ".password"],
        _ => [""],
    };

    public string Text(string part = "") => Fields.GetValueOrDefault(part) is [var first, ..] ? first : "";
    public string[] Texts(string part = "") => Fields.GetValueOrDefault(part) ?? [];

    public SettingInput With(string part, params string[] values) =>
        this with { Fields = new Dictionary<string, string[]>(Fields, StringComparer.Ordinal) { [part] = values } };

    /// <param name="prefix">Of the fields' names: <c>settings.</c></param>
    public static SettingInput Read(Setting setting, IFormCollection form, string prefix) => new(setting, Parts(setting.Type).ToDictionary(
        part => part,
        part => form[$"{prefix}{setting.Name}{part}"].OfType<string>().Where(text => text.Length <= MaxText)
            .Select(text => part is ".password" ? text : text.Trim()).ToArray(),
        StringComparer.Ordinal));

    public static SettingInput Of(Setting setting, JsonNode? value)
    {
        var empty = new SettingInput(setting, new Dictionary<string, string[]>(StringComparer.Ordinal));
        switch (setting.Type)
        {
            case SettingType.Relay:
                return empty.With(".allowAuthenticated", Yes(value?["allowAuthenticated"])).With(".allowAddresses", Lines(value?["allowAddresses"]));
            case SettingType.SmartHost:
                var kind = value is null ? "none" : value["use"] is not null ? "use" : "host";
                return empty.With(".kind", kind).With(".mode", Plain(value?["mode"])).With(".use", List(value?["use"]))
                    .With(".host", Plain(value?["host"])).With(".port", Plain(value?["port"])).With(".tls", Plain(value?["tls"]))
                    .With(".username", Plain(value?["username"]));
            case SettingType.ChoiceList:
                return empty.With("", List(value));
            case SettingType.AddressRanges:
                return empty.With("", Lines(value));
            default:
                return empty.With("", Show(setting, value));
        }
    }

    /// <summary>A value in one line, for people.</summary>
    public static string Describe(Setting setting, JsonNode? value) => setting.Type switch
    {
        SettingType.Boolean => value?.GetValue<bool>() is true ? "yes" : "no",
        SettingType.Number or SettingType.Size when setting.ZeroMeansNoLimit && value?.GetValue<long>() is 0 => "no limit",
        SettingType.Number when setting.Unit is { } unit => $"{Figures.Count(value!.GetValue<long>())} {unit}",
        SettingType.ChoiceList or SettingType.AddressRanges => value is JsonArray { Count: > 0 } items ? string.Join(", ", items.Take(5)) + (items.Count > 5 ? $" and {items.Count - 5} more" : "") : "none",
        SettingType.Relay => $"log-in: {(value?["allowAuthenticated"]?.GetValue<bool>() is true ? "yes" : "no")}; {(value?["allowAddresses"] is JsonArray { Count: > 0 } ranges ? string.Join(", ", ranges.Take(5)) : "no addresses")}",
        SettingType.SmartHost => value is null ? "none" : value["use"] is JsonArray names ? string.Join(", then ", names) : $"{value["host"]}:{value["port"]}",
        _ when Show(setting, value) is { Length: > 0 } text => text,
        _ => "none",
    };

    /// <summary>The setting's JSON, or what is wrong with what was typed. Whether the value is allowed is the operation's to say.</summary>
    public (JsonNode? Value, string? Error) ToJson()
    {
        switch (Setting.Type)
        {
            case SettingType.Boolean:
                return (Text() is "true", null);
            case SettingType.Number:
                return long.TryParse(Text().Replace(",", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    ? (number, null)
                    : (null, $"'{Text()}' is not a whole number; give one from {Setting.Minimum} to {Setting.Maximum}{NoLimit}.");
            case SettingType.Size:
                return UnitText.ReadSize(Text()) is { } bytes ? (bytes, null) : (null, $"'{Text()}' is not a size; give such as 10 MiB{NoLimit}.");
            case SettingType.Duration:
                return UnitText.ReadTime(Text()) is { } time ? (XmlConvert.ToString(time), null) : (null, $"'{Text()}' is not a time; give such as 15 min or 2 days.");
            case SettingType.DurationList:
                var times = Text().Split([',', ';', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                if (System.Array.Find(times, text => UnitText.ReadTime(text) is null) is { } wrong) return (null, $"'{wrong}' is not a time; give such as 15 min, 1 h, 4 h.");
                return (new JsonArray([.. times.Select(text => (JsonNode)XmlConvert.ToString(UnitText.ReadTime(text)!.Value))]), null);
            case SettingType.ChoiceList:
                return (Listed(Texts()), null);
            case SettingType.AddressRanges:
                return (Listed(Split(Text())), null);
            case SettingType.Relay:
                return (new JsonObject { ["allowAuthenticated"] = Text(".allowAuthenticated") is "true", ["allowAddresses"] = Listed(Split(Text(".allowAddresses"))) }, null);
            case SettingType.SmartHost:
                return SmartHost();
            default:
                return (Text(), null);
        }
    }

    string NoLimit => Setting.ZeroMeansNoLimit ? ", or 0 for no limit" : "";

    (JsonNode? Value, string? Error) SmartHost()
    {
        var mode = Text(".mode") is "fallback" ? "fallback" : "always";
        switch (Text(".kind"))
        {
            case "use":
                var names = Texts(".use").Where(name => name.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase).Take(MostNames).ToArray();
                return names.Length > 0 ? (new JsonObject { ["use"] = Listed(names), ["mode"] = mode }, null) : (null, "Choose at least one smart host.");
            case "host":
                var host = new JsonObject { ["host"] = Text(".host") };
                if (Text(".port") is { Length: > 0 } port)
                {
                    if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return (null, $"'{port}' is not a port; give a number from 1 to 65535.");
                    host["port"] = number;
                }
                foreach (var part in (ReadOnlySpan<string>)["tls", "username", "password"])
                {
                    if (Text("." + part) is { Length: > 0 } text) host[part] = text;
                }
                host["mode"] = mode;
                return (host, null);
            default:
                return (null, null);
        }
    }

    static string Show(Setting setting, JsonNode? value) => (setting.Type, value) switch
    {
        (_, null) => "",
        (SettingType.Boolean, _) => Yes(value),
        (SettingType.Size, _) => UnitText.Write(value.GetValue<long>()),
        (SettingType.Duration, _) => UnitText.Write(XmlConvert.ToTimeSpan(value.GetValue<string>())),
        (SettingType.DurationList, JsonArray items) => string.Join(", ", items.Select(item => UnitText.Write(XmlConvert.ToTimeSpan(item!.GetValue<string>())))),
        _ => value.ToString(),
    };

    static string Yes(JsonNode? value) => value?.GetValue<bool>() is true ? "true" : "false";
    static string Plain(JsonNode? value) => value?.ToString() ?? "";
    static string[] List(JsonNode? value) => value is JsonArray items ? [.. items.Select(item => item!.ToString())] : [];
    static string Lines(JsonNode? value) => string.Join('\n', List(value));
    static string[] Split(string text) => text.Split([' ', ',', ';', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries);
    static JsonArray Listed(IEnumerable<string> items) => [.. items.Select(item => (JsonNode)item)];
}
