using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace WebSmtp.Api;

/// <summary>The API's description of itself: <c>/swagger/v1/swagger.json</c>, and a page to try it at <c>/swagger</c>.</summary>
static class OpenApi
{
    const string Version = "v1";

    public static void AddOpenApiDocument(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        services.AddSingleton<ISerializerDataContractResolver>(new JsonSerializerDataContractResolver(ApiJson.Options));
        services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(Version, new OpenApiInfo
            {
                Title = "WebSmtp",
                Version = Version,
                Description = "SMTP sites, their domains, accounts, queue and sessions. Give an API key with Authorize. "
                    + "Times are UTC, durations ISO 8601, sizes bytes; refusals are problem details (RFC 9457).",
                License = new OpenApiLicense { Name = "MIT" },
            });
            options.AddSecurityDefinition("bearer", new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key.",
            });
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            options.CustomSchemaIds(SchemaId);
            options.MapType<TimeSpan>(() => new OpenApiSchema { Type = JsonSchemaType.String, Format = "duration", Examples = ["PT15M"] });
            options.MapType<TimeSpan?>(() => new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null, Format = "duration", Examples = ["P30D"] });
            options.MapType<JsonNode>(() => new OpenApiSchema());
            options.IncludeXmlComments(typeof(OpenApi).Assembly);
            options.SchemaFilter<SettingSchemas>();
            options.OperationFilter<OperationDetails>();
        });
    }

    public static void MapOpenApiDocument(this IEndpointRouteBuilder app)
    {
        app.MapSwagger("/swagger/{documentName}/swagger.json", options => options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1).AllowAnonymous();
        app.MapSwaggerUI("swagger", options =>
        {
            options.SwaggerEndpoint("/swagger/v1/swagger.json", "WebSmtp v1");
            options.DocumentTitle = "WebSmtp REST API";
            options.EnablePersistAuthorization();
        }).AllowAnonymous();
    }

    /// <summary>The document as text, of an application that runs.</summary>
    public static Task<string> RenderAsync(IServiceProvider services) =>
        services.GetRequiredService<ISwaggerProvider>().GetSwagger(Version).SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1);

    static string SchemaId(Type type)
    {
        var name = type.Name.Split('`')[0].Replace("Response", "", StringComparison.Ordinal).Replace("Document", "", StringComparison.Ordinal);
        return type.IsGenericType ? $"{name}Of{string.Concat(type.GetGenericArguments().Select(SchemaId))}" : name;
    }
}
