using WebSmtp.Mta.Statistics;

namespace WebSmtp.Storage.Tests;

public abstract class StatisticsStoreContract : StorageContract
{
    IStatisticsStore Statistics => Database.Get<IStatisticsStore>();

    static TrafficSample Sample(int site, long minute, long accepted) => new(site, minute, new(accepted, accepted * 1000, 1, 2, 3, 4));

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Traffic_is_added_up_by_minute_and_summed_by_steps()
    {
        await Statistics.AddTrafficAsync([Sample(1, 100, 5), Sample(1, 101, 7), Sample(2, 101, 11)], Stop);
        await Statistics.AddTrafficAsync([Sample(1, 101, 1), Sample(1, 110, 13)], Stop);

        Assert.Equal([new(1, 100, new(13, 13000, 3, 6, 9, 12)), Sample(1, 110, 13)], await Statistics.SumTrafficAsync(1, 100, 120, 10, Stop));
        Assert.Equal([new(0, 101, new(19, 19000, 3, 6, 9, 12))], await Statistics.SumTrafficAsync(null, 101, 110, 1, Stop));
        Assert.Empty(await Statistics.SumTrafficAsync(3, 0, 1000, 10, Stop));

        await Statistics.PurgeAsync(trafficBefore: 110, backlogBefore: 0, Stop);
        Assert.Equal([Sample(1, 110, 13)], await Statistics.SumTrafficAsync(1, 0, 1000, 1, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_backlog_is_told_from_what_it_was_before_the_time_that_is_asked_for()
    {
        await Statistics.AddBacklogAsync([new(1, "a.example", 10, 1, 100), new(1, "b.example", 10, 9, 900)], Stop);
        await Statistics.AddBacklogAsync([new(1, "a.example", 20, 2, 200), new(2, "a.example", 20, 8, 800)], Stop);
        await Statistics.AddBacklogAsync([new(1, "a.example", 30, 3, 300)], Stop);
        await Statistics.AddBacklogAsync([new(1, "a.example", 30, 4, 400)], Stop);

        Assert.Equal([new(1, "a.example", 20, 2, 200), new(1, "a.example", 30, 4, 400)], await Statistics.ListBacklogAsync(1, "a.example", 25, 10, Stop));
        Assert.Equal([10, 20, 30], (await Statistics.ListBacklogAsync(1, "a.example", 0, 10, Stop)).Select(sample => sample.Minute));

        await Statistics.PurgeAsync(0, backlogBefore: 30, Stop);
        Assert.Equal([30], (await Statistics.ListBacklogAsync(1, "a.example", 0, 10, Stop)).Select(sample => sample.Minute));
    }
}
