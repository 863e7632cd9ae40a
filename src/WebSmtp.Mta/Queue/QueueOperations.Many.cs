using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Administration;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Queue;

// All that match a filter, and whole destinations: operations.
public sealed partial class QueueOperations
{
    /// <summary>Messages that are looked at and changed at a time: mail that comes in waits for no more than that.</summary>
    const int PageSize = 200;

    /// <summary>
    /// Begins to do it to all entries that match and were accepted until now. One that is being delivered when its turn
    /// comes is left and counted as failed. A message that goes to another site does so with all its recipients.
    /// </summary>
    public Result<OperationView> Start(QueueOrder order, MessageFilter filter, Actor actor) => Start(order, [filter], "", actor);

    /// <param name="filters">Each of another site.</param>
    /// <param name="text">The filters in the words of whoever asks.</param>
    public Result<OperationView> Start(QueueOrder order, IReadOnlyList<MessageFilter> filters, string text, Actor actor) =>
        audit.Act<OperationView>(actor, Role.Operator, order.Act.ToString().ToLowerInvariant(), filters.Count is 1 ? $"sites/{filters[0].SiteId}/messages" : "messages", act =>
        {
            act.Changes(null, AuditImage.Of(new { order.To, Filter = filters.Count is 1 ? filters[0] : null, Sites = filters.Count is 1 ? null : filters.Select(filter => filter.SiteId), Search = text }));
            // A site that was deleted at this moment has taken its mail along.
            IReadOnlyList<MessageFilter> here = [.. filters.Where(filter => sites.Find(filter.SiteId) is not null)];
            if (here.Count == 0 && filters.Count > 0) return Problem.NotFound($"There is no site {filters[0].SiteId}.");
            var wanted = order;
            foreach (var filter in here)
            {
                if (filter.History) return Problem.Invalid("history", "What has left the queue cannot be changed.");
                var checkedOrder = Check(order, filter.SiteId);
                if (checkedOrder.Value is null) return checkedOrder.Problem!;
                wanted = checkedOrder.Value;
            }
            return Begin(wanted.ToString(), wanted, here, actor, text);
        });

    /// <summary>
    /// Stops a destination: from now on nothing is tried for it, nor collected, also after a restart; what waits for it is
    /// frozen by the operation, and what comes when it would be tried.
    /// </summary>
    public Task<Result<OperationView>> HoldAsync(int siteId, string domain, Actor actor, CancellationToken stop) =>
        audit.ActAsync<OperationView>(actor, Role.Operator, "hold", $"sites/{siteId}/queues/{Destination(domain)}", async act =>
        {
            if ((Refuse(siteId) ?? operations.Full) is { } problem) return problem;
            var name = Destination(domain);
            // What waits for something odd can be stopped all the same.
            if (!DomainName.TryParse(name, out _) && RelayDecision.Literal(name) is null && await queue.CountAsync(new(siteId, name), stop) == 0)
                return Problem.Invalid("domain", $"'{domain}' is not a domain, and no mail waits for it.");
            await queue.StopDestinationAsync(new() { SiteId = siteId, Domain = name, At = time.GetUtcNow(), By = $"{actor.Name} from {actor.From}" });
            Log.DestinationStopped(log, name, siteId, actor.Name);
            Changed(siteId, "stopped", name);
            return Begin($"hold {name}", new(QueueAct.Freeze),
                [new(siteId, name, RecipientState.Queued), new(siteId, name, RecipientState.Held)], actor);
        });

    /// <summary>Lets a destination go on: all that is frozen for it is released, also what was frozen by itself.</summary>
    public Task<Result<OperationView>> ReleaseAsync(int siteId, string domain, Actor actor, CancellationToken stop) =>
        audit.ActAsync<OperationView>(actor, Role.Operator, "release", $"sites/{siteId}/queues/{Destination(domain)}", async _ =>
        {
            if ((Refuse(siteId) ?? operations.Full) is { } problem) return problem;
            var name = Destination(domain);
            var frozen = new MessageFilter(siteId, name, RecipientState.Frozen);
            // A release that was cut off has left something to release.
            if (!await queue.RestartDestinationAsync(siteId, name) && await queue.CountAsync(frozen, stop) == 0)
                return Problem.Conflict($"{name} is not stopped, and nothing is frozen for it.");
            Log.DestinationReleased(log, name, siteId, actor.Name);
            Changed(siteId, "released", name);
            return Begin($"release {name}", new(QueueAct.Release), [frozen], actor);
        });

    /// <summary>Makes all that is queued for a destination due at once.</summary>
    public Task<Result<OperationView>> RetryAsync(int siteId, string domain, Actor actor, CancellationToken stop) =>
        audit.ActAsync<OperationView>(actor, Role.Operator, "retry", $"sites/{siteId}/queues/{Destination(domain)}", async _ =>
        {
            if (Refuse(siteId) is { } problem) return problem;
            var name = Destination(domain);
            if (await queue.FindStoppedAsync(siteId, name, stop) is { } stopped)
                return Problem.Conflict($"{name} was stopped by {stopped.By}; release it.");
            return Begin($"retry {name}", new(QueueAct.Retry), [new(siteId, name, RecipientState.Queued)], actor);
        });

    /// <summary>As it is stored; what is no domain (an address literal is none either) is looked for as it is.</summary>
    public static string Destination(string domain) => DomainName.TryParse(domain, out var parsed) ? parsed : domain.ToLowerInvariant();

    Problem? Refuse(int siteId) => sites.Find(siteId) is null ? Problem.NotFound($"There is no site {siteId}.") : null;

    void Changed(int siteId, string what, string domain) => events.Publish(new Events.QueueEvent(time.GetUtcNow(), siteId, what, domain));

    Result<OperationView> Begin(string what, QueueOrder order, IReadOnlyList<MessageFilter> filters, Actor actor, string text = "")
    {
        // What comes from here on has an end only when mail stops coming.
        var end = time.GetUtcNow().AddMilliseconds(1);
        IReadOnlyList<MessageFilter> bounded =
            [.. filters.Select(filter => filter with { ReceivedBefore = filter.ReceivedBefore < end ? filter.ReceivedBefore : end })];
        return operations.Start(filters is [var only] ? only.SiteId : 0, what, text, actor, (operation, stop) => RunAsync(operation, order, bounded, actor, stop));
    }

    async Task RunAsync(Operation operation, QueueOrder order, IReadOnlyList<MessageFilter> filters, Actor actor, CancellationToken stop)
    {
        var total = 0L;
        foreach (var filter in filters) total += await queue.CountAsync(filter, stop);
        operation.Expect(total);
        List<string> folders = [];
        if (order.Act is QueueAct.Export)
        {
            order = order with { Folder = $"Export-{operation.View.Id}" };
            folders = [.. filters.Select(filter => sites.Find(filter.SiteId)?.Site.Folders.Root).OfType<string>().Select(root => Path.Combine(root, order.Folder))];
            operation.WriteTo(string.Join(", ", folders));
        }
        foreach (var filter in filters)
        {
            var after = new MessageId(long.MinValue);
            while (await queue.WalkAsync(filter, after, PageSize, stop) is { Count: > 0 } page)
            {
                await operation.PauseAsync(stop);
                var wholly = order.To is { SiteId: not null };
                var reasons = await work.DoAsync(
                    [.. page.Select(message => new OrderedEntries(message, [.. message.Recipients.Where(entry => IsLive(entry) && (wholly || filter.Matches(entry)))]))],
                    order, actor.Name, actor.From, stop);
                operation.Advance(page.Count - reasons.Count, reasons);
                after = new(page[^1].Id);
            }
        }
        // Where no message was, there is no folder.
        if (folders.Count > 1) operation.WriteTo(string.Join(", ", folders.Where(Directory.Exists)));
    }
}
