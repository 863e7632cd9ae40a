using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Events;

namespace WebSmtp.Mta.Collection;

/// <summary>Says once when a host stays away longer than usual, and once when it is back. Not thread-safe.</summary>
public sealed class OverdueHosts(EventStream events, TimeProvider time, ILogger<OverdueHosts> log)
{
    readonly HashSet<(int SiteId, string Domain)> _overdue = [];

    internal void Look(IReadOnlyList<HeldDomain> domains)
    {
        var now = time.GetUtcNow();
        foreach (var domain in domains)
        {
            var key = (domain.SiteId, domain.Domain.Name);
            if (domain.IsOverdue(now) ? !_overdue.Add(key) : !_overdue.Remove(key)) continue;
            var habit = domain.Habit;
            var overdue = _overdue.Contains(key);
            if (overdue) Log.HostOverdue(log, domain.Domain.Name, domain.SiteId, habit!.Last, habit.Usual, domain.Messages);
            else Log.HostBack(log, domain.Domain.Name, domain.SiteId);
            events.Publish(new QueueEvent(now, domain.SiteId, overdue ? "overdue" : "collectedAgain", domain.Domain.Name));
        }
        _overdue.IntersectWith(domains.Select(domain => (domain.SiteId, domain.Domain.Name)));
    }
}
