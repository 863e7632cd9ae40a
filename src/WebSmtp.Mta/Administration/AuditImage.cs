using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Xml;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Administration;

/// <summary>
/// What things are at a moment, by the names that the REST API has for their fields. Secrets are in it, so that a change of
/// one is seen: only <see cref="AuditChange"/> looks at it, and leaves marks in their place.
/// </summary>
static class AuditImage
{
    static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new Duration() },
    };

    /// <summary>Of anything that is written as an object.</summary>
    public static JsonObject Of<T>(T thing) => JsonSerializer.SerializeToNode(thing, Options)!.AsObject();

    public static JsonObject Of(Site site, string? defaultDomain = null) => Of(new
    {
        site.Name,
        site.AutoStart,
        site.Endpoints,
        site.Mailroot,
        DefaultDomain = defaultDomain ?? site.Domains.Find(domain => domain.Kind is DomainKind.Default)?.Name,
        site.Fqdn,
        Settings = JsonNode.Parse(site.Settings),
    });

    public static JsonObject? Of(DomainSnapshot? domain) => domain is null ? null : Of(new
    {
        domain.Kind,
        domain.Route,
        TurnAccounts = domain.TurnAccounts.Count > 0 ? domain.TurnAccounts : null,
        AllowRelay = domain.ConfiguredAllowRelay,
        Overrides = JsonNode.Parse(domain.ExplicitOverrides),
    });

    public static JsonObject Of(Account account) => Of(new
    {
        account.Enabled,
        Password = account.PasswordHash,
        ChallengeResponse = account.ChallengeSecret is not null,
        account.Description,
        account.Sites,
    });

    public static JsonObject Of(SmartHost host) => Of(new { host.Target, host.Limits });

    public static JsonObject Of(Collector collector)
    {
        var image = Of<Collector>(collector);
        foreach (var name in (string[])["id", "siteId", "name", "version"]) image.Remove(name);
        return image;
    }

    public static JsonObject Of(AdminUser user) => Of(new { user.Role, Password = user.PasswordHash });

    public static JsonObject Of(ApiKey key) => Of(new { key.Name, key.Role, key.ExpiresAt });

    /// <summary>As everywhere in the API: ISO 8601.</summary>
    sealed class Duration : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => XmlConvert.ToTimeSpan(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(XmlConvert.ToString(value));
    }
}
