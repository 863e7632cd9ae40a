using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Api;

/// <summary>A message that is to be thought through.</summary>
/// <param name="ClientAddress">The address that the client has.</param>
/// <param name="MailFrom">The envelope's sender; empty: the null sender.</param>
/// <param name="RcptTo">One recipient.</param>
/// <param name="Tls">The client speaks TLS.</param>
/// <param name="Account">The account that the client has logged in as; its password is not needed.</param>
/// <param name="Size">Bytes that the client announces with SIZE.</param>
/// <param name="Draft">A change that is not made yet: the answer is as if it were.</param>
sealed record SimulationRequest(
    string ClientAddress, string MailFrom, string RcptTo, bool Tls = false, string? Account = null, long? Size = null, SimulationDraftDocument? Draft = null)
{
    public const string Example = """
        { "clientAddress": "192.0.2.99", "tls": true, "account": "printer", "mailFrom": "printer@hub.example", "rcptTo": "bob@example.com",
          "draft": { "settings": { "relay": { "allowAuthenticated": true } } } }
        """;
}

/// <summary>A change to be tried before it is made.</summary>
/// <param name="Settings">As in a PATCH of the site: null restores a default.</param>
/// <param name="Domain">With its name: as in a PATCH of that domain, or in the POST of a new one.</param>
sealed record SimulationDraftDocument(JsonObject? Settings = null, JsonObject? Domain = null)
{
    public Result<SimulatedDraft> Read(SiteView view)
    {
        JsonObject? settings = null;
        if (Settings is not null)
        {
            var patch = new JsonObject { ["settings"] = Settings.DeepClone() };
            if (SettingResponse.RefuseUnknown(patch, "settings") is { } unknown) return unknown;
            settings = SiteRequest.ForPatch(view, patch).Settings ?? [];
            MergePatch.Merge(settings, patch["settings"]!.AsObject());
        }
        if (Domain is null) return new SimulatedDraft(settings, null);
        var document = Domain.DeepClone().AsObject();
        if (document["name"]?.ToString() is { } name && view.Site.FindDomain(name) is { } domain)
        {
            if (SettingResponse.RefuseUnknown(document, "overrides") is { } unknown) return unknown;
            var merged = JsonSerializer.SerializeToNode(DomainRequest.ForPatch(domain, document), ApiJson.Options)!.AsObject();
            MergePatch.Merge(merged, document);
            document = merged;
        }
        var bound = JsonInput.Bind<DomainRequest>(document);
        return bound.Value is { } wanted ? new SimulatedDraft(settings, wanted.Configuration) : bound.Problem!;
    }
}

/// <summary>What the site would do.</summary>
/// <param name="Decision">accept, reject, or defer (a 4yz reply).</param>
/// <param name="Reply">The reply that decided.</param>
/// <param name="Steps">What the site would say, command by command.</param>
/// <param name="Route">Where the mail would go.</param>
/// <param name="Limits">Settings that hold for this message, the domain's before the site's.</param>
/// <param name="LimitsFrom">Where each of them comes from: default, site or domain.</param>
/// <param name="Rules">What was looked at, in order, and which decided.</param>
sealed record SimulationResponse(
    SimulatedDecision Decision, string Reply, IReadOnlyList<SimulationStepResponse> Steps, SimulationRouteResponse Route, JsonObject Limits,
    IReadOnlyDictionary<string, SettingOrigin> LimitsFrom, IReadOnlyList<SimulationRuleResponse> Rules)
{
    public const string Example = """
        { "decision": "accept", "reply": "250 2.1.5 Recipient OK",
          "steps": [ { "stage": "CONNECT", "rule": "allowAddresses and denyAddresses, at 0.0.0.0 port 25 under TLS", "result": "220 hub.example ESMTP WebSmtp" },
                     { "stage": "RCPT", "rule": "no domain rule: the relay setting", "result": "250 2.1.5 Recipient OK" } ],
          "route": { "type": "dns", "domainRule": null, "folder": null, "trouble": [],
                     "hosts": [ { "name": "mx1.example.com", "address": "198.51.100.7", "port": 25, "preference": 10, "tls": "opportunistic", "via": "example.com" } ] },
          "limits": { "maxMessageSize": 33554432, "expireAfter": "P2D" }, "limitsFrom": { "maxMessageSize": "default", "expireAfter": "site" },
          "rules": [ { "stage": "RCPT", "rule": "relay.allowAuthenticated", "finding": "the client has logged in", "matched": true, "decided": true } ] }
        """;

    public static SimulationResponse Of(SimulationOutcome outcome) => new(
        outcome.Decision, outcome.Reply, [.. outcome.Steps.Select(step => new SimulationStepResponse(step.Stage, step.Rule, step.Result, step.Command))],
        new(outcome.Route.Type, outcome.Route.DomainRule, outcome.Route.Folder,
            [.. outcome.Route.Hosts.Select(host => new SimulationHostResponse(host.Name, host.Address, host.Port, host.Preference, host.Tls, host.Via))],
            outcome.Route.Trouble),
        new(outcome.Limits.Select(limit => KeyValuePair.Create(limit.Key, limit.Value?.DeepClone()))),
        outcome.LimitOrigins,
        [.. outcome.Rules.Select(rule => new SimulationRuleResponse(rule.Stage, rule.Rule, rule.Finding, rule.Matched, rule.Decided))]);
}

/// <summary>One thing that the site would say.</summary>
/// <param name="Stage">CONNECT, EHLO, AUTH, MAIL or RCPT.</param>
/// <param name="Rule">What decides about it.</param>
/// <param name="Result">The reply.</param>
/// <param name="Command">What the client says; null where the site speaks first.</param>
sealed record SimulationStepResponse(string Stage, string Rule, string Result, string? Command);

/// <summary>A rule that was looked at.</summary>
/// <param name="Stage">CONNECT, AUTH, MAIL or RCPT.</param>
/// <param name="Rule">A setting or a domain rule, by name.</param>
/// <param name="Finding">What it says about this message.</param>
/// <param name="Matched">It speaks of this message.</param>
/// <param name="Decided">The reply is as it is because of it.</param>
sealed record SimulationRuleResponse(string Stage, string Rule, string Finding, bool Matched, bool Decided);

/// <summary>Where the mail would go.</summary>
/// <param name="Type">As of a domain's route.</param>
/// <param name="DomainRule">The domain rule that matched; null: none did.</param>
/// <param name="Folder">For local delivery.</param>
/// <param name="Hosts">Hosts in the order to try.</param>
/// <param name="Trouble">What stands in the way now: DNS, hosts that cannot be reached, log-ins that are refused, budgets.</param>
sealed record SimulationRouteResponse(
    RouteType Type, string? DomainRule, string? Folder, IReadOnlyList<SimulationHostResponse> Hosts, IReadOnlyList<string> Trouble);

/// <summary>A host that would be connected to.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its IP address.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Preference">Of its MX record; 0 elsewhere.</param>
/// <param name="Tls">TLS towards it.</param>
/// <param name="Via">The domain, or the smart host, that it stands for.</param>
sealed record SimulationHostResponse(string Name, string Address, int Port, int Preference, HostTls Tls, string Via);

static class SimulationEndpoints
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/sites/{id:int}/simulate", SimulateAsync)
        .Describe(Role.Viewer, "Simulation", "Say what would happen to a message",
            "Plays the conversation with a session of the site in memory, up to RCPT, and works out the route as a delivery does; DNS is asked. Nothing is sent, nothing is kept. With draft, the answer is as if that change were made.",
            404, 415)
        .AcceptsJson<SimulationRequest>().Produces<SimulationResponse>().Example(SimulationRequest.Example, SimulationResponse.Example);

    static async Task<IResult> SimulateAsync(HttpContext context, Simulator simulator, SiteRegistry sites, int id)
    {
        var body = await JsonInput.ReadAsync<SimulationRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        if (!IPAddress.TryParse(wanted.ClientAddress, out var client))
            return Problem.Invalid("clientAddress", $"'{wanted.ClientAddress}' is not an IP address.").Answer();
        var mail = new SimulatedMail(client, wanted.Tls, wanted.Account, wanted.MailFrom, wanted.RcptTo, wanted.Size);
        if (sites.Find(id) is not { } view) return SiteEndpoints.NotFound(id).Answer();
        var draft = wanted.Draft?.Read(view) ?? default;
        if (draft.Problem is { } wrong) return wrong.Answer();
        var outcome = await simulator.SimulateAsync(id, mail, draft.Value, context.Actor(), context.RequestAborted);
        return outcome.Value is { } said ? context.Show(SimulationResponse.Of(said)) : outcome.Problem!.Answer();
    }
}
