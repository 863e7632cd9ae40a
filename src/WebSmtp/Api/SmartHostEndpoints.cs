using Microsoft.AspNetCore.Http.Features;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Api;

static class SmartHostEndpoints
{
    const string Tag = "Smart hosts";

    public static void Map(IEndpointRouteBuilder api)
    {
        var hosts = api.MapGroup("/smarthosts");
        hosts.MapGet("", List)
            .Describe(Role.Viewer, Tag, "List the smart hosts", "Hosts that routes name, by name, with how their log-ins go.")
            .Produces<Listed<KeptSmartHostResponse>>().ListExample(Examples.Host);
        hosts.MapPost("", CreateAsync)
            .Describe(Role.Administrator, Tag, "Make a smart host",
                "A host that mail is handed to, under a name that routes use: \"smartHost\": { \"use\": [\"primary\", \"backup\"] }. Secrets are kept encrypted and never given out.",
                409, 415)
            .AcceptsJson<KeptSmartHostRequest>().Produces<KeptSmartHostResponse>(201).Example(Examples.New, Examples.Host);
        hosts.MapGet("/{name}", Get)
            .Describe(Role.Viewer, Tag, "Show a smart host", "One smart host, with how its log-ins go. Secrets are never shown.", 404)
            .Produces<KeptSmartHostResponse>().Example(response: Examples.Host);
        hosts.MapPatch("/{name}", ChangeAsync)
            .Describe(Role.Administrator, Tag, "Change a smart host",
                "JSON merge patch. Secrets that are left out stay, null takes them away. When auth.type changes, what the new kind knows as well stays, and the rest goes. Mail that waits for it goes by the new values from its next attempt on.",
                404, 409, 412, 415)
            .AcceptsPatch<KeptSmartHostRequest>().Produces<KeptSmartHostResponse>().Example(Examples.Patch, Examples.Host);
        hosts.MapDelete("/{name}", DeleteAsync)
            .Describe(Role.Administrator, Tag, "Delete a smart host", "Refused with 409 while a site or a domain uses it; the answer names them.", 404, 409, 412)
            .Produces(204);
        hosts.MapPost("/{name}/test", TestAsync)
            .Describe(Role.Operator, Tag, "Test a smart host",
                "Connects and logs in as a delivery does, and says step by step what happened and, where something failed, the likely cause. With from and to it sends one message. The answer is 200 also when a step failed: see ok.",
                404, 415)
            .Accepts<SmartHostTestRequest>(isOptional: true, "application/json").Produces<SmartHostTestResponse>()
            .Example("""{ "from": "printer@hub.example", "to": "anna@hub.example" }""", Examples.Test);
    }

    static IResult List(HttpContext context, SmartHostOperations hosts, string? limit, string? cursor)
    {
        var page = PageRequest.Read("smarthosts", limit, cursor);
        return page.Value is { } wanted
            ? context.Show(wanted.Of(hosts.List(), host => host.Name.ToLowerInvariant(), host => Of(hosts, host)))
            : page.Problem!.Answer();
    }

    static IResult Get(HttpContext context, SmartHostOperations hosts, string name) => Show(context, hosts, hosts.Find(name));

    static async Task<IResult> CreateAsync(HttpContext context, SmartHostOperations hosts)
    {
        var body = await JsonInput.ReadAsync<KeptSmartHostRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var created = await hosts.CreateAsync(wanted.Configuration, context.Actor(), context.RequestAborted);
        return created.Value is { } host
            ? context.ShowCreated($"/api/v1/smarthosts/{Uri.EscapeDataString(host.Name)}", Of(hosts, host), EntityTags.Of(host.Version))
            : created.Problem!.Answer();
    }

    static async Task<IResult> ChangeAsync(HttpContext context, SmartHostOperations hosts, string name) =>
        Show(context, hosts, await MergePatch.ApplyAsync<SmartHost, KeptSmartHostRequest, SmartHost>(
            context.Request, () => Task.FromResult(hosts.Find(name)), host => host.Version, KeptSmartHostRequest.ForPatch,
            (wanted, _, version) => hosts.UpdateAsync(name, wanted.Configuration, version, context.Actor(), context.RequestAborted)));

    static async Task<IResult> DeleteAsync(HttpContext context, SmartHostOperations hosts, string name)
    {
        var found = hosts.Find(name);
        if (found.Value is not { } host) return found.Problem!.Answer();
        var refused = EntityTags.Refuse(context.Request, EntityTags.Of(host.Version)) ?? await hosts.DeleteAsync(
            name, EntityTags.AreGiven(context.Request) ? host.Version : null, context.Actor(), context.RequestAborted);
        return refused?.Answer() ?? TypedResults.NoContent();
    }

    static async Task<IResult> TestAsync(HttpContext context, SmartHostOperations hosts, string name)
    {
        var wanted = new SmartHostTestRequest();
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
        {
            var body = await JsonInput.ReadAsync<SmartHostTestRequest>(context.Request);
            if (body.Value is null) return body.Problem!.Answer();
            wanted = body.Value;
        }
        var tested = await hosts.TestAsync(name, wanted.From, wanted.To, context.Actor(), context.RequestAborted);
        return tested.Value is { } result ? context.Show(SmartHostTestResponse.Of(result)) : tested.Problem!.Answer();
    }

    static IResult Show(HttpContext context, SmartHostOperations hosts, Result<SmartHost> result) => result.Value is { } host
        ? context.Show(Of(hosts, host), EntityTags.Of(host.Version))
        : result.Problem!.Answer();

    static KeptSmartHostResponse Of(SmartHostOperations hosts, SmartHost host) => KeptSmartHostResponse.Of(host, hosts.StatusOf(host));

    static class Examples
    {
        public const string New = """
            { "name": "primary", "auth": { "type": "oauth2ClientCredentials", "preset": "microsoft365", "tenant": "hub.example",
                "username": "relay@hub.example", "clientId": "7a0e4d3c-2f5b-4f0e-9b1d-0d6c3f0f8a11", "clientSecret": "the secret's value" },
              "limits": { "connections": 3, "perMinute": 30, "perDay": 10000 } }
            """;

        public const string Patch = """{ "limits": { "perMinute": 20 }, "auth": { "clientSecret": "its successor" } }""";

        public const string Host = """
            { "name": "primary", "host": "smtp.office365.com", "port": 587, "tls": "verify", "certificateAuthority": null, "hasClientCertificate": false,
              "auth": { "type": "oauth2ClientCredentials", "username": "relay@hub.example",
                "tokenEndpoint": "https://login.microsoftonline.com/hub.example/oauth2/v2.0/token",
                "clientId": "7a0e4d3c-2f5b-4f0e-9b1d-0d6c3f0f8a11", "scope": "https://outlook.office365.com/.default" },
              "limits": { "connections": 3, "perMinute": 30, "perDay": 10000 },
              "status": { "lastLogIn": "2026-11-22T21:10:05Z", "tokenExpiresAt": "2026-11-22T22:09:58Z", "trouble": null, "troubleSince": null } }
            """;

        public const string Test = """
            { "ok": false, "steps": [
                { "step": "connect", "result": "ok", "detail": "Connected to 192.0.2.7:587.", "reply": null, "cause": null },
                { "step": "greeting", "result": "ok", "detail": "The host calls itself relay.example.", "reply": null, "cause": null },
                { "step": "hello", "result": "ok", "detail": "EHLO was taken.", "reply": null, "cause": null },
                { "step": "tls", "result": "ok", "detail": "Tls13. The certificate is for CN=relay.example, issued by CN=Example CA, and expires on 2027-03-01.", "reply": null, "cause": null },
                { "step": "logIn", "result": "failed", "detail": "The server refused the log-in.", "reply": "535 5.7.8 Authentication credentials invalid",
                  "cause": "User name or password is wrong, or the account may not log in over SMTP." } ],
              "certificate": { "subject": "CN=relay.example", "issuer": "CN=Example CA", "validFrom": "2026-03-01T00:00:00Z", "expiresAt": "2027-03-01T00:00:00Z", "trouble": null } }
            """;
    }
}
