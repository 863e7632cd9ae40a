using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Api;

/// <summary>A domain rule of a site.</summary>
/// <param name="Name">The domain; *.example.com is every subdomain, not the domain itself.</param>
/// <param name="Kind">default: the site's own. alias: another name for it. remote: elsewhere.</param>
/// <param name="Route">Where its mail goes.</param>
/// <param name="AllowRelay">Anyone who may connect may send to it.</param>
/// <param name="Overrides">Settings that differ from the site's.</param>
/// <param name="Effective">The settings that hold for it, and where each comes from.</param>
/// <param name="Held">The mail that waits to be collected; null unless the route is hold.</param>
sealed record DomainResponse(
    string Name, DomainKind Kind, RouteDocument Route, bool AllowRelay, JsonObject Overrides,
    IReadOnlyDictionary<string, EffectiveSetting> Effective, HeldSummary? Held)
{
    public static DomainResponse Of(DomainSnapshot domain, HeldDomain? held) => new(
        domain.Name, domain.Kind, RouteDocument.Of(domain), domain.AllowRelay, JsonNode.Parse(domain.ExplicitOverrides)!.AsObject(),
        SettingsTable.All.Where(setting => setting.Scope is SettingScope.SiteAndDomain).ToDictionary(
            setting => setting.Name, setting => new EffectiveSetting(domain.Settings.Show(setting), domain.Settings.Origin(setting)), StringComparer.Ordinal),
        domain.IsHeld ? HeldSummary.Of(held) : null);
}

/// <summary>A setting's value as it holds for a domain.</summary>
/// <param name="Value">The value.</param>
/// <param name="From">Who set it.</param>
sealed record EffectiveSetting(JsonNode? Value, SettingOrigin From);

/// <summary>The mail that waits to be collected.</summary>
/// <param name="Messages">How many wait.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Oldest">When the oldest of them was received.</param>
/// <param name="LastCollected">When a collection last ended, or began if it still runs.</param>
/// <param name="LastCollectedBy">Who asked for it, from where, and how.</param>
sealed record HeldSummary(long Messages, long Bytes, DateTimeOffset? Oldest, DateTimeOffset? LastCollected, string? LastCollectedBy)
{
    public static HeldSummary Of(HeldDomain? held) => new(
        held?.Messages ?? 0, held?.Bytes ?? 0, held?.Oldest, held?.Last is { } last ? last.EndedAt ?? last.StartedAt : null, held?.Last?.By);
}

/// <summary>What can be written about a domain.</summary>
/// <param name="Name">The domain; *.example.com is every subdomain, not the domain itself.</param>
/// <param name="Kind">alias or remote; default is made with the site.</param>
/// <param name="Route">Where its mail goes. An alias has none of its own. Default: dns.</param>
/// <param name="AllowRelay">Anyone who may connect may send to it. Default: true for drop and hold, false for dns and smartHost.</param>
/// <param name="Overrides">Settings that differ from the site's.</param>
sealed record DomainRequest(
    string Name, DomainKind Kind = DomainKind.Remote, RouteDocument? Route = null, bool? AllowRelay = null, JsonObject? Overrides = null)
{
    [JsonIgnore]
    public DomainConfiguration Configuration => new(
        Name, Kind, Route?.Route ?? new(), Route?.TurnAccounts ?? [], AllowRelay, Overrides ?? [], Route?.SmartHost?.Choice);

    /// <summary>The domain as a patch finds it: a patch that changes the route's type begins from an empty route.</summary>
    public static DomainRequest ForPatch(DomainSnapshot domain, JsonObject patch)
    {
        var route = RouteDocument.Of(domain);
        // As it is read: without case.
        var changesType = patch["route"] is JsonObject members && members["type"] is { } type
            && !string.Equals(type.ToString(), route.Type.ToString(), StringComparison.OrdinalIgnoreCase);
        if ((patch["route"] as JsonObject)?["smartHost"] is JsonObject host)
        {
            if (SmartHostDocument.IsOther(host, route.SmartHost?.Use is not null)) route = route with { SmartHost = null };
            SecretNulls.Keep(host, "password", "clientCertificate");
        }
        return new(domain.Name, domain.Kind, changesType ? new(route.Type) : route, domain.ConfiguredAllowRelay,
            JsonNode.Parse(domain.ExplicitOverrides)!.AsObject());
    }
}

/// <summary>Where mail for a domain goes. Members that do not belong to the type are left out.</summary>
/// <param name="Type">drop: a local folder. dns: its hosts, by MX. smartHost: a fixed host. hold: it waits to be collected. refuse: nowhere.</param>
/// <param name="Etrn">hold: ETRN releases it.</param>
/// <param name="TurnAccounts">hold: accounts that may collect it with TURN or ATRN.</param>
/// <param name="EtrnTo">hold: host:port to deliver to after ETRN, instead of the hosts from DNS.</param>
/// <param name="MaxAge">hold: older mail expires; absent or PT0S: never.</param>
/// <param name="MaxBytes">hold: bytes that may wait; absent or 0: no limit.</param>
/// <param name="MaxMessages">hold: messages that may wait; absent or 0: no limit.</param>
/// <param name="Directory">drop: a folder instead of the site's Drop.</param>
/// <param name="SmartHost">smartHost: the host, or names of kept ones.</param>
sealed record RouteDocument(
    RouteType Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Etrn = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? TurnAccounts = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? EtrnTo = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TimeSpan? MaxAge = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? MaxBytes = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? MaxMessages = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Directory = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SmartHostDocument? SmartHost = null)
{
    /// <summary>Without the smart host, which has a secret to be encrypted first.</summary>
    [JsonIgnore]
    public DomainRoute Route => new()
    {
        Type = Type,
        Etrn = Etrn ?? false,
        EtrnTo = EtrnTo,
        MaxAge = MaxAge,
        MaxBytes = MaxBytes,
        MaxMessages = MaxMessages,
        Directory = Directory,
    };

    public static RouteDocument Of(DomainSnapshot domain)
    {
        var (route, held) = (domain.Route, domain.IsHeld);
        return new(
            route.Type, held ? route.Etrn : null, held ? domain.TurnAccounts : null, route.EtrnTo, route.MaxAge, route.MaxBytes,
            route.MaxMessages, route.Directory, route.SmartHost is { } host ? SmartHostDocument.Of(host) : null);
    }
}

/// <summary>A host that mail is handed to, or names of smart hosts that are tried in order.</summary>
/// <param name="Host">Its name, or its address in brackets.</param>
/// <param name="Port">TCP port. Default: 465 with tls implicit, else 587 with a log-in and 25 without.</param>
/// <param name="Tls">none, opportunistic, require, verify or implicit. Default: verify with a log-in, opportunistic without.</param>
/// <param name="Username">Given, it is logged in to.</param>
/// <param name="Password">Never shown; stays when a change leaves it out.</param>
/// <param name="CertificateAuthority">PEM of the authorities to trust instead of the system's.</param>
/// <param name="ClientCertificate">PEM of a certificate and its key to show; never given out, and stays when a change leaves it out.</param>
/// <param name="Use">Instead of a host: names of smart hosts, tried in order.</param>
sealed record SmartHostDocument(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Host = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Port = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] HostTls? Tls = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Username = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Password = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CertificateAuthority = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientCertificate = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Use = null)
{
    [JsonIgnore]
    public SmartHostChoice Choice => Use is null
        ? SmartHostChoice.Inline(Host, Port, Tls, Username, Password, CertificateAuthority, clientCertificate: ClientCertificate)
        : SmartHostChoice.Inline(Host, Port, Tls, Username, Password, CertificateAuthority, clientCertificate: ClientCertificate) with
        {
            Use = Use,
            Target = this == new SmartHostDocument(Use: Use) ? null : new() { Host = Host },
        };

    public static SmartHostDocument Of(SmartHostRoute route) => route.Target is { } target
        ? new(target.Host, target.Port, target.Tls, target.Auth.Username, null, target.CertificateAuthority)
        : new(Use: route.Use);

    /// <summary>A patch gives names in place of a host, or a host in place of names: it begins from nothing.</summary>
    public static bool IsOther(JsonObject patch, bool hasNames) => hasNames ? patch["host"] is not null : patch["use"] is not null;
}

/// <summary>A run that was started.</summary>
/// <param name="Messages">How many messages wait.</param>
sealed record DequeueResponse(long Messages);

static class DomainExamples
{
    public const string New = """
        { "name": "test.com", "kind": "remote", "route": { "type": "hold", "etrn": true, "maxAge": "P30D" },
          "overrides": { "maxMessageSize": 1048576 } }
        """;

    public const string Patch = """{ "route": { "maxAge": "P14D", "maxMessages": 10000 }, "overrides": { "maxMessageSize": null } }""";

    public const string Domain = """
        { "name": "test.com", "kind": "remote", "route": { "type": "hold", "etrn": true, "turnAccounts": [ "testserver" ], "maxAge": "P30D" },
          "allowRelay": true, "overrides": { "maxMessageSize": 1048576 },
          "effective": { "maxMessageSize": { "value": 1048576, "from": "domain" } },
          "held": { "messages": 12, "bytes": 48211, "oldest": "2026-11-22T21:10:05Z", "lastCollected": "2026-11-22T20:00:11Z",
            "lastCollectedBy": "testserver from 127.0.0.1 by TURN" } }
        """;
}
