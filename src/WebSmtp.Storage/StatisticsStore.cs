using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Statistics;

namespace WebSmtp.Storage;

sealed class StatisticsStore(Database database) : IStatisticsStore
{
    public Task AddTrafficAsync(IReadOnlyList<TrafficSample> samples, CancellationToken stop) => database.WriteAsync(async db =>
    {
        foreach (var (siteId, minute, count) in samples)
        {
            var added = await db.Traffic.Where(row => row.SiteId == siteId && row.Minute == minute).ExecuteUpdateAsync(set => set
                .SetProperty(row => row.Accepted, row => row.Accepted + count.Accepted)
                .SetProperty(row => row.AcceptedBytes, row => row.AcceptedBytes + count.AcceptedBytes)
                .SetProperty(row => row.Refused, row => row.Refused + count.Refused)
                .SetProperty(row => row.Delivered, row => row.Delivered + count.Delivered)
                .SetProperty(row => row.Deferred, row => row.Deferred + count.Deferred)
                .SetProperty(row => row.Failed, row => row.Failed + count.Failed), stop);
            if (added is 0) db.Add(new TrafficMinute
            {
                SiteId = siteId, Minute = minute, Accepted = count.Accepted, AcceptedBytes = count.AcceptedBytes,
                Refused = count.Refused, Delivered = count.Delivered, Deferred = count.Deferred, Failed = count.Failed,
            });
        }
        await db.SaveChangesAsync(stop);
    }, stop);

    public Task<IReadOnlyList<TrafficSample>> SumTrafficAsync(int? siteId, long from, long to, int step, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<TrafficSample>>(async db =>
        {
            var minutes = db.Traffic.Where(row => row.Minute >= from && row.Minute < to);
            if (siteId is { } site) minutes = minutes.Where(row => row.SiteId == site);
            var sums = await minutes.GroupBy(row => row.Minute / step).OrderBy(group => group.Key).Select(group => new
            {
                group.Key,
                Accepted = group.Sum(row => row.Accepted),
                AcceptedBytes = group.Sum(row => row.AcceptedBytes),
                Refused = group.Sum(row => row.Refused),
                Delivered = group.Sum(row => row.Delivered),
                Deferred = group.Sum(row => row.Deferred),
                Failed = group.Sum(row => row.Failed),
            }).ToListAsync(stop);
            return [.. sums.Select(sum => new TrafficSample(siteId ?? 0, sum.Key * step, new(
                sum.Accepted, sum.AcceptedBytes, sum.Refused, sum.Delivered, sum.Deferred, sum.Failed)))];
        }, stop);

    public Task AddBacklogAsync(IReadOnlyList<BacklogSample> samples, CancellationToken stop) => database.WriteAsync(async db =>
    {
        foreach (var (siteId, domain, minute, messages, bytes) in samples)
        {
            var known = await db.Backlog.Where(row => row.SiteId == siteId && row.Domain == domain && row.Minute == minute).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Messages, messages).SetProperty(row => row.Bytes, bytes), stop);
            if (known is 0) db.Add(new BacklogMinute { SiteId = siteId, Domain = domain, Minute = minute, Messages = messages, Bytes = bytes });
        }
        await db.SaveChangesAsync(stop);
    }, stop);

    public Task<IReadOnlyList<BacklogSample>> ListBacklogAsync(int siteId, string domain, long from, int limit, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<BacklogSample>>(async db =>
        {
            var all = db.Backlog.Where(row => row.SiteId == siteId && row.Domain == domain);
            var before = await all.Where(row => row.Minute < from).OrderByDescending(row => row.Minute).Take(1).ToListAsync(stop);
            var since = await all.Where(row => row.Minute >= from).OrderBy(row => row.Minute).Take(limit).ToListAsync(stop);
            return [.. before.Concat(since).Select(row => new BacklogSample(row.SiteId, row.Domain, row.Minute, row.Messages, row.Bytes))];
        }, stop);

    public Task PurgeAsync(long trafficBefore, long backlogBefore, CancellationToken stop) => database.WriteAsync(async db =>
    {
        await db.Traffic.Where(row => row.Minute < trafficBefore).ExecuteDeleteAsync(stop);
        await db.Backlog.Where(row => row.Minute < backlogBefore).ExecuteDeleteAsync(stop);
    }, stop);
}

/// <summary>What a site moved within one minute, by minutes since 1970.</summary>
sealed class TrafficMinute
{
    public int SiteId { get; set; }
    public long Minute { get; set; }
    public long Accepted { get; set; }
    public long AcceptedBytes { get; set; }
    public long Refused { get; set; }
    public long Delivered { get; set; }
    public long Deferred { get; set; }
    public long Failed { get; set; }
}

/// <summary>How much waited for a held domain, where that had changed.</summary>
sealed class BacklogMinute
{
    public int SiteId { get; set; }
    public required string Domain { get; set; }
    public long Minute { get; set; }
    public long Messages { get; set; }
    public long Bytes { get; set; }
}
