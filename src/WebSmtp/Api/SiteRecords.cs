using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Api;

/// <summary>An SMTP virtual server.</summary>
/// <param name="Id">1 is the default site.</param>
/// <param name="Name">For people; no two sites have the same.</param>
/// <param name="IsDefault">The default site cannot be deleted.</param>
/// <param name="State">paused: no new connections, the queue goes on being delivered. failed: it should run but could not be started.</param>
/// <param name="StateReason">Why it failed, in one sentence.</param>
/// <param name="AutoStart">It starts with the program.</param>
/// <param name="Endpoints">Where it listens.</param>
/// <param name="Mailroot">The folder of Pickup, Queue, Drop and Badmail.</param>
/// <param name="DefaultDomain">The domain that local mail has when nothing else is said.</param>
/// <param name="Fqdn">The name in its greeting and in Received fields.</param>
/// <param name="Settings">Every setting with its effective value.</param>
/// <param name="Draining">It is paused until nothing is left to deliver.</param>
/// <param name="StateBy">Who last started, stopped, paused or drained it; null: nobody yet.</param>
/// <param name="StateSince">When that was.</param>
/// <param name="Warnings">After a change: what would stop it from starting, and the like. Left out elsewhere.</param>
sealed record SiteResponse(
    int Id, string Name, bool IsDefault, SiteState State, string? StateReason, bool AutoStart, IReadOnlyList<EndpointDocument> Endpoints,
    string Mailroot, string DefaultDomain, string Fqdn, JsonObject Settings, bool Draining, string? StateBy, DateTimeOffset? StateSince,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings)
{
    public static SiteResponse Of(SiteView view) => new(
        view.Site.Id, view.Site.Name, view.Site.IsDefault, view.State, view.StateReason, view.Site.AutoStart,
        [.. view.Site.Endpoints.Select(EndpointDocument.Of)], view.Site.ConfiguredMailroot, view.Site.DefaultDomain, view.Site.HostName,
        new(SettingsTable.All.Select(setting => KeyValuePair.Create(setting.Name, view.Site.Settings.Show(setting)))),
        view.Site.IsDraining, view.Site.StateBy, view.Site.StateSince, null);

    public static SiteResponse WithWarnings(SiteView view) => Of(view) with { Warnings = view.Warnings };
}

/// <summary>What can be written about a site.</summary>
/// <param name="Name">For people; no two sites have the same.</param>
/// <param name="Endpoints">Where it listens.</param>
/// <param name="Mailroot">Relative to the data directory, or absolute below it or below a folder of WEBSMTP_MAILROOTS. Default: a folder named after the id.</param>
/// <param name="DefaultDomain">Default: the machine's name.</param>
/// <param name="Fqdn">The name in its greeting and in Received fields. Default: the default domain.</param>
/// <param name="AutoStart">It starts with the program.</param>
/// <param name="Settings">Settings that differ from their default, by name.</param>
sealed record SiteRequest(
    string Name, IReadOnlyList<EndpointDocument> Endpoints, string? Mailroot = null, string? DefaultDomain = null, string? Fqdn = null,
    bool AutoStart = true, JsonObject? Settings = null)
{
    [JsonIgnore]
    public SiteConfiguration Configuration => new(
        Name, [.. Endpoints.Select(endpoint => endpoint.Endpoint)], Mailroot, DefaultDomain, Fqdn, AutoStart, Settings ?? []);

    /// <summary>The site as a patch finds it.</summary>
    public static SiteRequest ForPatch(SiteView view, JsonObject patch)
    {
        var request = Of(view.Site);
        if ((patch["settings"] as JsonObject)?["smartHost"] is JsonObject host)
        {
            if (request.Settings?["smartHost"] is JsonObject now && SmartHostDocument.IsOther(host, now["use"] is not null))
                request.Settings["smartHost"] = new JsonObject { ["mode"] = now["mode"]?.DeepClone() };
            SecretNulls.Keep(host, "password", "clientCertificate");
        }
        return request;
    }

    static SiteRequest Of(SiteSnapshot site) => new(
        site.Name, [.. site.Endpoints.Select(EndpointDocument.Of)], site.ConfiguredMailroot, site.DefaultDomain, site.ConfiguredFqdn,
        site.AutoStart, JsonNode.Parse(site.ExplicitSettings)!.AsObject());
}

/// <summary>An address and port that a site listens on.</summary>
/// <param name="Address">An IPv4 or IPv6 address of this machine, 0.0.0.0 or ::.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Tls">none: never. startTls: offered. requireStartTls: demanded before anything else. implicit: from the first byte.</param>
/// <param name="Certificate">Name of a certificate; null: the one that was made at first run.</param>
/// <param name="ProxyProtocol">Connections begin with a PROXY header that names the client.</param>
/// <param name="Odmr">For collection by ATRN only (RFC 2645), port 366 by custom.</param>
sealed record EndpointDocument(
    string Address, int Port, EndpointTls Tls = EndpointTls.StartTls, string? Certificate = null, bool ProxyProtocol = false, bool Odmr = false)
{
    [JsonIgnore]
    public SiteEndpoint Endpoint => new(Address, Port, Tls, Certificate, ProxyProtocol, Odmr);

    public static EndpointDocument Of(SiteEndpoint endpoint) => new(
        endpoint.Address, endpoint.Port, endpoint.Tls, endpoint.Certificate, endpoint.ProxyProtocol, endpoint.Odmr);
}

/// <summary>What became of the mail of a deleted site.</summary>
/// <param name="Messages">How many were exported or moved.</param>
/// <param name="Folder">Where they are; null when there were none.</param>
sealed record SiteDeletionResponse(long Messages, string? Folder);

/// <summary>What a site that is drained still has.</summary>
/// <param name="Draining">It is being drained; the counts hold in any case.</param>
/// <param name="Done">It is being drained, and nothing is left.</param>
/// <param name="Messages">Messages that can be delivered; held and frozen ones stay.</param>
/// <param name="MessagesIsEstimate">The count is an estimate.</param>
/// <param name="Sessions">Clients that are connected.</param>
/// <param name="By">Who drains it.</param>
/// <param name="Since">Since when.</param>
sealed record DrainResponse(bool Draining, bool Done, long Messages, bool MessagesIsEstimate, int Sessions, string? By, DateTimeOffset? Since)
{
    public const string Example = """
        { "draining": true, "done": false, "messages": 12, "messagesIsEstimate": false, "sessions": 1, "by": "anna", "since": "2026-11-27T10:02:00Z" }
        """;

    public static DrainResponse Of(SiteView view, SiteRest rest)
    {
        var draining = view.Site.IsDraining && view.State is SiteState.Paused;
        return new(draining, draining && rest.IsEmpty, rest.Messages, rest.IsEstimate, rest.Sessions,
            draining ? view.Site.StateBy : null, draining ? view.Site.StateSince : null);
    }
}

static class SiteExamples
{
    public const string New = """
        { "name": "Branch offices", "endpoints": [ { "address": "127.0.0.1", "port": 2526, "tls": "startTls" } ],
          "defaultDomain": "hub.example", "settings": { "maxMessageSize": 10485760 } }
        """;

    public const string Patch = """{ "settings": { "maxMessageSize": 20971520, "inactivityTimeout": "PT5M" } }""";

    public static readonly string Site = $$"""
        { "id": 2, "name": "Branch offices", "isDefault": false, "state": "stopped", "stateReason": null, "autoStart": true,
          "endpoints": [ { "address": "127.0.0.1", "port": 2526, "tls": "startTls", "certificate": null, "proxyProtocol": false, "odmr": false } ],
          "mailroot": "mailroot/2", "defaultDomain": "hub.example", "fqdn": "hub.example",
          "settings": {{new JsonObject(SettingsTable.All.Select(setting => KeyValuePair.Create(setting.Name, setting.DefaultJson))).ToJsonString(JsonSerializerOptions.Default)}},
          "draining": false, "stateBy": "anna", "stateSince": "2026-11-27T10:02:00Z" }
        """;
}
