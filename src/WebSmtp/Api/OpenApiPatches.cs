using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace WebSmtp.Api;

static class NullableSchemas
{
    /// <summary>The same, or null: a reference cannot say so itself, and no list of values has a null in it.</summary>
    public static OpenApiSchema OrNull(this IOpenApiSchema schema) => new()
    {
        Description = schema.Description,
        OneOf = [schema, new OpenApiSchema { Type = JsonSchemaType.Null }],
    };
}

/// <summary>
/// Merge patches (RFC 7396) of what the document describes: the members of the whole at every depth, none of them needed,
/// and null for what may be absent. Lists are replaced whole.
/// </summary>
sealed class PatchSchemas(SchemaRepository schemas, Microsoft.OpenApi.OpenApiDocument document)
{
    /// <summary>The patch of a schema that has a name; made when it is first asked for.</summary>
    public IOpenApiSchema Of(OpenApiSchemaReference reference)
    {
        var id = reference.Reference.Id!;
        if (schemas.Schemas[id] is not OpenApiSchema { Properties.Count: > 0 } whole) return reference;
        var name = id.Replace("Request", "", StringComparison.Ordinal) + "Patch";
        if (!schemas.Schemas.ContainsKey(name)) schemas.AddDefinition(name, Of(whole, "The members to change; null takes one away."));
        return new OpenApiSchemaReference(name, document);
    }

    OpenApiSchema Of(OpenApiSchema whole, string? description)
    {
        var patch = (OpenApiSchema)whole.CreateShallowCopy();
        patch.Description = description;
        patch.Required = null;
        patch.Properties = whole.Properties!.ToDictionary(
            pair => pair.Key, pair => Of(pair.Value, whole.Required?.Contains(pair.Key) is not true), StringComparer.Ordinal);
        return patch;
    }

    IOpenApiSchema Of(IOpenApiSchema member, bool mayBeAbsent)
    {
        if (member is OpenApiSchema { OneOf: [OpenApiSchemaReference named, ..] }) return Described(Of(named), member.Description, mayBeAbsent);
        if (member is OpenApiSchemaReference reference) return Described(Of(reference), member.Description, mayBeAbsent);
        var own = (OpenApiSchema)member;
        var patch = own.Properties is { Count: > 0 } ? Of(own, own.Description) : (OpenApiSchema)own.CreateShallowCopy();
        // What is not given stays as it is.
        patch.Default = null;
        if (!mayBeAbsent) return patch;
        if (patch.Enum is { Count: > 0 }) return patch.OrNull();
        patch.Type |= JsonSchemaType.Null;
        return patch;
    }

    static IOpenApiSchema Described(IOpenApiSchema schema, string? description, bool mayBeAbsent)
    {
        if (schema is OpenApiSchemaReference reference) reference.Description = description;
        return mayBeAbsent ? schema.OrNull() : schema;
    }
}
