using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Addresses;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Submissions;

/// <summary>What is special about a message that is sent by hand.</summary>
/// <param name="SmartHost">The kept smart host that it goes over, whatever the routes say.</param>
/// <param name="Watched">Somebody waits to see what becomes of it: what is said about it is kept longer than that about others.</param>
public sealed record SubmissionWay(string? SmartHost = null, bool Watched = false);

/// <summary>A message that is queued for good.</summary>
public sealed record SubmittedMessage(MessageId Id);

// What operators and their programs send over the administrative interface. They may send to everywhere.
public sealed partial class Submission
{
    /// <summary>Queues a message; done when it would survive a power loss. All recipients are taken, or none.</summary>
    /// <param name="mailFrom">Empty or <c>&lt;&gt;</c>: the null sender. Null: whom the header names.</param>
    /// <param name="rcptTo">None: everybody in To, Cc and Bcc.</param>
    /// <param name="headerRecipients">Those as well where <paramref name="rcptTo"/> names others.</param>
    /// <param name="size">Bytes of the content, where known.</param>
    public async Task<Result<SubmittedMessage>> SendAsync(
        int siteId, string? mailFrom, IReadOnlyList<string> rcptTo, bool headerRecipients, long? size, Stream content, Actor actor, CancellationToken stop) =>
        await SendAsync(siteId, mailFrom, rcptTo, headerRecipients, size, content, new SubmissionWay(), actor, stop);

    /// <summary>The same, in a way of its own. What people send by hand is in the audit record; of what programs send, the trace says who did.</summary>
    public Task<Result<SubmittedMessage>> SendAsync(
        int siteId, string? mailFrom, IReadOnlyList<string> rcptTo, bool headerRecipients, long? size, Stream content, SubmissionWay way, Actor actor, CancellationToken stop) =>
        actor.Through is not Door.Web
            ? EnqueueAsync(siteId, mailFrom, rcptTo, headerRecipients, size, content, way, actor, stop)
            : audit.ActAsync<SubmittedMessage>(actor, Role.Operator, "send", $"sites/{siteId}/messages", async act =>
            {
                var sent = await EnqueueAsync(siteId, mailFrom, rcptTo, headerRecipients, size, content, way, actor, stop);
                if (sent.Value is { } message) act.Changes(null, AuditImage.Of(new { Id = message.Id.ToString(), MailFrom = mailFrom, RcptTo = rcptTo, way.SmartHost }));
                return sent;
            });

    async Task<Result<SubmittedMessage>> EnqueueAsync(
        int siteId, string? mailFrom, IReadOnlyList<string> rcptTo, bool headerRecipients, long? size, Stream content, SubmissionWay way, Actor actor, CancellationToken stop)
    {
        if (actor.Demand(Role.Operator) is { } forbidden) return forbidden;
        if (acceptance.Sites.Find(siteId) is not { } view) return Problem.NotFound($"There is no site {siteId}.");
        if (view.State is not (SiteState.Running or SiteState.Paused))
            return Problem.Conflict($"Site '{view.Site.Name}' ({siteId}) is {view.State.ToString().ToLowerInvariant()}, so it takes no mail; start it first.");

        if (view.Site.IsDraining)
            return Problem.Conflict($"Site '{view.Site.Name}' ({siteId}) is being drained by {view.Site.StateBy}, so it takes no mail; continue it first.");

        var complaints = new Complaints();
        var from = mailFrom is null ? null : ReadAddress("mailFrom", mailFrom, complaints);
        var recipients = rcptTo.Select(text => ReadAddress("rcptTo", text, complaints)).OfType<MailAddress>().ToList();
        if (recipients.Exists(recipient => recipient.IsNull)) complaints.Add("rcptTo", "A recipient cannot be empty.");
        var smartHost = way.SmartHost is null ? null : acceptance.Scheduler.Planner.FindSmartHost(way.SmartHost);
        if (way.SmartHost is not null && smartHost is null) complaints.Add("smartHost", $"There is no smart host '{way.SmartHost}'.");
        if (complaints.ToProblem() is { } wrong) return wrong;

        var id = acceptance.Ids.Next();
        if (way.Watched) acceptance.Scheduler.Outbound.Watch.Conversations.Keep(id);
        var result = await SubmitAsync(view.Site, new(
            Origin.Submitted("HTTP", actor.From), from, [.. recipients.Select(recipient => new EnvelopeRecipient(recipient, RcptParameters.None))])
        {
            HeaderRecipients = headerRecipients,
            Size = size,
            Id = id,
            ViaSmartHost = smartHost?.Name,
            Refuse = (rule, address) => RelayDecision.RefuseAnyone(view.Site, rule, address, null),
        }, content, stop);
        if (!result.Reply.IsPositive) return ProblemOf(result);
        Log.Submitted(acceptance.Logger, result.Id.ToString(), view.Site.Id, actor.Name, actor.From);
        return new SubmittedMessage(result.Id);
    }

    static Problem ProblemOf(SubmissionResult result) => result.Reply switch
    {
        { IsTransient: true } => Problem.Unavailable(result.Reply.ToString()),
        { Code: 552 } => Problem.TooLarge(result.Reply.Text),
        _ => Problem.Invalid(result.Field, result.Reply.Text),
    };

    static MailAddress? ReadAddress(string field, string text, Complaints complaints)
    {
        if (EnvelopeAddress.TryRead(text, out var address)) return address;
        complaints.Add(field, $"'{text}' is not an address such as user@example.com.");
        return null;
    }
}
