using WebSmtp.Mta.Statistics;

namespace WebSmtp.Mta.Tests.Statistics;

sealed class FakeStatisticsStore : IStatisticsStore
{
    public List<TrafficSample> Traffic { get; } = [];
    public List<BacklogSample> Backlog { get; } = [];
    public Exception? Trouble { get; set; }
    public int Asked { get; private set; }

    public Task AddTrafficAsync(IReadOnlyList<TrafficSample> samples, CancellationToken stop)
    {
        if (Trouble is not null) throw Trouble;
        Traffic.AddRange(samples);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<TrafficSample>> SumTrafficAsync(int? siteId, long from, long to, int step, CancellationToken stop)
    {
        Asked++;
        return Task.FromResult<IReadOnlyList<TrafficSample>>([.. Traffic.Where(sample => (siteId ?? sample.SiteId) == sample.SiteId && sample.Minute >= from && sample.Minute < to)
            .GroupBy(sample => sample.Minute / step * step)
            .Select(group => new TrafficSample(siteId ?? 0, group.Key, group.Select(sample => sample.Count).Aggregate(TrafficCount.Add)))]);
    }

    public Task AddBacklogAsync(IReadOnlyList<BacklogSample> samples, CancellationToken stop)
    {
        Backlog.AddRange(samples);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<BacklogSample>> ListBacklogAsync(int siteId, string domain, long from, int limit, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<BacklogSample>>([.. Backlog.Where(sample => sample.SiteId == siteId && sample.Domain == domain)]);

    public Task PurgeAsync(long trafficBefore, long backlogBefore, CancellationToken stop) => Task.CompletedTask;
}
