using System.Diagnostics;
using WebSmtp.Composition;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

/// <summary>The program and its switches.</summary>
/// <param name="Version">Version of the program.</param>
/// <param name="SmtpServiceVersion">1: only the default site runs, and ETRN, TURN and ATRN answer 502. 2: all is on.</param>
/// <param name="StartedAt">When the program was started.</param>
/// <param name="Node">Name of the machine that answers.</param>
/// <param name="AuditDays">How long the audit record is kept; 0: for ever.</param>
sealed record ServiceResponse(string Version, int SmtpServiceVersion, DateTimeOffset StartedAt, string Node, int AuditDays);

/// <summary>What can be changed about the program.</summary>
/// <param name="SmtpServiceVersion">1: only the default site runs, and ETRN, TURN and ATRN answer 502. 2 (default): all is on.</param>
/// <param name="AuditDays">Days that the audit record is kept, at most 3650; 0: for ever.</param>
sealed record ServiceRequest(int SmtpServiceVersion = ServiceRequest.DefaultVersion, int AuditDays = Audit.DefaultDays)
{
    public const int DefaultVersion = 2;
}

/// <summary>What stays the same about a process as long as it runs.</summary>
sealed record ServiceFacts(string Version, DateTimeOffset StartedAt, string Node)
{
    public static ServiceFacts OfThisProcess { get; } = new(
        ServerProcess.Version, new DateTimeOffset(Process.GetCurrentProcess().StartTime), Environment.MachineName);
}

static class ServiceEndpoints
{
    const string Tag = "Service";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/service", (HttpContext context, SiteOperations sites, Audit audit, ServiceFacts facts) => Show(context, sites, audit, facts))
            .Describe(Role.Viewer, Tag, "Show the service", "Version of the program, and the switches that hold for all sites.")
            .Produces<ServiceResponse>()
            .Example(response: """{ "version": "0.1.0", "smtpServiceVersion": 2, "startedAt": "2026-11-23T08:00:00Z", "node": "mail1", "auditDays": 365 }""");

        api.MapGet("/service/status", StatusAsync)
            .Describe(Role.Viewer, Tag, "Show how the service is", "What it runs on, whether it is ready, how much room its folders have, and its limits.")
            .Produces<StatusResponse>().Example(response: StatusResponse.Example);

        api.MapPatch("/service", ChangeAsync)
            .Describe(Role.Administrator, Tag, "Change the service",
                "A change of smtpServiceVersion takes effect at once, without a restart: 1 stops all sites but the default one, 2 starts those that ran.",
                409, 412, 415)
            .AcceptsPatch<ServiceRequest>().Produces<ServiceResponse>()
            .Example("""{ "smtpServiceVersion": 2 }""",
                """{ "version": "0.1.0", "smtpServiceVersion": 2, "startedAt": "2026-11-23T08:00:00Z", "node": "mail1", "auditDays": 365 }""");
    }

    static async Task<IResult> StatusAsync(HttpContext context, ServiceStatus status) => context.Show(await status.ReadAsync(context.RequestAborted));

    static IResult Show(HttpContext context, SiteOperations sites, Audit audit, ServiceFacts facts) => context.Show(
        new ServiceResponse(facts.Version, sites.ServiceVersion, facts.StartedAt, facts.Node, audit.Days), EntityTags.Of(Version(sites, audit)));

    static async Task<IResult> ChangeAsync(HttpContext context, SiteOperations sites, Audit audit, ServiceFacts facts)
    {
        var changed = await MergePatch.ApplyAsync<SiteOperations, ServiceRequest, SiteOperations>(
            context.Request, () => Task.FromResult<Result<SiteOperations>>(sites), _ => Version(sites, audit),
            (_, _) => new ServiceRequest(sites.ServiceVersion, audit.Days),
            async (wanted, _, _) =>
            {
                if (wanted.AuditDays != audit.Days && await audit.SetDaysAsync(wanted.AuditDays, context.Actor(), context.RequestAborted) is { } bad)
                    return bad;
                return await sites.SetServiceVersionAsync(wanted.SmtpServiceVersion, context.Actor(), context.RequestAborted) is { } refused ? refused : sites;
            });
        return changed.Problem is { } problem ? problem.Answer() : Show(context, sites, audit, facts);
    }

    /// <summary>Both switches in one number.</summary>
    static long Version(SiteOperations sites, Audit audit) => sites.ServiceVersion + 10L * audit.Days;
}
