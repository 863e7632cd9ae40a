using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Tests;

/// <summary>What operators do to entries that wait.</summary>
public abstract class QueueActsContract : QueueContract
{
    EntryChange To(Recipient entry, RecipientState to, string what = "frozen") =>
        new(entry.Id, entry.State, to, to is RecipientState.Queued ? Now : null, new() { Event = what, By = "anna" });

    async Task<IReadOnlyList<string>> StatesAsync(Message message) => [.. (await ReadAsync(message)).Recipients.Select(r => r.State.ToString())];

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Entries_are_changed_only_from_the_state_that_was_seen()
    {
        var message = await CommitAsync(1, Held("a@one.example"), Due("b@two.example", Now), Due("c@two.example", Now));
        var seen = (await ReadAsync(message)).Recipients;
        await Queue.LeaseDueAsync(NewLease(), [1], Now, 1, Stop);
        await Queue.ReleaseAsync("node1/a");
        await Queue.ChangeAsync([To(seen[1], RecipientState.Frozen)]);

        Assert.Equal([seen[0].Id, seen[2].Id], (await Queue.ChangeAsync([.. seen.Select(entry => To(entry, RecipientState.Frozen))])).Order());
        Assert.Equal(["Frozen", "Frozen", "Frozen"], await StatesAsync(message));
        Assert.Empty(await Queue.LeaseDueAsync(NewLease(), [1], Now.AddDays(1), 9, Stop));
        Assert.Empty(await Queue.LeaseHeldAsync(NewLease(), 1, ["one.example"], 9, Stop));
        Assert.Equal("received held queued queued frozen frozen frozen", await EventsAsync(message));
        var last = (await Queue.TraceAsync(new(message.Id), Stop))[^1];
        Assert.Equal(("c@two.example", "anna", Now), (last.Recipient, last.By, last.At));

        await Queue.ChangeAsync([To((await ReadAsync(message)).Recipients[0], RecipientState.Queued, "released")]);
        Assert.Equal("a@one.example", Assert.Single(Assert.Single(await Queue.LeaseDueAsync(NewLease(), [1], Now, 9, Stop)).Recipients).Address);
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_redirected_entry_keeps_its_way_until_another_is_given()
    {
        var message = await CommitAsync(1, Held("a@one.example"));
        var entry = (await ReadAsync(message)).Recipients[0];
        await Queue.ChangeAsync([To(entry, RecipientState.Queued, "redirected") with { Way = new("other.example", null) }]);
        await Queue.ChangeAsync([To((await ReadAsync(message)).Recipients[0], RecipientState.Frozen)]);
        entry = (await ReadAsync(message)).Recipients[0];
        Assert.Equal((RecipientState.Frozen, "other.example", null, "one.example"), (entry.State, entry.ViaDomain, entry.ViaSmartHost, entry.Domain));

        await Queue.ChangeAsync([To(entry, RecipientState.Queued, "released")]);
        // Its own domain's rule is no longer its way.
        await Queue.ReroutedAsync(1, "one.example", hold: true, Now);
        var leased = Assert.Single(await Queue.LeaseDueAsync(NewLease(), [1], Now, 9, Stop));
        Assert.Equal("other.example", leased.Recipients[0].ViaDomain);
        await Queue.ReroutedAsync(1, "one.example", hold: true, Now);
        await Queue.ReleaseAsync("node1/a");
        Assert.Equal(RecipientState.Queued, (await ReadAsync(message)).Recipients[0].State);
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Entries_are_leased_from_every_waiting_state_and_go_back_to_it()
    {
        var message = await CommitAsync(1, Held("a@one.example"), Due("b@two.example", Now.AddHours(1)), Held("c@three.example"), Held("d@four.example"));
        var entries = (await ReadAsync(message)).Recipients;
        await Queue.ChangeAsync([To(entries[2], RecipientState.Frozen)]);
        var other = await CommitAsync(1, Held("e@one.example"));
        var foreign = (await ReadAsync(other)).Recipients[0].Id;

        var leased = (await Queue.LeaseAsync(NewLease(), new(message.Id), [entries[0].Id, entries[1].Id, entries[2].Id, foreign], Stop))!;
        Assert.Equal(["a@one.example", "b@two.example", "c@three.example"], leased.Recipients.Select(r => r.Address));
        Assert.Null(await Queue.LeaseAsync(NewLease("node1/b"), new(message.Id), [entries[0].Id], Stop));
        await AssertInStepAsync();
        await Queue.SettleAsync([Settle(leased, leased.Recipients[0], RecipientState.Failed)]);
        await Queue.ReleaseAsync("node1/a");
        Assert.Equal(["Failed", "Queued", "Frozen", "Held"], await StatesAsync(message));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Single_recipients_are_deleted_and_the_last_takes_the_content_with_it()
    {
        var message = await CommitAsync(1, Held("a@one.example"), Held("b@one.example"), Held("c@two.example"));
        var ids = (await ReadAsync(message)).Recipients.Select(r => r.Id).ToList();
        await Queue.LeaseHeldAsync(NewLease(), 1, ["two.example"], 1, Stop);

        Assert.False((await Queue.DeleteAsync(new(message.Id), "anna", [ids[0]])).Busy);
        Assert.True((await Queue.DeleteAsync(new(message.Id), "anna", [ids[1], ids[2]])).Busy);
        Assert.Equal(["Deleted", "Held", "Delivering"], await StatesAsync(message));
        await AssertInStepAsync();
        await Queue.ReleaseAsync("node1/a");
        Assert.False((await Queue.DeleteAsync(new(message.Id), "anna", [ids[1], ids[2]])).Busy);
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_message_moves_to_another_site_with_its_counts_unless_somebody_has_it()
    {
        var message = await CommitAsync(1, Held("a@one.example"), Due("b@two.example", Now));
        await Queue.LeaseDueAsync(NewLease(), [1], Now, 1, Stop);
        Assert.False(await Queue.MoveAsync(new(message.Id), 1, 2, "anna", []));
        await Queue.ReleaseAsync("node1/a");
        Assert.False(await Queue.MoveAsync(new(message.Id), 3, 2, "anna", []));

        var entry = (await ReadAsync(message)).Recipients[0];
        Assert.True(await Queue.MoveAsync(new(message.Id), 1, 2, "anna", [To(entry, RecipientState.Queued, "redirected")]));
        Assert.Equal(2, (await ReadAsync(message)).SiteId);
        Assert.Null(await Queue.FindDestinationAsync(1, "one.example", Stop));
        Assert.Equal(1, (await Queue.FindDestinationAsync(2, "one.example", Stop))!.Messages);
        Assert.Equal(2, Assert.Single(await Queue.LeaseDueAsync(NewLease(), [2], Now, 9, Stop)).Recipients.Count);
        Assert.Equal("received held queued redirected redirected", await EventsAsync(message));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_matches_is_walked_through_and_counted()
    {
        for (var i = 0; i < 5; i++) await CommitAsync(1, Held("a@one.example"), Due("b@two.example", Now));
        var frozen = await CommitAsync(1, Held("c@one.example"));
        await Queue.ChangeAsync([To((await ReadAsync(frozen)).Recipients[0], RecipientState.Frozen)]);
        await CommitAsync(2, Held("a@one.example"));

        var walked = new List<long>();
        for (var after = new MessageId(0); await Queue.WalkAsync(new(1, "one.example"), after, 2, Stop) is { Count: > 0 } page; after = new(page[^1].Id))
            walked.AddRange(page.Select(m => m.Id));
        Assert.Equal(6, walked.Count);
        Assert.Equal(walked.Order(), walked);
        Assert.Equal(6, await Queue.CountAsync(new(1, "one.example"), Stop));
        Assert.Equal(1, await Queue.CountAsync(new(1, "one.example", RecipientState.Frozen), Stop));
        Assert.Equal(1, await Queue.CountFrozenAsync(1, "one.example", Stop));
        Assert.Equal(0, await Queue.CountFrozenAsync(1, "two.example", Stop));
        Assert.Equal(5, await Queue.CountAsync(new(1, State: RecipientState.Queued), Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Nothing_of_a_stopped_destination_is_leased_and_others_do_not_wait_for_it()
    {
        var before = await CommitAsync(1, Due("a@stopped.example", Now), Due("b@other.example", Now), Held("c@stopped.example"));
        Assert.True(await Queue.StopDestinationAsync(new() { SiteId = 1, Domain = "stopped.example", At = Now, By = "anna" }));
        Assert.False(await Queue.StopDestinationAsync(new() { SiteId = 1, Domain = "stopped.example", At = Now, By = "berta" }));
        for (var i = 0; i < 30; i++) await CommitAsync(1, Due("a@stopped.example", Now.AddMinutes(-1)));
        var elsewhere = await CommitAsync(2, Due("a@stopped.example", Now));

        var leased = await Queue.LeaseDueAsync(NewLease(), [1, 2], Now, 10, Stop);
        Assert.Equal([before.Id, elsewhere.Id], leased.Select(l => l.Message.Id));
        Assert.Equal("b@other.example", Assert.Single(leased[0].Recipients).Address);
        Assert.Empty(await Queue.LeaseHeldAsync(NewLease(), 1, ["stopped.example"], 10, Stop));
        Assert.Equal(["Frozen", "Delivering", "Frozen"], await StatesAsync(before));
        Assert.Equal("received queued queued held frozen frozen", await EventsAsync(before));
        Assert.Equal("anna", (await Queue.TraceAsync(new(before.Id), Stop))[^1].By);
        Assert.Null(await Queue.NextDueAsync([1], Stop));

        Assert.Equal(("anna", Now), await Queue.FindStoppedAsync(1, "stopped.example", Stop) is { } found ? (found.By, found.At) : default);
        Assert.True(await Queue.RestartDestinationAsync(1, "stopped.example"));
        Assert.False(await Queue.RestartDestinationAsync(1, "stopped.example"));
        Assert.Null(await Queue.FindStoppedAsync(1, "stopped.example", Stop));
        var late = await CommitAsync(1, Due("z@stopped.example", Now));
        Assert.Equal(late.Id, Assert.Single(await Queue.LeaseDueAsync(NewLease(), [1], Now, 10, Stop)).Message.Id);
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_queue_view_shows_stopped_destinations_with_mail_and_without()
    {
        await CommitAsync(1, Held("a@b.example"), Held("a@d.example"));
        foreach (var domain in (string[])["a.example", "b.example", "e.example"])
            await Queue.StopDestinationAsync(new() { SiteId = 1, Domain = domain, At = Now, By = "anna" });
        await Queue.StopDestinationAsync(new() { SiteId = 2, Domain = "c.example", At = Now, By = "anna" });

        var seen = new List<(string, long, bool)>();
        string? cursor = null;
        do
        {
            var page = await Queue.ListDestinationsAsync(1, cursor, 2, Stop);
            Assert.Equal(4, page.Total);
            seen.AddRange(page.Items.Select(row => (row.Domain, row.Messages, row.Stopped?.By == "anna")));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Equal([("a.example", 0, true), ("b.example", 1, true), ("d.example", 1, false), ("e.example", 0, true)], seen);
    }
}
