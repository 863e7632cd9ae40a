using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace WebSmtp.Mta.Settings;

/// <summary>Where an effective value comes from.</summary>
public enum SettingOrigin { Default, Site, Domain }

/// <summary>
/// The settings of a site, or of a domain of it: each value with its origin. The one place where a domain's word beats
/// the site's and the site's beats the default. Immutable.
/// </summary>
public sealed class SettingValues
{
    public static readonly SettingValues Defaults = new([], [], "");

    readonly ImmutableDictionary<Setting, object?> _site;
    readonly ImmutableDictionary<Setting, object?> _domain;

    SettingValues(ImmutableDictionary<Setting, object?> site, ImmutableDictionary<Setting, object?> domain, string text)
    {
        _site = site;
        _domain = domain;
        Text = text;
    }

    /// <summary>What was set, as it was written: those with the same text are the same.</summary>
    internal string Text { get; }

    public T Get<T>(Setting<T> setting) =>
        _domain.TryGetValue(setting, out var value) || _site.TryGetValue(setting, out value) ? (T)value! : setting.Default;

    public SettingOrigin Origin(Setting setting) =>
        _domain.ContainsKey(setting) ? SettingOrigin.Domain
        : _site.ContainsKey(setting) ? SettingOrigin.Site
        : SettingOrigin.Default;

    /// <summary>The effective value as JSON, without secrets.</summary>
    public JsonNode? Show(Setting setting) =>
        _domain.TryGetValue(setting, out var value) || _site.TryGetValue(setting, out value)
            ? setting.Format(value)
            : setting.DefaultJson;

    /// <summary>Values of a site from its stored JSON object, which was validated when it was written.</summary>
    public static SettingValues ForSite(string json) => new(Parse(json), [], json);

    /// <summary>The same with a domain's overrides on top.</summary>
    public SettingValues WithDomain(string json) => new(_site, Parse(json), $"{Text}\n{json}");

    static ImmutableDictionary<Setting, object?> Parse(string json)
    {
        var values = ImmutableDictionary.CreateBuilder<Setting, object?>();
        foreach (var (name, node) in JsonNode.Parse(json)!.AsObject())
        {
            if (node is not null && SettingsTable.Find(name) is { } setting && setting.TryParse(node, out var parsed, out _))
                values[setting] = parsed;
        }
        return values.ToImmutable();
    }
}
