using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Tests;

public abstract class QueueListsContract : QueueContract
{
    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Pages_follow_each_other_without_gap_or_repetition()
    {
        var committed = new List<long>();
        for (var i = 0; i < 23; i++) committed.Add((await CommitAsync(1, Held("a@one.example"), Held("b@two.example"))).Id);
        await CommitAsync(2, Held("a@one.example"));

        var listed = new List<long>();
        string? cursor = null;
        do
        {
            var page = await Queue.ListAsync(new(1), cursor, 10, Stop);
            Assert.Equal((23, false), (page.Total, page.TotalIsEstimate));
            Assert.All(page.Items, m => Assert.Equal(2, m.Recipients.Count));
            listed.AddRange(page.Items.Select(m => m.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Equal(committed, listed);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Filters_restrict_what_is_listed()
    {
        var first = await CommitAsync(1, Held("Bob@one.example"), Due("b@two.example", Now));
        Database.Clock.Advance(TimeSpan.FromHours(1));
        var second = NewMessage(1, Held("pia@one.example"));
        (second.MailFrom, second.Subject) = ("Other@Sender.example", "50% off_now");
        await Queue.CommitAsync(second, new byte[1000]);
        var gone = await CommitAsync(1, Held("bob@one.example"));
        await Queue.DeleteAsync(new(gone.Id), "admin");

        Assert.Equal([first.Id, second.Id], await ListAsync(new(1)));
        Assert.Equal([first.Id, second.Id, gone.Id], await ListAsync(new(1, History: true)));
        Assert.Equal([first.Id, second.Id], await ListAsync(new(1, Domain: "one.example")));
        Assert.Equal([first.Id], await ListAsync(new(1, Domain: "two.example")));
        Assert.Equal([first.Id, second.Id, gone.Id], await ListAsync(new(1, Domain: "one.example", History: true)));
        Assert.Equal([first.Id], await ListAsync(new(1, State: RecipientState.Queued)));
        Assert.Empty(await ListAsync(new(1, Domain: "one.example", State: RecipientState.Queued)));
        Assert.Equal([gone.Id], await ListAsync(new(1, State: RecipientState.Deleted, History: true)));
        Assert.Equal([first.Id], await ListAsync(new(1, Recipient: "bob@")));
        Assert.Equal([second.Id], await ListAsync(new(1, Sender: "other@sender")));
        Assert.Equal([second.Id], await ListAsync(new(1, Subject: "50% OFF_")));
        Assert.Empty(await ListAsync(new(1, Subject: "50%_off")));
        Assert.Equal([first.Id], await ListAsync(new(1, ReceivedBefore: Now)));
        Assert.Empty(await ListAsync(new(2)));
    }

    [Theory(Timeout = DeadlineMilliseconds)]
    [InlineData(MessageSort.Oldest)]
    [InlineData(MessageSort.Newest)]
    [InlineData(MessageSort.NextTry)]
    [InlineData(MessageSort.Largest)]
    public async Task Each_order_is_paged_forth_and_back_over_several_sites(MessageSort sort)
    {
        for (var i = 0; i < 17; i++)
        {
            var message = NewMessage(i % 2 + 1, Due($"a@d{i % 3}.example", Now.AddMinutes(i * 7 % 17 / 2)), Due("b@two.example", Now.AddHours(1)));
            message.Size = 70_000 + i * 5 % 17 / 2;
            await Queue.CommitAsync(message, new byte[10]);
        }
        await CommitAsync(3, Due("c@three.example", Now));
        IReadOnlyList<MessageFilter> filters = [new(1), new(2)];

        var (forth, cursors, cursor) = (new List<long>(), new List<string?>(), (string?)null);
        do
        {
            var page = await Queue.ListAsync(filters, sort, cursor, 5, Stop);
            Assert.Equal(cursor is null, page.Previous is null);
            Assert.Equal(17, page.Total);
            forth.AddRange(page.Items.Select(m => m.Id));
            cursors.Add(page.Previous);
            cursor = page.Next;
        }
        while (cursor is not null);
        Assert.Equal(17, forth.Distinct().Count());
        Assert.Equal(17, forth.Count);

        var back = new List<long>();
        for (cursor = cursors[^1]; cursor is not null;)
        {
            var page = await Queue.ListAsync(filters, sort, cursor, 5, Stop);
            Assert.NotNull(page.Next);
            back.InsertRange(0, page.Items.Select(m => m.Id));
            cursor = page.Previous;
        }
        Assert.Equal(forth[..15], back);
        Assert.Equal(sort is MessageSort.Newest, forth[0] > forth[^1] && forth.SequenceEqual(forth.OrderDescending()));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Size_client_reply_and_number_restrict_what_is_listed()
    {
        var small = NewMessage(1, Due("a@one.example", Now));
        (small.Size, small.ClientAddress) = (100, "192.0.2.7");
        await Queue.CommitAsync(small, new byte[10]);
        Database.Clock.Advance(TimeSpan.FromHours(1));
        var large = NewMessage(1, Due("b@one.example", Now));
        large.Size = 100_000;
        large.Recipients[0].LastReply = "450 4.2.1 Mailbox BUSY";
        await Queue.CommitAsync(large, new byte[10]);

        Assert.Equal([large.Id], await ListAsync(new(1) { LargerThan = 100 }));
        Assert.Equal([large.Id], await ListAsync(new(1) { LargerThan = 99_999 }));
        Assert.Equal([small.Id], await ListAsync(new(1) { SmallerThan = 101 }));
        Assert.Equal([small.Id], await ListAsync(new(1) { Client = "192.0.2.7" }));
        Assert.Equal([large.Id], await ListAsync(new(1) { Reply = "mailbox busy" }));
        Assert.Equal([small.Id], await ListAsync(new(1) { Ids = [small.Id, 5] }));
        Assert.Equal([large.Id], await ListAsync(new(1) { ReceivedAfter = Now.AddMinutes(-1) }));
        Assert.Equal([small.Id], (await Queue.WalkAsync(new(1) { Ids = [small.Id] }, new(long.MinValue), 5, Stop)).Select(m => m.Id));
        Assert.Equal(1, await Queue.CountAsync(new(1) { Reply = "450" }, Stop));
        Assert.Equal(2, await Queue.CountAsync(new(1, "one.example"), Stop));
    }

    async Task<IEnumerable<long>> ListAsync(MessageFilter filter)
    {
        var page = await Queue.ListAsync(filter, null, 50, Stop);
        Assert.Equal(page.Total, page.Items.Count);
        return page.Items.Select(m => m.Id);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Subdomains_are_found_and_the_domain_itself_is_not()
    {
        await CommitAsync(1, Held("a@example.com"), Held("a@mail.example.com"), Held("a@x.mail.example.com"), Held("a@notexample.com"), Held("a@example.com.au"));
        Assert.Equal(["mail.example.com", "x.mail.example.com"], (await Queue.FindSubdomainsAsync(1, "example.com", Stop)).Select(d => d.Domain));
        Assert.Empty(await Queue.FindSubdomainsAsync(2, "example.com", Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_queue_view_tells_how_each_destination_stands()
    {
        var start = Now;
        await CommitAsync(1, Held("a@held.example"));
        await CommitAsync(1, Due("a@due.example", Now.AddMinutes(3)));
        Database.Clock.Advance(TimeSpan.FromMinutes(1));
        await CommitAsync(1, Due("a@due.example", Now), Held("b@held.example"));
        var leased = await Queue.LeaseDueAsync(NewLease(), [1], Now, 1, Stop);
        await Queue.SettleAsync([Settle(leased[0], leased[0].Recipients[0], RecipientState.Queued, Now.AddMinutes(1), "451 4.0.0 Try later")]);
        await Queue.LeaseHeldAsync(NewLease(), 1, ["held.example"], 1, Stop);

        var page = await Queue.ListDestinationsAsync(1, null, 10, Stop);
        Assert.Equal(2, page.Total);
        Assert.Equal(new DestinationSummary("due.example", 2, 2000, start, Now.AddMinutes(1), "451 4.0.0 Try later", false, false, false, true), page.Items[0]);
        Assert.Equal(new DestinationSummary("held.example", 2, 2000, start, null, null, true, true, false, false), page.Items[1]);

        var first = await Queue.ListDestinationsAsync(1, null, 1, Stop);
        Assert.Equal(page.Items[0], Assert.Single(first.Items));
        var second = await Queue.ListDestinationsAsync(1, first.NextCursor, 1, Stop);
        Assert.Equal((page.Items[1], null), (Assert.Single(second.Items), second.NextCursor));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Destinations_are_found_by_name_and_put_in_order()
    {
        await CommitAsync(1, Due("a@late.example", Now.AddMinutes(9)));
        Database.Clock.Advance(TimeSpan.FromMinutes(1));
        await CommitAsync(1, Held("a@many.example"));
        await CommitAsync(1, Held("b@many.example"));
        await CommitAsync(1, Due("a@soon.test", Now.AddMinutes(3)));
        await Queue.StopDestinationAsync(new() { SiteId = 1, Domain = "empty.test", At = Now, By = "anna" });

        Assert.Equal(["late.example", "many.example", "soon.test", "empty.test"], await OrderAsync(DestinationSort.Oldest));
        Assert.Equal(["many.example", "late.example", "soon.test", "empty.test"], await OrderAsync(DestinationSort.Messages));
        Assert.Equal(["soon.test", "late.example", "many.example", "empty.test"], await OrderAsync(DestinationSort.NextTry));
        Assert.Equal(["soon.test", "empty.test"], await OrderAsync(DestinationSort.Name, "TEST"));
        var first = await Queue.FindDestinationsAsync(1, new("example", DestinationSort.Oldest), null, 1, Stop);
        Assert.Equal(("late.example", 2), (Assert.Single(first.Items).Domain, first.Total));
        var second = await Queue.FindDestinationsAsync(1, new("example", DestinationSort.Oldest), first.NextCursor, 1, Stop);
        Assert.Equal(("many.example", null), (Assert.Single(second.Items).Domain, second.NextCursor));

        async Task<IEnumerable<string>> OrderAsync(DestinationSort sort, string text = "") =>
            (await Queue.FindDestinationsAsync(1, new(text, sort), null, 10, Stop)).Items.Select(row => row.Domain);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Messages_are_counted_by_the_states_in_which_they_wait()
    {
        var start = Now;
        await CommitAsync(1, Held("a@held.example"), Held("b@held.example"));
        Database.Clock.Advance(TimeSpan.FromMinutes(1));
        await CommitAsync(1, Due("a@due.example", Now), Held("c@held.example"));
        await CommitAsync(2, Due("a@due.example", Now.AddMinutes(1)));
        await CommitAsync(3, Held("a@elsewhere.example"));
        var leased = await Queue.LeaseDueAsync(NewLease(), [1], Now, 1, Stop);

        var counts = await Queue.CountByStateAsync([1, 2], Stop);
        Assert.Equal((1, 1, 0), (counts.Queued, counts.Delivering, counts.Frozen));
        Assert.Equal(Now, counts.OldestQueued);
        Assert.Single(leased);
        Assert.NotEqual(start, Now);
    }
}
