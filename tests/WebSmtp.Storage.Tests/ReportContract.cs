using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Tests;

/// <summary>An end and the report that tells of it are one thing: both are there, or neither.</summary>
public abstract class ReportContract : QueueContract
{
    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_report_is_committed_with_the_end_that_it_tells_of()
    {
        var message = await CommitAsync(1, Due("a@one.example", Now), Due("b@one.example", Now));
        var leased = Assert.Single(await Queue.LeaseDueAsync(NewLease(), [1], Now, 9, Stop));
        var ends = leased.Recipients.Select(r => Settle(leased, r, RecipientState.Failed)).ToList();
        var report = NewReport(ends[0], Due("sender@two.example", Now)) with { Entries = [.. ends.Select(end => end.RecipientId)] };
        await Queue.SettleAsync(ends, [report]);

        Assert.Equal("received queued queued deferred deferred reported", await EventsAsync(message));
        Assert.Equal(report.Trace.Detail, (await Queue.TraceAsync(new(message.Id), Stop))[^1].Detail);
        Assert.Equal("received queued", await EventsAsync(report.Message));
        Assert.Equal(500, (await Queue.ReadContentAsync(new(report.Message.Id), Stop))!.Value.Length);
        Assert.Equal(1, (await Queue.FindDestinationAsync(1, "two.example", Stop))!.Messages);
        Assert.Equal([report.Message.Id], (await Queue.LeaseDueAsync(NewLease(), [1], Now, 9, Stop)).Select(l => l.Message.Id));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Who_lost_the_lease_sends_no_report_either()
    {
        var message = await CommitAsync(1, Due("a@one.example", Now));
        var lost = Assert.Single(await Queue.LeaseDueAsync(NewLease(), [1], Now, 9, Stop));
        var end = Settle(lost, lost.Recipients[0], RecipientState.Failed);
        await Queue.ReleaseAsync("node1/a");
        await Queue.SettleAsync([end], [NewReport(end, Due("sender@two.example", Now))]);
        Assert.Equal(RecipientState.Queued, Assert.Single((await ReadAsync(message)).Recipients).State);
        Assert.Equal("received queued", await EventsAsync(message));
        Assert.Equal(1, await Queue.CountLiveAsync(1, Stop));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_same_end_written_twice_is_reported_once()
    {
        var message = await CommitAsync(1, Due("a@one.example", Now));
        var leased = Assert.Single(await Queue.LeaseDueAsync(NewLease(), [1], Now, 9, Stop));
        var end = Settle(leased, leased.Recipients[0], RecipientState.Failed);
        await Queue.SettleAsync([end], [NewReport(end, Due("sender@two.example", Now))]);
        await Queue.SettleAsync([end], [NewReport(end, Due("sender@two.example", Now))]);
        Assert.Equal("received queued deferred reported", await EventsAsync(message));
        Assert.Equal(1, await Queue.CountLiveAsync(1, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_report_that_cannot_be_written_takes_the_end_with_it()
    {
        var message = await CommitAsync(1, Due("a@one.example", Now));
        var leased = Assert.Single(await Queue.LeaseDueAsync(NewLease(), [1], Now, 9, Stop));
        var end = Settle(leased, leased.Recipients[0], RecipientState.Failed);
        var report = NewReport(end, Due("sender@two.example", Now));
        report.Message.Id = message.Id;
        await Assert.ThrowsAsync<QueueUnavailableException>(() => Queue.SettleAsync([end], [report]));
        Assert.Equal(RecipientState.Delivering, Assert.Single((await ReadAsync(message)).Recipients).State);
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task That_a_delay_was_reported_is_remembered_by_later_results()
    {
        var message = await CommitAsync(1, Due("a@one.example", Now));
        var told = Now;
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var leased = Assert.Single(await Queue.LeaseDueAsync(NewLease(), [1], Now, 9, Stop));
            Assert.Equal(attempt == 0 ? null : told, leased.Recipients[0].DelayReportedAt);
            await Queue.SettleAsync([Settle(leased, leased.Recipients[0], RecipientState.Queued, Now.AddMinutes(1)) with { DelayReportedAt = attempt == 0 ? told : null }]);
            Database.Clock.Advance(TimeSpan.FromMinutes(2));
        }
        Assert.Equal(told, Assert.Single((await ReadAsync(message)).Recipients).DelayReportedAt);
    }
}
