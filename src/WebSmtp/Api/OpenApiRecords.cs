using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace WebSmtp.Api;

/// <summary>Which members of the API's records are needed, may be null, and have which default: as their reader sees it.</summary>
sealed class RecordSchemas : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema whole || whole.Properties is null || context.Type.Namespace != typeof(RecordSchemas).Namespace) return;
        var type = ApiJson.Options.GetTypeInfo(context.Type);
        var isWritten = IsWritten(context.Type);
        var needed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in type.Properties)
        {
            if (!whole.Properties.TryGetValue(member.Name, out var shown)) continue;
            var parameter = member.AssociatedParameter;
            if (isWritten ? parameter is { HasDefaultValue: false } : !MayBeLeftOut(member)) needed.Add(member.Name);
            if (shown is OpenApiSchemaReference reference && parameter is { IsNullable: true } && !member.PropertyType.IsValueType)
                whole.Properties[member.Name] = reference.OrNull();
            if (shown is not OpenApiSchema own) continue;
            if (!member.PropertyType.IsValueType && parameter is { IsNullable: false }) own.Type &= ~JsonSchemaType.Null;
            if (isWritten && parameter is { HasDefaultValue: true, DefaultValue: bool or int or string } optional)
                own.Default = JsonValue.Create(optional.DefaultValue);
        }
        whole.Required = needed;
    }

    /// <summary>It is part of a request.</summary>
    static bool IsWritten(Type type) =>
        type.Name.EndsWith("Request", StringComparison.Ordinal) || type.Name.EndsWith("Document", StringComparison.Ordinal);

    static bool MayBeLeftOut(JsonPropertyInfo member) =>
        member.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false).Length > 0;
}
