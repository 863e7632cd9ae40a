using WebSmtp.Mta.Collection;

namespace WebSmtp.Admin.Held;

/// <summary>What is said of a collection on several pages.</summary>
static class CollectionWords
{
    /// <summary>"3 of 12", where it is known how many there were.</summary>
    public static string Taken(CollectionRecord run) =>
        run.Waiting > 0 ? $"{Figures.Count(run.Delivered)} of {Figures.Count(Math.Max(run.Waiting, run.Delivered + run.Deferred + run.Failed))}" : Figures.Count(run.Delivered);

    public static string Address(CollectionRecord run) => $"{HeldAddress.Of(run.SiteId, run.Domain)}/collections/{run.Id}";

    /// <summary>How much of what waits is frozen; null: none.</summary>
    public static string? Frozen(long frozen, long messages) => frozen switch
    {
        0 => null,
        > HeldDomain.MostFrozen => $"more than {Figures.Count(HeldDomain.MostFrozen)} of them frozen",
        _ when frozen >= messages => "all frozen",
        _ => $"{Figures.Count(frozen)} of them frozen",
    };
}
