using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Settings;

/// <summary>
/// A site's smart host as JSON, in its three forms: as an administrator writes it, as it is stored with its secret
/// encrypted, and as it is shown, without the secret.
/// </summary>
static class SmartHostJson
{
    static readonly JsonSerializerOptions StoredForm = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static JsonNode Store(SmartHostRoute route) => JsonSerializer.SerializeToNode(route, StoredForm)!;

    public static (SmartHostRoute? Value, string? Error) ReadStored(JsonNode node)
    {
        try
        {
            var route = node.Deserialize<SmartHostRoute>(StoredForm);
            return route is { Target: not null } or { Use.Count: > 0 } ? (route, null) : (null, "There is neither a host nor a name in it.");
        }
        catch (JsonException e)
        {
            return (null, e.Message);
        }
    }

    public static JsonNode? Show(SmartHostRoute? route)
    {
        if (route is null) return null;
        var shown = new JsonObject();
        if (route.Target is { } target)
        {
            (shown["host"], shown["port"], shown["tls"]) = (target.Host, target.Port, NameOf(target.Tls));
            if (target.Auth.Username is { } username) shown["username"] = username;
            if (target.CertificateAuthority is { } authority) shown["certificateAuthority"] = authority;
        }
        else
        {
            shown["use"] = Json.Array(route.Use);
        }
        shown["mode"] = NameOf(route.Mode);
        return shown;
    }

    /// <summary>What somebody wrote; complains about members that are not what they should be.</summary>
    public static SmartHostChoice? Read(JsonNode node, string field, Complaints complaints)
    {
        if (node is not JsonObject members)
        {
            complaints.Add(field, $$"""{{Json.Quote(node)}} is not allowed; give an object such as {"host":"relay.example"} or {"use":["primary"]}.""");
            return null;
        }
        var before = complaints.Count;
        foreach (var (name, _) in members)
        {
            if (name is not ("host" or "port" or "tls" or "username" or "password" or "certificateAuthority" or "clientCertificate" or "use" or "mode"))
                complaints.Add($"{field}.{name}", "There is no such member.");
        }
        var use = members["use"] is { } names ? Json.Texts(names) : null;
        if (members["use"] is { } wrong && use is null) complaints.Add($"{field}.use", $"{Json.Quote(wrong)} is not allowed; give a list of names.");
        var port = members["port"] is { } number ? Json.Integer(number) : null;
        if (members["port"] is not null && port is null or < 0 or > 65535) complaints.Add($"{field}.port", $"{Json.Quote(members["port"])} is not a port; give a number from 1 to 65535.");
        var choice = SmartHostChoice.Inline(
            Text("host"), (int?)port, Choice<HostTls>("tls"), Text("username"), Text("password"), Text("certificateAuthority"), Choice<SmartHostMode>("mode") ?? default,
            Text("clientCertificate"));
        if (complaints.Count > before) return null;
        // Members of a host beside names are complained about where both are judged.
        return use is null ? choice : choice with { Use = use, Target = members.Any(member => member.Key is not ("use" or "mode") && member.Value is not null) ? choice.Target : null };

        string? Text(string name)
        {
            if (members[name] is not { } value) return null;
            if (Json.Text(value) is { } text) return text;
            // Not quoted: it may be a secret.
            complaints.Add($"{field}.{name}", "This must be a text.");
            return null;
        }

        T? Choice<T>(string name) where T : struct, Enum
        {
            if (Text(name) is not { } text) return null;
            foreach (var value in Enum.GetValues<T>())
            {
                if (NameOf(value) == text) return value;
            }
            complaints.Add($"{field}.{name}", $"'{text}' is not allowed; give one of {string.Join(", ", Enum.GetValues<T>().Select(NameOf))}.");
            return null;
        }
    }

    static string NameOf<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
