using System.Text.Json.Nodes;

namespace WebSmtp.Mta.Settings;

/// <summary>How a setting's value is written in JSON.</summary>
public enum SettingType { Boolean, Number, Size, Duration, DurationList, Text, Address, Choice, ChoiceList, AddressRanges, Relay, SmartHost }

/// <summary>Whether only the site has it, or a domain may override it.</summary>
public enum SettingScope { Site, SiteAndDomain }

/// <summary>
/// From when on a change of a setting holds. <see cref="NewSessions"/>: sessions that run keep what they began with.
/// <see cref="NextAttempt"/>: also for mail that waits already.
/// </summary>
public enum SettingEffect { AtOnce, NewSessions, NextAttempt }

/// <summary>
/// One row of the table of settings: what the REST schema, the property sheets and docs/settings.md are made from.
/// </summary>
public abstract class Setting
{
    /// <summary>As in the REST contract, camel case.</summary>
    public required string Name { get; init; }
    public required SettingType Type { get; init; }

    /// <summary>The property sheet it belongs to: General, Access, Messages, Delivery, Folders, TLS.</summary>
    public required string Sheet { get; init; }

    /// <summary>What a field for it is called: a few words.</summary>
    public string Label => SettingWords.Of(Name).Label;

    /// <summary>The part of its sheet that it belongs to.</summary>
    public string Group => SettingWords.Of(Name).Group;

    /// <summary>Settings of a sheet stand in this order.</summary>
    public int Place => SettingWords.PlaceOf(Name);

    /// <summary>From when on a change holds.</summary>
    public SettingEffect Effect => SettingWords.Of(Name).Effect;

    /// <summary>One or two sentences for an administrator.</summary>
    public required string Help { get; init; }
    public SettingScope Scope { get; init; } = SettingScope.Site;

    /// <summary><c>bytes</c>, <c>connections</c>, ...; null where the type says it.</summary>
    public string? Unit { get; init; }
    public string? Minimum { get; init; }
    public string? Maximum { get; init; }

    /// <summary>0 means that there is no limit.</summary>
    public bool ZeroMeansNoLimit { get; init; }

    /// <summary>What a Choice or ChoiceList may be.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The old service's metabase property; null when it had none.</summary>
    public string? MetabaseProperty { get; init; }

    /// <summary>The default as JSON; null where "not set" is the default.</summary>
    public abstract JsonNode? DefaultJson { get; }

    /// <summary>Reads a JSON value in the form that is stored; the error says what is allowed. A value that parses is valid.</summary>
    public abstract bool TryParse(JsonNode value, out object? parsed, out string error);

    /// <summary>The parsed value as JSON for showing; secrets are left out.</summary>
    public abstract JsonNode? Format(object? parsed);
}

/// <summary>A setting whose parsed value is a <typeparamref name="T"/>.</summary>
public sealed class Setting<T> : Setting
{
    public required T Default { get; init; }

    /// <summary>Returns null and the parsed value, or the error.</summary>
    public required Func<JsonNode, (T Value, string? Error)> Read { get; init; }
    public required Func<T, JsonNode?> Write { get; init; }

    public override JsonNode? DefaultJson => Write(Default);

    public override bool TryParse(JsonNode value, out object? parsed, out string error)
    {
        var (read, problem) = Read(value);
        parsed = read;
        error = problem ?? "";
        return problem is null;
    }

    public override JsonNode? Format(object? parsed) => Write((T)parsed!);
}
