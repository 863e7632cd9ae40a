using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Api;

/// <summary>How an act ended.</summary>
enum AuditOutcome { Done, Refused }

/// <summary>An act, or one that was refused.</summary>
/// <param name="Id">Sorts by age.</param>
/// <param name="At">When.</param>
/// <param name="Actor">Who: a user, an API key, or a part of the program.</param>
/// <param name="Role">What the actor might do.</param>
/// <param name="From">The address that it came from, or local.</param>
/// <param name="Through">web: a browser's log-in; key: an API key; commandLine: the command line on the server's machine; system: the program itself.</param>
/// <param name="Action">What was done: create, change, delete, start, read content, log in, …</param>
/// <param name="Object">What it was done to: a path of this API, such as sites/2/domains/test.com.</param>
/// <param name="Before">The fields that changed, as they were; null: it was not there, or nothing changed. Secrets are marks.</param>
/// <param name="After">The same, as they are since.</param>
/// <param name="Outcome">done or refused.</param>
/// <param name="Reason">Why it was refused.</param>
sealed record AuditResponse(
    string Id, DateTimeOffset At, string Actor, Role Role, string From, Door Through, string Action, string Object,
    JsonNode? Before, JsonNode? After, AuditOutcome Outcome,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason)
{
    public const string Example =
        """
        { "id": "01HQ4Z8M3K00G", "at": "2026-11-27T06:30:00Z", "actor": "anna", "role": "administrator", "from": "192.0.2.7",
          "through": "web", "action": "change", "object": "sites/2/domains/test.com",
          "before": { "route": { "type": "dns" } }, "after": { "route": { "type": "hold" } }, "outcome": "done" }
        """;

    public static AuditResponse Of(AuditEntry entry) => new(
        new MessageId(entry.Id).ToString(), entry.At, entry.Actor, entry.Role, entry.From, entry.Through, entry.Action, entry.Subject,
        entry.Before is { } before ? JsonNode.Parse(before) : null, entry.After is { } after ? JsonNode.Parse(after) : null,
        entry.Refusal is null ? AuditOutcome.Done : AuditOutcome.Refused, entry.Refusal);
}

static class AuditEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/audit", ListAsync)
            .Describe(Role.Administrator, "Audit", "Read the audit record",
                "Who changed what, who read the content of messages, who logged in, and what was refused; newest first. object matches itself and all "
                    + "below it: sites/2 finds its domains too. Kept for auditDays of /service.")
            .Produces<Listed<AuditResponse>>().ListExample(AuditResponse.Example);

    static async Task<IResult> ListAsync(HttpContext context, Audit audit, [AsParameters] AuditQuery query)
    {
        var page = PageRequest.Read("audit", query.Limit, query.Cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        var filter = query.Filter();
        if (filter.Value is not { } matching) return filter.Problem!.Answer();
        var found = await audit.ListAsync(matching, wanted.After, wanted.Limit, context.Actor(), context.RequestAborted);
        return found.Value is { } entries ? context.Show(wanted.Of(entries, AuditResponse.Of)) : found.Problem!.Answer();
    }
}

/// <summary>Which entries are wanted.</summary>
sealed class AuditQuery
{
    [FromQuery(Name = "actor")] public string? Actor { get; init; }
    [FromQuery(Name = "object")] public string? Object { get; init; }
    [FromQuery(Name = "action")] public string? Action { get; init; }
    [FromQuery(Name = "outcome")] public string? Outcome { get; init; }
    [FromQuery(Name = "from")] public string? From { get; init; }
    [FromQuery(Name = "to")] public string? To { get; init; }
    [FromQuery(Name = "limit")] public string? Limit { get; init; }
    [FromQuery(Name = "cursor")] public string? Cursor { get; init; }

    public Result<AuditFilter> Filter()
    {
        if (Outcome is not (null or "done" or "refused")) return Problem.Invalid("outcome", "Give done or refused.");
        var between = TraceEndpoints.Between(new(), From, To);
        return between.Value is { } span
            ? new AuditFilter(Actor, Object?.Trim('/'), Action, Outcome is null ? null : Outcome is "refused", span.From, span.To)
            : between.Problem!;
    }
}
