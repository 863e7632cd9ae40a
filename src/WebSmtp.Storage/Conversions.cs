using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace WebSmtp.Storage;

/// <summary>UTC in the table, because SQLite cannot order or compare a DateTimeOffset.</summary>
sealed class UtcInstant() : ValueConverter<DateTimeOffset, DateTime>(
    value => value.UtcDateTime, stored => new DateTimeOffset(DateTime.SpecifyKind(stored, DateTimeKind.Utc)));

/// <summary>An enumeration's member as the text that the REST API uses too (<c>requireStartTls</c>).</summary>
sealed class EnumText<T>() : ValueConverter<T, string>(value => EnumText<T>.Write(value), text => EnumText<T>.Read(text))
    where T : struct, Enum
{
    static readonly Dictionary<T, string> Texts = Enum.GetValues<T>().ToDictionary(v => v, v => JsonNamingPolicy.CamelCase.ConvertName(v.ToString()));
    static readonly Dictionary<string, T> Values = Texts.ToDictionary(p => p.Value, p => p.Key, StringComparer.Ordinal);

    public static string Write(T value) => Texts[value];
    public static T Read(string text) => Values[text];
}

/// <summary>Small lists and records that are only ever read whole: JSON text in one column.</summary>
static class JsonText
{
    static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static PropertyBuilder<T> StoredAsJson<T>(this PropertyBuilder<T> property) => property.HasConversion(
        new ValueConverter<T, string>(value => Write(value), text => Read<T>(text)),
        new ValueComparer<T>((a, b) => Write(a) == Write(b), value => Write(value).GetHashCode(StringComparison.Ordinal), value => Read<T>(Write(value))));

    static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);
    static T Read<T>(string text) => JsonSerializer.Deserialize<T>(text, Options)!;
}
