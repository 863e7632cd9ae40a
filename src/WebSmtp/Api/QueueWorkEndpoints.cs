using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

/// <summary>Where mail goes instead. Exactly one is given.</summary>
/// <param name="Domain">As if it were for this domain.</param>
/// <param name="SmartHost">Over the kept smart host of this name.</param>
/// <param name="SiteId">The whole message goes to this site.</param>
sealed record RedirectRequest(string? Domain = null, string? SmartHost = null, int? SiteId = null);

/// <summary>Which messages of a site; members that are left out do not restrict.</summary>
/// <param name="Domain">Only recipients of this domain.</param>
/// <param name="State">Only recipients in this state: queued, retry, held or frozen.</param>
/// <param name="Sender">Only messages whose sender has this text in it.</param>
/// <param name="Recipient">Only recipients that have this text in them.</param>
/// <param name="Subject">Only messages whose subject has this text in it.</param>
/// <param name="OlderThan">Only messages received longer ago than this ISO 8601 duration.</param>
/// <param name="NewerThan">Only messages received since then.</param>
/// <param name="LargerThan">Only messages of more bytes.</param>
/// <param name="SmallerThan">Only messages of fewer bytes.</param>
/// <param name="Client">Only messages that came from this IP address.</param>
/// <param name="Reply">Only recipients whose last reply has this text in it.</param>
sealed record ActionFilterRequest(
    string? Domain = null, string? State = null, string? Sender = null, string? Recipient = null, string? Subject = null, string? OlderThan = null,
    string? NewerThan = null, long? LargerThan = null, long? SmallerThan = null, string? Client = null, string? Reply = null);

/// <summary>An act on all messages that match.</summary>
/// <param name="Action">freeze, release, retry, bounce, redirect, delete or export.</param>
/// <param name="Filter">Which messages; an empty one matches all of the site.</param>
/// <param name="Domain">For redirect: as if the mail were for this domain.</param>
/// <param name="SmartHost">For redirect: over the kept smart host of this name.</param>
/// <param name="SiteId">For redirect: the messages go to this site, with all their recipients.</param>
sealed record ActionRequest(QueueAct Action, ActionFilterRequest Filter, string? Domain = null, string? SmartHost = null, int? SiteId = null);

/// <summary>An act on all messages that a search finds, of all sites.</summary>
/// <param name="Action">freeze, release, retry, bounce, redirect, delete or export.</param>
/// <param name="Q">The search, as the queue's page takes it; it cannot be empty.</param>
/// <param name="Domain">For redirect: as if the mail were for this domain.</param>
/// <param name="SmartHost">For redirect: over the kept smart host of this name.</param>
/// <param name="SiteId">For redirect: the messages go to this site, with all their recipients.</param>
sealed record SearchActionRequest(QueueAct Action, string Q, string? Domain = null, string? SmartHost = null, int? SiteId = null);

/// <summary>Something that takes long has begun.</summary>
/// <param name="Id">Of the operation, to follow or cancel it.</param>
sealed record OperationStartedResponse(string Id);

/// <summary>What operators do with mail that waits.</summary>
static class QueueWorkEndpoints
{
    const string Tag = "Queue work", Started = """{ "id": "02P3K9ZC1G00A" }""";

    static readonly (QueueAct Act, string Summary, string Description)[] Acts =
    [
        (QueueAct.Freeze, "Freeze a message", "Nothing is tried for it, and it is not collected, until it is released."),
        (QueueAct.Release, "Release a frozen message", "It is held again where its domain's mail is held now, and due at once elsewhere."),
        (QueueAct.Retry, "Try a message now", "What is queued is due at once. What is held stays held, and what is frozen stays frozen: both are refused with 409."),
        (QueueAct.Bounce, "Return a message", "It ends as failed, as if a host had refused it: its sender gets the report that he asked for."),
    ];

    public static void Map(IEndpointRouteBuilder api)
    {
        foreach (var (act, summary, description) in Acts)
        {
            api.MapPost($"/messages/{{id}}/{act.ToString().ToLowerInvariant()}", (HttpContext context, QueueOperations queue, string id, string? recipient) =>
                    ActAsync(context, queue, id, new(act), recipient))
                .Describe(Role.Operator, Tag, summary, $"{description} With recipient: for this one only. Refused with 409 while it is being delivered or collected.", 404, 409, 412)
                .Produces<MessageResponse>().Example(response: MessageResponse.Example);
        }
        api.MapPost("/messages/{id}/redirect", RedirectAsync)
            .Describe(Role.Operator, Tag, "Send a message another way",
                "As if it were for another domain, over a kept smart host, or by another site. It is due at once, also when it was held; what is frozen stays frozen. With recipient: for this one only.",
                404, 409, 412, 415)
            .AcceptsJson<RedirectRequest>().Produces<MessageResponse>().Example("""{ "smartHost": "backup" }""", MessageResponse.Example);
        api.MapPost("/sites/{id:int}/messages/actions", StartAsync)
            .Describe(Role.Operator, Tag, "Do something with all messages that match",
                "Begins an operation on what the site has now; recipients that do not match are left alone, and those that are being delivered count as failed.",
                404, 409, 415)
            .AcceptsJson<ActionRequest>().Produces<OperationStartedResponse>(202)
            .Example("""{ "action": "freeze", "filter": { "domain": "test.com" } }""", Started);
        api.MapPost("/messages/actions", StartSearchedAsync)
            .Describe(Role.Operator, Tag, "Do something with all messages that a search finds",
                "The same for the messages of all sites that a search like the one of the queue's page finds. export writes copies into a folder below each site's mail root; the operation says which.",
                404, 409, 415)
            .AcceptsJson<SearchActionRequest>().Produces<OperationStartedResponse>(202)
            .Example("""{ "action": "retry", "q": "state:retry reply:450" }""", Started);
        MapDestination(api, "hold", "Stop a destination",
            "From now on nothing is tried for it, nor collected, also after a restart. What waits is frozen by an operation, and so is what still comes.",
            (queue, id, domain, actor, stop) => queue.HoldAsync(id, domain, actor, stop));
        MapDestination(api, "release", "Let a stopped destination go on",
            "An operation releases all that is frozen for it.", (queue, id, domain, actor, stop) => queue.ReleaseAsync(id, domain, actor, stop));
        MapDestination(api, "retry", "Try a destination now",
            "An operation makes all that is queued for it due at once.", (queue, id, domain, actor, stop) => queue.RetryAsync(id, domain, actor, stop));
    }

    static void MapDestination(
        IEndpointRouteBuilder api, string verb, string summary, string description,
        Func<QueueOperations, int, string, Actor, CancellationToken, Task<Result<OperationView>>> act) => api
        .MapPost($"/sites/{{id:int}}/queues/{{domain}}/{verb}", async (HttpContext context, QueueOperations queue, int id, string domain) =>
            Follow(context, await act(queue, id, domain, context.Actor(), context.RequestAborted)))
        .Describe(Role.Operator, Tag, summary, description, 404, 409)
        .Produces<OperationStartedResponse>(202).Example(response: Started);

    static async Task<IResult> ActAsync(HttpContext context, QueueOperations queue, string id, QueueOrder order, string? recipient)
    {
        if (!MessageId.TryParse(id, out var parsed)) return Problem.NotFound($"There is no message '{id}'.").Answer();
        if (EntityTags.AreGiven(context.Request) && await queue.FindAsync(parsed, context.RequestAborted) is { } now
            && EntityTags.Refuse(context.Request, EntityTags.OfContent(MessageResponse.Of(now))) is { } stale) return stale.Answer();
        var done = await queue.ActAsync(parsed, order, recipient, context.Actor(), context.RequestAborted);
        if (done.Value is not { } message) return done.Problem!.Answer();
        var shown = MessageResponse.Of(message);
        return context.Show(shown, EntityTags.OfContent(shown));
    }

    static async Task<IResult> RedirectAsync(HttpContext context, QueueOperations queue, string id, string? recipient)
    {
        var body = await JsonInput.ReadAsync<RedirectRequest>(context.Request);
        return body.Value is { } to
            ? await ActAsync(context, queue, id, new(QueueAct.Redirect, new(to.Domain, to.SmartHost, to.SiteId)), recipient)
            : body.Problem!.Answer();
    }

    static async Task<IResult> StartAsync(HttpContext context, SiteRegistry sites, QueueOperations queue, TimeProvider time, int id)
    {
        if (sites.Find(id) is null) return SiteEndpoints.NotFound(id).Answer();
        var body = await JsonInput.ReadAsync<ActionRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var (of, redirection) = (wanted.Filter, new Redirection(wanted.Domain, wanted.SmartHost, wanted.SiteId));
        var filter = new MessageQuery
        {
            Domain = of.Domain, State = of.State, Sender = of.Sender, Recipient = of.Recipient, Subject = of.Subject, OlderThan = of.OlderThan,
            NewerThan = of.NewerThan, LargerThan = Text(of.LargerThan), SmallerThan = Text(of.SmallerThan), Client = of.Client, Reply = of.Reply,
        }.Filter(id, time);
        if (filter.Value is not { } matching) return Below("filter", filter.Problem!).Answer();
        var hasTarget = wanted.Action is QueueAct.Redirect || redirection != new Redirection();
        return Follow(context, queue.Start(new(wanted.Action, hasTarget ? redirection : null), matching, context.Actor()));
    }

    static string? Text(long? number) => number?.ToString(System.Globalization.CultureInfo.InvariantCulture);

    static async Task<IResult> StartSearchedAsync(HttpContext context, SiteRegistry sites, QueueOperations queue, TimeProvider time)
    {
        var body = await JsonInput.ReadAsync<SearchActionRequest>(context.Request);
        if (body.Value is not { } wanted) return body.Problem!.Answer();
        var query = QueueQuery.Read(wanted.Q);
        if (query.Value is not { } asked) return query.Problem!.Answer();
        if (asked.Terms.Count == 0) return Problem.Invalid("q", "Say what is to match; site:1 is all of a site.").Answer();
        var filters = asked.Filters(sites, time.GetUtcNow());
        if (filters.Value is not { } matching) return filters.Problem!.Answer();
        var redirection = new Redirection(wanted.Domain, wanted.SmartHost, wanted.SiteId);
        var hasTarget = wanted.Action is QueueAct.Redirect || redirection != new Redirection();
        return Follow(context, queue.Start(new(wanted.Action, hasTarget ? redirection : null), matching, asked.ToString(), context.Actor()));
    }

    /// <summary>202, and where the operation can be followed.</summary>
    static IResult Follow(HttpContext context, Result<OperationView> started)
    {
        if (started.Value is not { } operation) return started.Problem!.Answer();
        context.Response.Headers.Location = $"/api/v1/operations/{operation.Id}";
        return context.Show(new OperationStartedResponse(operation.Id), status: StatusCodes.Status202Accepted);
    }

    static Problem Below(string member, Problem problem) =>
        problem with { Errors = problem.Errors.ToDictionary(error => $"{member}.{error.Key}", error => error.Value, StringComparer.Ordinal) };
}
