using System.Text.Json.Nodes;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Settings;

/// <summary>Judges the settings that an administrator wrote, of a site or as overrides of a domain.</summary>
static class SettingsInput
{
    /// <summary>What is to be stored: the valid settings without those that are null, which means "the default".</summary>
    /// <param name="field">Name of the whole in complaints: <c>settings</c> or <c>overrides</c>.</param>
    public static string Read(JsonObject given, string field, bool forDomain, Complaints complaints)
    {
        var stored = new JsonObject();
        foreach (var (name, value) in given)
        {
            if (SettingsTable.Find(name) is not { } setting)
                complaints.Add($"{field}.{name}", $"There is no setting '{name}'.");
            else if (forDomain && setting.Scope is not SettingScope.SiteAndDomain)
                complaints.Add($"{field}.{name}", $"'{name}' is a setting of the site only; a domain cannot override it.");
            else if (value is not null && !setting.TryParse(value, out _, out var error))
                complaints.Add($"{field}.{name}", error);
            else if (value is not null)
                stored[name] = value.DeepClone();
        }
        return stored.ToJsonString();
    }
}
