namespace WebSmtp.Mta.Statistics;

/// <summary>What is counted over time, in the database. Thread-safe.</summary>
public interface IStatisticsStore
{
    /// <summary>Adds to what the minutes have already.</summary>
    Task AddTrafficAsync(IReadOnlyList<TrafficSample> samples, CancellationToken stop);

    /// <summary>
    /// Sums of <paramref name="step"/> minutes each, oldest first; steps without traffic are left out. A step begins at
    /// a multiple of its length.
    /// </summary>
    /// <param name="siteId">Null: all sites together.</param>
    /// <param name="from">The first minute.</param>
    /// <param name="to">The minute after the last.</param>
    Task<IReadOnlyList<TrafficSample>> SumTrafficAsync(int? siteId, long from, long to, int step, CancellationToken stop);

    Task AddBacklogAsync(IReadOnlyList<BacklogSample> samples, CancellationToken stop);

    /// <summary>A domain's samples from a minute on, oldest first, and the last one before them.</summary>
    Task<IReadOnlyList<BacklogSample>> ListBacklogAsync(int siteId, string domain, long from, int limit, CancellationToken stop);

    /// <summary>Forgets what is older.</summary>
    Task PurgeAsync(long trafficBefore, long backlogBefore, CancellationToken stop);
}

/// <summary>How much waited for a held domain at the end of a minute.</summary>
/// <param name="Minute">Minutes since 1970, UTC.</param>
public readonly record struct BacklogSample(int SiteId, string Domain, long Minute, long Messages, long Bytes)
{
    public DateTimeOffset At => Minutes.Start(Minute);
}
