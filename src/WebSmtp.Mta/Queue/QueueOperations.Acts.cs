using System.Globalization;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Queue;

// One message, or one of its recipients.
public sealed partial class QueueOperations
{
    /// <summary>
    /// Does it, and returns the message as it is then. Conflict when an entry is being delivered or cannot be treated so;
    /// nothing is changed then.
    /// </summary>
    /// <param name="recipient">The address; null: all that are in the queue.</param>
    public Task<Result<Message>> ActAsync(MessageId id, QueueOrder order, string? recipient, Actor actor, CancellationToken stop) =>
        audit.ActAsync<Message>(actor, Role.Operator, order.Act.ToString().ToLowerInvariant(), $"messages/{id}", async act =>
        {
            if (await queue.FindAsync(id, stop) is not { LiveRecipients: > 0 } message) return Problem.NotFound($"There is no message {id} in the queue.");
            var entries = message.Recipients.Where(entry => IsLive(entry) && (recipient is null || Same(entry.Address, recipient))).ToList();
            if (entries.Count == 0) return Problem.NotFound($"Message {id} has no recipient '{recipient}' in the queue.");
            if (order.Act is QueueAct.Export) return Problem.Invalid("action", "A single message is downloaded; export is for all that match.");
            var checkedOrder = Check(order, message.SiteId);
            if (checkedOrder.Value is not { } wanted) return checkedOrder.Problem!;
            if (recipient is not null && wanted.To is { SiteId: not null })
                return Problem.Invalid("recipient", "A message goes to another site with all its recipients.");
            if (await ObjectAsync(entries, wanted, message.SiteId, actor, stop) is { } reason) return Problem.Conflict($"Message {id}: {reason}");

            var reasons = await work.DoAsync([new(message, entries)], wanted, actor.Name, actor.From, stop);
            if (reasons.TryGetValue(message.Id, out var late)) return Problem.Conflict($"Message {id}: {late}");
            act.Changes(null, AuditImage.Of(new { Recipient = recipient, wanted.To }));
            Log.OperatorActed(log, id.ToString(), wanted.ToString(), actor.Name);
            return await queue.FindAsync(id, stop) ?? message;
        });

    /// <summary>Null: deleted. Conflict while it is being delivered or collected at this moment.</summary>
    public async Task<Problem?> DeleteAsync(MessageId id, Actor actor, CancellationToken stop, string? recipient = null) =>
        (await ActAsync(id, new(QueueAct.Delete), recipient, actor, stop)).Problem;

    /// <summary>Looked at before anything is done, so that a message is not left half done.</summary>
    async Task<string?> ObjectAsync(List<Recipient> entries, QueueOrder order, int siteId, Actor actor, CancellationToken stop)
    {
        if (entries.Any(entry => entry.State is RecipientState.Delivering)) return EntryRules.Busy;
        if (order.Act is QueueAct.Bounce or QueueAct.Delete || order.To is { SiteId: not null }) return null;
        if (sites.Find(siteId)?.Site is not { } site) return $"there is no site {siteId} any more.";
        var rules = new EntryRules(order, site, actor.Name, time.GetUtcNow());
        foreach (var entry in entries)
        {
            var stopped = order.Act is QueueAct.Release && await queue.FindStoppedAsync(siteId, entry.Domain, stop) is not null;
            if (rules.Judge(entry, stopped).Refusal is { } refusal) return entries.Count == 1 ? refusal : $"{entry.Address}: {refusal}";
        }
        return null;
    }

    /// <summary>The order with its names as they are kept; unknown ones are refused.</summary>
    Result<QueueOrder> Check(QueueOrder order, int siteId) => order switch
    {
        { Act: not QueueAct.Redirect, To: null } => order,
        { Act: not QueueAct.Redirect } => Problem.Invalid(Given(order.To!)[0], $"To {order.Act.ToString().ToLowerInvariant()} has no target; leave it out."),
        { To: { Domain: { } domain, SmartHost: null, SiteId: null } } => CheckDomain(order, domain, siteId),
        { To: { Domain: null, SmartHost: { } host, SiteId: null } } => smartHosts.Find(host) is { } kept
            ? order with { To = new(SmartHost: kept.Name) }
            : Problem.Invalid("smartHost", $"There is no smart host '{host}'."),
        { To: { Domain: null, SmartHost: null, SiteId: { } to } } => sites.Find(to) is null
            ? Problem.Invalid("siteId", string.Create(CultureInfo.InvariantCulture, $"There is no site {to}."))
            : to == siteId ? Problem.Invalid("siteId", string.Create(CultureInfo.InvariantCulture, $"The mail is on site {to} already.")) : order,
        { To: var target } => OneOnly(Given(target ?? new())),
    };

    /// <summary>The members of a target that somebody wrote.</summary>
    static IReadOnlyList<string> Given(Redirection to) =>
        [.. new[] { (to.Domain is not null, "domain"), (to.SmartHost is not null, "smartHost"), (to.SiteId is not null, "siteId") }.Where(one => one.Item1).Select(one => one.Item2)];

    static Problem OneOnly(IReadOnlyList<string> given) => given.Count > 1
        ? Problem.Invalid(given[^1], $"Give one of domain, smartHost and siteId; {string.Join(" and ", given)} are too many.")
        : Problem.Invalid("domain", "Give one of domain, smartHost and siteId.");

    Result<QueueOrder> CheckDomain(QueueOrder order, string given, int siteId)
    {
        if (!DomainName.TryParse(given, out var domain))
        {
            if (RelayDecision.Literal(given) is null) return Problem.Invalid("domain", $"'{given}' is not a domain.");
            domain = given;
        }
        return sites.Find(siteId)?.Site.RuleFor(domain)?.Route.Type switch
        {
            RouteType.Hold => Problem.Invalid("domain", $"Mail for {domain} is held until it is collected, which mail of other domains never is."),
            RouteType.Refuse => Problem.Invalid("domain", $"Mail for {domain} is refused by its domain rule."),
            _ => order with { To = new(Domain: domain) },
        };
    }

    static bool IsLive(Recipient entry) =>
        entry.State is RecipientState.Queued or RecipientState.Held or RecipientState.Delivering or RecipientState.Frozen;

    static bool Same(string address, string given) => string.Equals(address, given, StringComparison.OrdinalIgnoreCase);
}
