using WebSmtp.Admin.Sites;
using WebSmtp.Mta.Alarms;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Admin.Overview;

/// <summary>What the overview shows: every number with the list that it counts.</summary>
sealed record OverviewFigures(IReadOnlyList<SiteRow> Sites, IReadOnlyList<HeldDomain> Held, StateCounts States, IReadOnlyList<Alarm> Alarms)
{
    public int Running => Sites.Count(row => row.View.State is SiteState.Running);
    public int Sessions => Sites.Sum(row => row.Sessions);
    public long HeldMessages => Held.Sum(domain => domain.Messages);
    public long HeldFrozen => Held.Sum(domain => domain.Frozen);
    public long HeldBytes => Held.Sum(domain => domain.Bytes);
    public DateTimeOffset? OldestHeld => Held.Min(domain => domain.Oldest);

    /// <summary>A state's number; one that is cut off says so.</summary>
    public string Show(long count) => count >= States.Bound ? $"{Figures.Count(States.Bound - 1)}+" : Figures.Count(count);
}
