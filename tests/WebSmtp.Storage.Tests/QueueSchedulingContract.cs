using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Tests;

/// <summary>What the scheduler asks of the queue beside leases: full destinations, moments that are moved, entries leased by their insert.</summary>
public abstract class QueueSchedulingContract : QueueContract
{
    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Destinations_that_are_full_are_passed_over()
    {
        for (var n = 0; n < 20; n++) await CommitAsync(1, Due("a@full.example", Now.AddMinutes(-9)));
        var both = await CommitAsync(1, Due("a@full.example", Now.AddMinutes(-5)), Due("b@free.example", Now.AddMinutes(-5)));
        var elsewhere = await CommitAsync(2, Due("a@full.example", Now.AddMinutes(-1)));

        var leased = await Queue.LeaseDueAsync(NewLease(), [1, 2], Now, 10, [(1, "full.example")], Stop);
        Assert.Equal([(both.Id, "b@free.example"), (elsewhere.Id, "a@full.example")], leased.Select(one => (one.Message.Id, one.Recipients.Single().Address)));
        Assert.Empty(await Queue.LeaseDueAsync(NewLease(), [1, 2], Now, 10, [(1, "full.example")], Stop));
        Assert.Equal(10, (await Queue.LeaseDueAsync(NewLease(), [1, 2], Now, 10, Stop)).Count);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_waits_for_one_moment_is_moved_to_another_together()
    {
        var (moment, later) = (Now.AddMinutes(30), Now.AddMinutes(90));
        await CommitAsync(1, Due("old@one.example", moment));
        Database.Clock.Advance(TimeSpan.FromMinutes(1));
        var young = Now;
        for (var n = 0; n < 700; n++) await CommitAsync(1, Due($"u{n}@one.example", moment), Due($"v{n}@two.example", moment.AddMilliseconds(1)));
        await CommitAsync(2, Due("a@one.example", moment));

        Assert.Equal(700, await Queue.MoveDueAsync(1, moment, new(later) { UnreportedAfter = young }));
        Assert.Equal(700, await Queue.MoveDueAsync(1, later, new(moment)));
        Assert.Equal(700, await Queue.MoveDueAsync(1, moment, new(later) { ReceivedAfter = young }));
        Assert.Equal(moment, await Queue.NextDueAsync([1], Stop));
        Assert.Equal(1, await Queue.MoveDueAsync(1, moment, new(later)));
        Assert.Equal(moment.AddMilliseconds(1), await Queue.NextDueAsync([1], Stop));
        Assert.Equal(701, await Queue.MoveDueAsync(1, later, new(Now)));
        Assert.Equal(Now, await Queue.NextDueAsync([1], Stop));
        Assert.Equal(moment, await Queue.NextDueAsync([2], Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Old_mail_moves_with_the_others_once_its_sender_was_told_of_the_delay()
    {
        var (moment, later) = (Now.AddMinutes(30), Now.AddMinutes(90));
        var told = Due("told@one.example", moment);
        told.DelayReportedAt = Now;
        await CommitAsync(1, told, Due("untold@one.example", moment));
        Database.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(1, await Queue.MoveDueAsync(1, moment, new(later) { UnreportedAfter = Now }));
        Assert.Equal(moment, await Queue.NextDueAsync([1], Stop));
        Assert.Equal(0, await Queue.MoveDueAsync(1, later, new(moment) { UnreportedAfter = Now, ReceivedAfter = Now }));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task An_entry_may_be_leased_by_its_insert()
    {
        var lease = NewLease();
        var message = NewMessage(1, Due("a@one.example", Now), Held("b@two.example"), Due("c@one.example", Now));
        foreach (var entry in message.Recipients.Where(entry => entry.State is RecipientState.Queued))
            (entry.State, entry.LeasedFrom, entry.Lease, entry.LeaseUntil, entry.DueAt) = (RecipientState.Delivering, RecipientState.Queued, lease.Owner, lease.Until, null);
        await Queue.CommitAsync(message, new byte[message.Size]);

        Assert.All([0, 2], at => Assert.NotEqual(0, message.Recipients[at].Id));
        Assert.Empty(await Queue.LeaseDueAsync(NewLease("node1/b"), [1], Now, 9, Stop));
        var before = new TraceEvent { Event = "attempt", Host = "mx1.one.example", Stage = "connect" };
        await Queue.SettleAsync([Settle(new(message, message.Recipients), message.Recipients[0], RecipientState.Delivered) with { LeaseOwner = lease.Owner, Before = [before] }]);
        await Queue.ReleaseAsync(lease.Owner);

        var stored = (await Queue.FindAsync(new(message.Id), Stop))!.Recipients;
        Assert.Equal([RecipientState.Delivered, RecipientState.Held, RecipientState.Queued], stored.OrderBy(entry => entry.Address, StringComparer.Ordinal).Select(entry => entry.State));
        var trace = await Queue.TraceAsync(new(message.Id), Stop);
        var attempt = trace.ToList().FindIndex(one => one.Event is "attempt");
        Assert.True(attempt >= 0 && attempt == trace.Count - 2, string.Join(", ", trace.Select(one => one.Event)));
        Assert.Equal(("mx1.one.example", "connect"), (trace[attempt].Host, trace[attempt].Stage));
    }
}
