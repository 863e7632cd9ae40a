using System.Text.Json;
using System.Text.Json.Nodes;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Admin.Settings;

/// <summary>One setting on a sheet: what holds now, what was shown when the sheet was opened, and what is typed.</summary>
/// <param name="Now">The value that holds.</param>
/// <param name="Parent">What holds without a word of one's own: the default, or for a domain the site's value.</param>
/// <param name="Shown">What the typing began with: only what differs from it is a change.</param>
/// <param name="Undone">Its own value shall go.</param>
public sealed record SettingEntry(
    Setting Setting, JsonNode? Now, JsonNode? Parent, SettingOrigin Origin, bool IsOwn, JsonNode? Shown, SettingInput Input, bool Undone)
{
    public bool IsChanged => Undone ? IsOwn : Input.ToJson() is var typed && (typed.Error is not null || !Equal(typed.Value, Shown));

    /// <summary>Somebody else changed it while it was typed.</summary>
    public bool IsOvertaken => !Equal(Now, Shown);

    public static bool Equal(JsonNode? one, JsonNode? other) => JsonNode.DeepEquals(one, other);
}

/// <summary>
/// A property sheet: made from the table of settings, and read back from the form into a merge patch of what was changed.
/// What was typed is kept through every refusal.
/// </summary>
public sealed class SettingSheet
{
    readonly List<SettingEntry> _entries;

    SettingSheet(string prefix, bool ofDomain, List<SettingEntry> entries) => (Prefix, OfDomain, _entries) = (prefix, ofDomain, entries);

    /// <summary>Of the fields' names: <c>settings.</c> or <c>overrides.</c></summary>
    public string Prefix { get; }
    public bool OfDomain { get; }
    public IReadOnlyList<SettingEntry> Entries => _entries;

    public static SettingSheet OfSite(string sheet, SettingValues site) => new("settings.", false, [.. On(sheet).Select(setting =>
        Entry(setting, site.Show(setting), setting.DefaultJson, site.Origin(setting), site.Origin(setting) is SettingOrigin.Site))]);

    public static SettingSheet OfDomainOverrides(string sheet, SettingValues domain, SettingValues site) => new("overrides.", true,
        [.. On(sheet).Where(setting => setting.Scope is SettingScope.SiteAndDomain).Select(setting =>
            Entry(setting, domain.Show(setting), site.Show(setting), domain.Origin(setting), domain.Origin(setting) is SettingOrigin.Domain))]);

    static IEnumerable<Setting> On(string sheet) => SettingsTable.All.Where(setting => setting.Sheet == sheet).OrderBy(setting => setting.Place);

    static SettingEntry Entry(Setting setting, JsonNode? now, JsonNode? parent, SettingOrigin origin, bool isOwn) =>
        new(setting, now, parent, origin, isOwn, now, SettingInput.Of(setting, now), false);

    /// <summary>Takes up what was typed, and does what a button of the sheet asks for.</summary>
    /// <returns>A button was pressed that only changes what is typed.</returns>
    public bool Read(IFormCollection form, string act)
    {
        Each(entry =>
        {
            var input = SettingInput.Read(entry.Setting, form, Prefix);
            var shown = Parse(form[$"was.{entry.Setting.Name}"], entry.Now);
            var undone = form[$"undone.{entry.Setting.Name}"] == "true" && SettingEntry.Equal(input.ToJson().Value, entry.Parent);
            return entry with { Input = input, Shown = shown, Undone = undone };
        });
        if (act.Split('-') is not [var what, var name, ..] parts) return false;
        switch (what)
        {
            case "undo":
                Change(name, entry => entry with { Input = SettingInput.Of(entry.Setting, entry.Parent), Undone = true });
                return true;
            case "use" when parts is [_, var move, var at] && int.TryParse(at, out var index):
                Change(SettingsTable.SmartHost.Name, entry => entry with { Input = Move(entry.Input, move, index) });
                return true;
            default:
                return false;
        }
    }

    /// <summary>After somebody else's change: what was not touched follows it, what was typed stays.</summary>
    public void Rebase() => Each(entry => entry.IsChanged
        ? entry with { Shown = entry.Now }
        : entry with { Shown = entry.Now, Input = SettingInput.Of(entry.Setting, entry.Now) });

    /// <summary>What was changed: null takes a value of one's own away.</summary>
    public Result<JsonObject> Patch()
    {
        var (patch, errors) = (new JsonObject(), new Dictionary<string, string[]>(StringComparer.Ordinal));
        foreach (var entry in _entries.Where(entry => entry.IsChanged))
        {
            var (value, error) = entry.Undone ? (null, null) : entry.Input.ToJson();
            if (error is not null) errors[Prefix + entry.Setting.Name] = [error];
            else patch[entry.Setting.Name] = Complete(entry, value)?.DeepClone();
        }
        return errors.Count == 0 ? patch : new Problem(ProblemKind.Invalid, string.Join(' ', errors.Values.Select(messages => messages[0])), errors);
    }

    /// <summary>Lays a patch over what is set, as somebody would write it.</summary>
    public static JsonObject Merge(string set, JsonObject patch)
    {
        var merged = JsonNode.Parse(set)!.AsObject();
        foreach (var (name, value) in patch)
        {
            if (value is null) merged.Remove(name);
            else merged[name] = value.DeepClone();
        }
        return merged;
    }

    // The form does not show it, and would lose it.
    static JsonNode? Complete(SettingEntry entry, JsonNode? value)
    {
        if (entry.Setting.Type is SettingType.SmartHost && value?["host"] is not null && entry.Now?["certificateAuthority"] is { } authority) value["certificateAuthority"] = authority.DeepClone();
        return value;
    }

    static SettingInput Move(SettingInput input, string move, int index)
    {
        var names = input.Texts(".use").Where(name => name.Length > 0).ToList();
        if (index < 0 || index >= names.Count) return input.With(".use", [.. names]);
        if (move is "remove") names.RemoveAt(index);
        var to = move is "up" ? index - 1 : index + 1;
        if (move is "up" or "down" && to >= 0 && to < names.Count) (names[index], names[to]) = (names[to], names[index]);
        return input.With(".use", [.. names]);
    }

    void Change(string name, Func<SettingEntry, SettingEntry> change) => Each(entry => entry.Setting.Name == name ? change(entry) : entry);

    void Each(Func<SettingEntry, SettingEntry> change)
    {
        for (var i = 0; i < _entries.Count; i++) _entries[i] = change(_entries[i]);
    }

    static JsonNode? Parse(string? text, JsonNode? otherwise)
    {
        if (string.IsNullOrEmpty(text)) return otherwise;
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return otherwise;
        }
    }
}
