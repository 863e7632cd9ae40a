using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;
using WebSmtp.Mta.Settings;

namespace WebSmtp.Api;

/// <summary>The members of settings and overrides, from the table that they are defined in.</summary>
sealed class SettingSchemas : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema whole || whole.Properties is null) return;
        if (context.Type == typeof(SiteRequest) || context.Type == typeof(SiteResponse))
            whole.Properties["settings"] = Schema(SettingsTable.All, "Settings by name.");
        if (context.Type == typeof(DomainRequest) || context.Type == typeof(DomainResponse))
            whole.Properties["overrides"] = Schema(SettingsTable.All.Where(setting => setting.Scope is SettingScope.SiteAndDomain), "Overridden settings by name.");
    }

    static OpenApiSchema Schema(IEnumerable<Setting> settings, string description) => new()
    {
        Type = JsonSchemaType.Object,
        Description = description,
        AdditionalPropertiesAllowed = false,
        Properties = settings.ToDictionary(setting => setting.Name, setting => (IOpenApiSchema)Schema(setting), StringComparer.Ordinal),
    };

    static OpenApiSchema Schema(Setting setting)
    {
        var schema = new OpenApiSchema { Description = setting.Help, Default = setting.DefaultJson };
        var text = new OpenApiSchema { Type = JsonSchemaType.String };
        switch (setting.Type)
        {
            case SettingType.Boolean:
                schema.Type = JsonSchemaType.Boolean;
                break;
            case SettingType.Number or SettingType.Size:
                schema.Type = JsonSchemaType.Integer;
                schema.Format = "int64";
                (schema.Minimum, schema.Maximum) = (setting.ZeroMeansNoLimit ? "0" : setting.Minimum, setting.Maximum);
                if (setting.ZeroMeansNoLimit) schema.Description += $" 0 means no limit; else at least {setting.Minimum}.";
                break;
            case SettingType.Duration:
                (schema.Type, schema.Format) = (JsonSchemaType.String, "duration");
                schema.Description += $" From {setting.Minimum} to {setting.Maximum}.";
                break;
            case SettingType.DurationList:
                text.Format = "duration";
                (schema.Type, schema.Items) = (JsonSchemaType.Array, text);
                schema.Description += $" Each from {setting.Minimum} to {setting.Maximum}.";
                break;
            case SettingType.Choice:
                (schema.Type, schema.Enum) = (JsonSchemaType.String, Choices(setting));
                break;
            case SettingType.ChoiceList:
                text.Enum = Choices(setting);
                (schema.Type, schema.Items) = (JsonSchemaType.Array, text);
                break;
            case SettingType.AddressRanges:
                (schema.Type, schema.Items) = (JsonSchemaType.Array, text);
                break;
            case SettingType.Relay:
                schema.Type = JsonSchemaType.Object;
                schema.Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
                {
                    ["allowAuthenticated"] = new OpenApiSchema { Type = JsonSchemaType.Boolean },
                    ["allowAddresses"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = text },
                };
                break;
            case SettingType.SmartHost:
                schema.Type = JsonSchemaType.Object | JsonSchemaType.Null;
                schema.Properties = SmartHost();
                break;
            default:
                schema.Type = JsonSchemaType.String;
                schema.MaxLength = int.TryParse(setting.Maximum, NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null;
                break;
        }
        return schema;
    }

    static Dictionary<string, IOpenApiSchema> SmartHost()
    {
        return new(StringComparer.Ordinal)
        {
            ["host"] = Of(JsonSchemaType.String, "Its name, or its address in brackets."),
            ["port"] = Of(JsonSchemaType.Integer, "TCP port. Default: 465 with tls implicit, else 587 with a log-in and 25 without."),
            ["tls"] = Of(JsonSchemaType.String, "Default: verify with a log-in, opportunistic without.", "none", "opportunistic", "require", "verify", "implicit"),
            ["username"] = Of(JsonSchemaType.String, "Given, it is logged in to."),
            ["password"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Never shown; stays when it is left out.", WriteOnly = true },
            ["certificateAuthority"] = Of(JsonSchemaType.String, "PEM of the authorities to trust instead of the system's."),
            ["clientCertificate"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "PEM of a certificate and its key to show; never given out, stays when it is left out.", WriteOnly = true },
            ["use"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Description = "Instead of a host: names of smart hosts, tried in order.",
                Items = new OpenApiSchema { Type = JsonSchemaType.String },
            },
            ["mode"] = Of(JsonSchemaType.String, "For all mail that no domain rule routes, or where its own hosts cannot be reached. Default: always.", "always", "fallback"),
        };

        static OpenApiSchema Of(JsonSchemaType type, string description, params string[] choices) => new()
        {
            Type = type,
            Description = description,
            Enum = choices.Length > 0 ? [.. choices.Select(choice => (JsonNode)choice)] : null,
        };
    }

    static List<JsonNode> Choices(Setting setting) => [.. setting.Choices.Select(choice => (JsonNode)choice)];
}
