using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Endpoints;

namespace WebSmtp.Admin;

/// <summary>
/// The values in an address that its page takes as numbers, or as true or false. The framework throws at one that is
/// neither; who asked is told which one it is.
/// </summary>
static class PageQuery
{
    static readonly object Key = new();
    static readonly ConcurrentDictionary<Type, IReadOnlyList<(string Name, Type Type)>> Known = new();

    /// <summary>True when the page that is asked for cannot be shown; <see cref="Wrong"/> then says why.</summary>
    public static bool IsWrong(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not { Type: var page }) return false;
        foreach (var (name, type) in Known.GetOrAdd(page, ParametersOf))
        {
            foreach (var value in context.Request.Query[name])
            {
                if (IsReadable(value ?? "", type)) continue;
                context.Items[Key] = $"The address has '{value}' for '{name}', which takes {(KindOf(type) == typeof(bool) ? "true or false" : "a number")}.";
                return true;
            }
        }
        return false;
    }

    /// <summary>What is wrong in the address that was asked for; null: nothing.</summary>
    public static string? Wrong(HttpContext context) => context.Items.TryGetValue(Key, out var wrong) ? wrong as string : null;

    static IReadOnlyList<(string Name, Type Type)> ParametersOf(Type page) =>
    [
        .. page.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(property => (Property: property, Query: property.GetCustomAttribute<SupplyParameterFromQueryAttribute>()))
            .Where(one => one.Query is not null && one.Property.PropertyType != typeof(string))
            .Select(one => (one.Query!.Name ?? JsonNamingPolicy.CamelCase.ConvertName(one.Property.Name), one.Property.PropertyType)),
    ];

    static Type KindOf(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    static bool IsReadable(string value, Type type)
    {
        if (value.Length is 0) return KindOf(type) != type;
        if (KindOf(type) == typeof(bool)) return bool.TryParse(value, out _);
        if (KindOf(type) == typeof(int)) return int.TryParse(value, CultureInfo.InvariantCulture, out _);
        return KindOf(type) != typeof(long) || long.TryParse(value, CultureInfo.InvariantCulture, out _);
    }
}
