using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Alarms;

/// <summary>What an alarm is about.</summary>
public enum AlarmKind { SiteFailed, ServiceVersion, NobodyCollects, HeldLimit, HostOverdue, RouteOnHold, RouteTrouble, DiskLow, OpenRelay }

/// <summary>Something that an administrator should see to.</summary>
/// <param name="Failed">Something does not work; else it will not, or nobody knows.</param>
/// <param name="SiteId">Null: it concerns all sites.</param>
/// <param name="Subject">The domain, route or folder; null: the site or service itself.</param>
/// <param name="Since">Null where nobody can tell.</param>
/// <param name="What">What is the matter, in one sentence.</param>
/// <param name="Advice">What to do, or what happens otherwise.</param>
public sealed record Alarm(AlarmKind Kind, bool Failed, int? SiteId, string? Subject, DateTimeOffset? Since, string What, string Advice);

/// <summary>All that is the matter at this moment. Nothing is kept: an alarm ends with its cause. Thread-safe.</summary>
public sealed class AlarmList(
    SiteRegistry sites, SiteOperations operations, HeldMail held, RouteStates routes, FreeSpace space, DataDirectory data, TimeProvider time)
{
    const double NearLimit = 0.8;
    const int MostRoutes = 20;

    /// <summary>Room for less than this is low: SMTP refuses mail some time before nothing is left.</summary>
    const long LowBytes = 512L << 20;

    /// <summary>What does not work first.</summary>
    public async Task<IReadOnlyList<Alarm>> ListAsync(CancellationToken stop) => List(await held.ListAsync(null, stop));

    /// <summary>Alike, for whoever has asked for the held domains already.</summary>
    public IReadOnlyList<Alarm> List(IReadOnlyList<HeldDomain> domains) =>
        [.. OfService().Concat(OfSites()).Concat(OfOpenRelays()).Concat(OfDisks()).Concat(OfRoutes()).Concat(domains.SelectMany(OfHeld)).OrderByDescending(alarm => alarm.Failed)];

    IEnumerable<Alarm> OfService()
    {
        if (operations.ServiceVersion is 1)
        {
            yield return new(AlarmKind.ServiceVersion, false, null, null, null,
                "The service runs as version 1: only the default site is on, and ETRN, TURN and ATRN are off.",
                "Switch to version 2 to have all sites and the collection of held mail.");
        }
    }

    IEnumerable<Alarm> OfSites() =>
        from view in sites.Sites.Values
        where view.State is SiteState.Failed
        orderby view.Site.Id
        select new Alarm(AlarmKind.SiteFailed, true, view.Site.Id, null, null, $"{view.Site.Name} has failed: {view.StateReason}",
            "Give it another address or port, or stop the site that has this one; then start it.");

    IEnumerable<Alarm> OfOpenRelays() =>
        from view in sites.Sites.Values
        where view.State is SiteState.Running
        orderby view.Site.Id
        let open = OpenRelay.Find(view.Site)
        where open is not null
        select new Alarm(AlarmKind.OpenRelay, false, view.Site.Id, null, null, $"{view.Site.Name} is an open relay: {open.What}.", OpenRelay.Advice);

    IEnumerable<Alarm> OfDisks()
    {
        var folders = sites.Sites.Values.Select(view => view.Site.Folders.Root).Prepend(data.Path).Distinct(StringComparer.Ordinal);
        foreach (var folder in folders.Where(folder => !space.Has(folder, LowBytes)))
        {
            yield return new(AlarmKind.DiskLow, true, null, folder, null, $"Less than {LowBytes >> 20} MiB are free for {folder}.",
                "Make room: when nothing is left, senders are answered 452 and mail waits.");
        }
    }

    IEnumerable<Alarm> OfRoutes()
    {
        var troubled = routes.List();
        foreach (var route in troubled.Take(MostRoutes))
        {
            var (kind, failed, what, advice) = route.State switch
            {
                RouteCondition.OnHold => (AlarmKind.RouteOnHold, true, $"{route.Route} is on hold: {route.Reason}",
                    "Nothing bounces meanwhile. Mend the credentials; it goes on as soon as a log-in works."),
                RouteCondition.OverBudget => (AlarmKind.RouteTrouble, false, $"{route.Route} has had all that its limits allow: {route.Reason}",
                    "Its mail waits. Raise the limits if it always is too much."),
                _ => (AlarmKind.RouteTrouble, false, $"{route.Route} cannot be reached: {route.Reason}",
                    "Its mail waits and is tried again; senders are told when it takes long."),
            };
            yield return new(kind, failed, route.SiteId, route.Route, route.Since, what, advice);
        }
        if (troubled.Count > MostRoutes)
        {
            yield return new(AlarmKind.RouteTrouble, false, null, null, null, $"{troubled.Count - MostRoutes} more routes have trouble.",
                "So many at once often means that this server's own network or DNS is the cause.");
        }
    }

    IEnumerable<Alarm> OfHeld(HeldDomain domain)
    {
        var (route, name) = (domain.Domain.Route, domain.Domain.Name);
        if (!route.Etrn && domain.Domain.TurnAccounts.Count is 0)
        {
            yield return new(AlarmKind.NobodyCollects, false, domain.SiteId, name, null,
                $"Nobody can collect the mail of {name}.", "Allow ETRN for it, or name an account that may TURN it.");
        }
        if (domain.IsOverdue(time.GetUtcNow()))
        {
            yield return new(AlarmKind.HostOverdue, false, domain.SiteId, name, domain.Habit!.OverdueAt,
                $"The host of {name} is overdue: it usually comes every {Words(domain.Habit.Usual)}, and has stayed away for {Words(time.GetUtcNow() - domain.Habit.Last)}.",
                "Ask its administrator, or send the mail another way before it expires.");
        }
        var full = route.MaxMessages is > 0 and var messages && domain.Messages >= messages * NearLimit
            ? (domain.Messages >= messages, $"{domain.Messages:N0} of at most {messages:N0} messages")
            : route.MaxBytes is > 0 and var bytes && domain.Bytes >= bytes * NearLimit
                ? (domain.Bytes >= bytes, $"{domain.Bytes >> 10:N0} of at most {bytes >> 10:N0} KiB")
                : default;
        if (full.Item2 is { } used)
        {
            yield return new(AlarmKind.HeldLimit, full.Item1, domain.SiteId, name, null,
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name} holds {used}."),
                "Beyond that, senders are answered 452 and try again later.");
        }
    }

    static string Words(TimeSpan time) => time switch
    {
        { TotalMinutes: < 90 } => Math.Round(time.TotalMinutes) is > 1 and var minutes ? $"{minutes} minutes" : "minute",
        { TotalHours: < 48 } => $"{Math.Round(time.TotalHours)} hours",
        _ => $"{Math.Round(time.TotalDays)} days",
    };
}
