using System.Text.Json.Nodes;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Settings;

/// <summary>Judges the settings that an administrator wrote, of a site or as overrides of a domain.</summary>
static class SettingsInput
{
    /// <summary>Makes what is stored of a smart host, from how it was written and the name of its field.</summary>
    public delegate SmartHostRoute JudgeSmartHost(SmartHostChoice wanted, string field);

    /// <summary>What is to be stored: the valid settings without those that are null, which means "the default".</summary>
    /// <param name="field">Name of the whole in complaints: <c>settings</c> or <c>overrides</c>.</param>
    /// <param name="smartHost">Null for a domain, which has a route instead.</param>
    public static string Read(JsonObject given, string field, JudgeSmartHost? smartHost, Complaints complaints)
    {
        var stored = new JsonObject();
        foreach (var (name, value) in given)
        {
            var place = $"{field}.{name}";
            if (SettingsTable.Find(name) is not { } setting)
                complaints.Add(place, $"There is no setting '{name}'.");
            else if (smartHost is null && setting.Scope is not SettingScope.SiteAndDomain)
                complaints.Add(place, $"'{name}' is a setting of the site only; a domain cannot override it.");
            else if (value is not null && setting == SettingsTable.SmartHost)
                stored[name] = SmartHostJson.Read(value, place, complaints) is { } wanted ? SmartHostJson.Store(smartHost!(wanted, place)) : null;
            else if (value is not null && !setting.TryParse(value, out _, out var error))
                complaints.Add(place, error);
            else if (value is not null)
                stored[name] = value.DeepClone();
        }
        return stored.ToJsonString();
    }

    /// <summary>
    /// Stored settings as somebody would write them to keep them: without secrets, which stay where they are not
    /// mentioned.
    /// </summary>
    public static string Written(string stored)
    {
        if (JsonNode.Parse(stored)!.AsObject() is not { } settings || settings[SettingsTable.SmartHost.Name] is not { } host) return stored;
        settings[SettingsTable.SmartHost.Name] = SmartHostJson.Show(SmartHostJson.ReadStored(host).Value);
        return settings.ToJsonString();
    }
}
