using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Collection;

/// <summary>
/// A collection over new connections to the hosts of the domain: those of DNS, or the rule's <c>etrnTo</c>. One rule of
/// one site. RFC 1985 section 5.
/// </summary>
sealed class EtrnRun(CollectionContext context, CollectionRun run, CollectionScope scope)
{
    /// <summary>Stands for every destination of the rule, where all go to the same hosts.</summary>
    const string AllOfThem = "";

    readonly Lock _lock = new();
    bool _again = true;
    bool _over;

    /// <summary>Somebody asks for the same rule: the run takes that along. False when it is over already.</summary>
    public bool TryJoin(CollectionScope more)
    {
        lock (_lock)
        {
            if (_over) return false;
            // The run keeps the rule that it began with.
            run.Widen(more with { Rule = scope.Rule });
            return _again = true;
        }
    }

    public async Task RunAsync(SemaphoreSlim places, CancellationToken stop)
    {
        var end = "The collection broke off: trouble of the server.";
        try
        {
            await places.WaitAsync(stop);
            try
            {
                await run.StartAsync(stop);
                end = await CollectAsync(stop);
            }
            finally
            {
                places.Release();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            end = "The server was stopped.";
        }
        catch (Exception e)
        {
            Log.CollectionTrouble(context.Logger, e, run.Site.Id);
        }
        finally
        {
            lock (_lock) _over = true;
            await run.EndAsync(end);
        }
    }

    async Task<string> CollectAsync(CancellationToken stop)
    {
        var settings = scope.Rule.Settings;
        RouteHop? fixedHop = scope.Rule.Route.EtrnTo is { } to && HostAndPort.TryParse(to, out var host)
            ? new RouteHop.Via(null, new(host.Host, host.Port, NextHops.TlsOf(settings)), new())
            : null;
        var deliveries = new Dictionary<string, HostDelivery>(StringComparer.OrdinalIgnoreCase);
        try
        {
            while (!IsOver())
            {
                lock (_lock) _again = false;
                while (await run.NextAsync(stop) is { Count: > 0 } window)
                {
                    var groups = GroupByHosts(window, fixedHop is not null);
                    foreach (var group in groups.GroupBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase))
                    {
                        if (!deliveries.TryGetValue(group.Key, out var delivery))
                        {
                            // A wildcard may have any number of destinations: those of the window before are done with.
                            await CloseAsync(deliveries);
                            var hop = fixedHop ?? new RouteHop.Domain(group.Key);
                            delivery = new(context.Outbound, run.Site, new(RouteType.Hold, scope.Rule.Name, [hop], settings), stop, run.Said);
                            deliveries[group.Key] = delivery;
                        }
                        await DeliverAsync(delivery, group.Key, group.Select(pair => pair.Message), stop);
                    }
                }
            }
            var end = run.Summary();
            await run.EndAsync(end);
            return end;
        }
        finally
        {
            await CloseAsync(deliveries);
        }
    }

    async Task DeliverAsync(HostDelivery delivery, string destination, IEnumerable<LeasedMessage> messages, CancellationToken stop)
    {
        foreach (var message in messages)
        {
            if (run.Stopped is not null) return;
            var attempt = await delivery.SendAsync(message, stop);
            if (attempt.Trouble is { } why)
            {
                run.LeaveOut(destination is AllOfThem ? null : destination, $"No host took the connection: {why.Reply.Text.TrimEnd('.')}.");
                return;
            }
            await run.SettleAsync(message, attempt);
        }
    }

    /// <summary>With fixed hosts a message is one transaction; else it is one for each destination.</summary>
    static IEnumerable<(string Key, LeasedMessage Message)> GroupByHosts(IReadOnlyList<LeasedMessage> window, bool fixedHosts) =>
        fixedHosts
            ? window.Select(leased => (AllOfThem, leased))
            : window.SelectMany(leased => leased.Recipients.GroupBy(recipient => recipient.Domain, StringComparer.OrdinalIgnoreCase)
                .Select(group => (group.Key, leased with { Recipients = [.. group] })));

    bool IsOver()
    {
        lock (_lock) return _over = !_again || run.Stopped is not null;
    }

    static async Task CloseAsync(Dictionary<string, HostDelivery> deliveries)
    {
        foreach (var delivery in deliveries.Values) await delivery.DisposeAsync();
        deliveries.Clear();
    }
}
