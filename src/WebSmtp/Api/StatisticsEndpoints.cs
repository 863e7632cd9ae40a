using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Alarms;
using WebSmtp.Mta.Statistics;

namespace WebSmtp.Api;

/// <summary>Traffic over some time.</summary>
/// <param name="Step">Length of each item.</param>
/// <param name="Items">Oldest first; the last is not over yet.</param>
/// <param name="Total">Of all items.</param>
/// <param name="Before">Of the same time before the first item, to compare.</param>
sealed record TrafficResponse(TimeSpan Step, IReadOnlyList<TrafficItem> Items, TrafficFigures Total, TrafficFigures Before);

/// <summary>What was moved within one step.</summary>
/// <param name="At">Its beginning.</param>
/// <param name="Accepted">Messages that came into the queue, the site's own reports among them.</param>
/// <param name="AcceptedBytes">Their bytes.</param>
/// <param name="Refused">Transactions and connections that were refused.</param>
/// <param name="Delivered">Recipients handed on, dropped or collected.</param>
/// <param name="Deferred">Attempts that ended with "later".</param>
/// <param name="Failed">Recipients given up.</param>
sealed record TrafficItem(DateTimeOffset At, long Accepted, long AcceptedBytes, long Refused, long Delivered, long Deferred, long Failed);

/// <summary>How much mail was moved.</summary>
/// <param name="Accepted">Messages that came into the queue, the site's own reports among them.</param>
/// <param name="AcceptedBytes">Their bytes.</param>
/// <param name="Refused">Transactions and connections that were refused.</param>
/// <param name="Delivered">Recipients handed on, dropped or collected.</param>
/// <param name="Deferred">Attempts that ended with "later".</param>
/// <param name="Failed">Recipients given up.</param>
sealed record TrafficFigures(long Accepted, long AcceptedBytes, long Refused, long Delivered, long Deferred, long Failed)
{
    public static TrafficFigures Of(TrafficCount count) =>
        new(count.Accepted, count.AcceptedBytes, count.Refused, count.Delivered, count.Deferred, count.Failed);
}

/// <summary>Something that an administrator should see to.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Failed">Something does not work; else it will not, or nobody knows.</param>
/// <param name="SiteId">null: it concerns all sites.</param>
/// <param name="Subject">The domain, route or folder; null: the site or service itself.</param>
/// <param name="Since">null where nobody can tell.</param>
/// <param name="What">What is the matter, in one sentence.</param>
/// <param name="Advice">What to do, or what happens otherwise.</param>
sealed record AlarmResponse(AlarmKind Kind, bool Failed, int? SiteId, string? Subject, DateTimeOffset? Since, string What, string Advice);

static class StatisticsEndpoints
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/traffic", Traffic)
            .Describe(Role.Viewer, "Statistics", "Mail in and out over time",
                "Of one site (`site`) or of all together, over the last `range` (a duration, one day by default, 35 at most), in steps of `step` (a duration; by default one that makes about a hundred).")
            .Produces<TrafficResponse>()
            .Example("""
                { "step": "PT15M",
                  "items": [ { "at": "2026-11-26T08:00:00Z", "accepted": 120, "acceptedBytes": 1482112, "refused": 3, "delivered": 118, "deferred": 4, "failed": 1 } ],
                  "total": { "accepted": 120, "acceptedBytes": 1482112, "refused": 3, "delivered": 118, "deferred": 4, "failed": 1 },
                  "before": { "accepted": 96, "acceptedBytes": 1100800, "refused": 0, "delivered": 96, "deferred": 0, "failed": 0 } }
                """);
        api.MapGet("/alarms", Alarms)
            .Describe(Role.Viewer, "Statistics", "What an administrator should see to",
                "What does not work first. An alarm ends with its cause; nothing has to be confirmed.")
            .Produces<Listed<AlarmResponse>>()
            .ListExample("""
                { "kind": "hostOverdue", "failed": false, "siteId": 2, "subject": "test.com", "since": "2026-11-26T08:00:00Z",
                  "what": "The host of test.com is overdue: it usually comes every 60 minutes, and has stayed away for 4 hours.",
                  "advice": "Ask its administrator, or send the mail another way before it expires." }
                """);
    }

    static async Task<IResult> Traffic(HttpContext context, StatisticsQueries statistics, string? site, string? range, string? step, CancellationToken stop)
    {
        int? siteId = null;
        if (site is { Length: > 0 })
        {
            if (!int.TryParse(site, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                return Problem.Invalid("site", $"'{site}' is not the number of a site.").Answer();
            siteId = id;
        }
        if (!TryRead(range, out var wanted)) return Problem.Invalid("range", $"'{range}' is not a duration: give one such as PT24H or P7D.").Answer();
        if (!TryRead(step, out var length)) return Problem.Invalid("step", $"'{step}' is not a duration: give one such as PT15M.").Answer();
        var traffic = await statistics.TrafficAsync(siteId, wanted ?? Day, length, stop);
        if (traffic.Value is not { } history) return traffic.Problem!.Answer();
        return context.Show(new TrafficResponse(
            history.Step,
            [.. history.Items.Select(item => new TrafficItem(
                item.At, item.Count.Accepted, item.Count.AcceptedBytes, item.Count.Refused, item.Count.Delivered, item.Count.Deferred, item.Count.Failed))],
            TrafficFigures.Of(history.Total), TrafficFigures.Of(history.Before)));
    }

    static bool TryRead(string? text, out TimeSpan? duration)
    {
        duration = null;
        if (text is null) return true;
        if (!Durations.TryParse(text, out var read)) return false;
        duration = read;
        return true;
    }

    static async Task<IResult> Alarms(HttpContext context, AlarmList alarms, string? limit, string? cursor, CancellationToken stop)
    {
        var page = PageRequest.Read("alarms", limit, cursor);
        if (page.Value is not { } wanted) return page.Problem!.Answer();
        var all = await alarms.ListAsync(stop);
        var numbered = all.Select((alarm, at) => (alarm, at)).ToList();
        return context.Show(wanted.Of(numbered, one => one.at.ToString("D6", CultureInfo.InvariantCulture), one => new AlarmResponse(
            one.alarm.Kind, one.alarm.Failed, one.alarm.SiteId, one.alarm.Subject, one.alarm.Since, one.alarm.What, one.alarm.Advice)));
    }
}
