using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;
using WebSmtp.Smtp;

namespace WebSmtp.Storage.Tests;

public abstract class QueueStoreContract : QueueContract
{
    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_message_is_read_as_it_was_committed()
    {
        var message = NewMessage(3, new Recipient
        {
            Address = "Bob@Host.example",
            Domain = "host.example",
            State = RecipientState.Queued,
            DueAt = Now.AddMinutes(1),
            Notify = DsnNotify.Success | DsnNotify.Delay,
            OriginalRecipient = "rfc822;bob@host.example",
        }, Held("pia@held.example"));
        (message.Account, message.Body, message.SmtpUtf8, message.Return) = ("branch", BodyType.EightBitMime, true, DsnReturn.Headers);
        (message.EnvelopeId, message.HeaderMessageId, message.MailFrom) = ("QQ314159", "<a@b>", "");
        message.Subject = "Straße \U0001F4EC";
        await Queue.CommitAsync(message, "content"u8.ToArray());

        var read = await ReadAsync(message);
        for (var i = 0; i < read.Recipients.Count; i++) message.Recipients[i].Id = read.Recipients[i].Id;
        Assert.Equivalent(message, read, strict: true);
        Assert.Equal("content"u8.ToArray(), (await Queue.ReadContentAsync(new(message.Id), Stop))!.Value.ToArray());
        Assert.Equal(2, read.LiveRecipients);
        Assert.Equal("received queued held", await EventsAsync(message));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Text_that_a_database_cannot_keep_does_not_stop_a_message()
    {
        var message = NewMessage(1, Held("bob@held.example"));
        message.Subject = "cut in the middle: \ud83d";
        message.HeloName = "nul\0nul";
        await Queue.CommitAsync(message, null);
        Assert.Equal("cut in the middle: \ufffd", (await ReadAsync(message)).Subject);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_thousand_messages_at_once_are_all_kept_with_their_content()
    {
        var hashes = new Dictionary<long, byte[]>();
        var commits = new List<Task>();
        for (var i = 0; i < 1000; i++)
        {
            var message = NewMessage(1, Held($"user{i}@host{i % 7}.example"));
            var content = RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(1, 30_000));
            message.Size = content.Length;
            hashes.Add(message.Id, SHA256.HashData(content));
            commits.Add(Queue.CommitAsync(message, content));
        }
        await Task.WhenAll(commits);

        foreach (var (id, hash) in hashes) Assert.Equal(hash, SHA256.HashData((await Queue.ReadContentAsync(new(id), Stop))!.Value.Span));
        Assert.Equal(1000, await Queue.CountLiveAsync(1, Stop));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_bad_change_fails_alone()
    {
        var first = await CommitAsync(1, Held("bob@held.example"));
        var commits = Enumerable.Range(0, 200).Select(i =>
        {
            var message = NewMessage(1, Held("bob@held.example"));
            if (i % 50 == 7) message.Id = first.Id;
            return Queue.CommitAsync(message, new byte[message.Size]);
        }).ToList();
        await Task.WhenAll(commits.Select(c => c.ContinueWith(_ => { }, TaskScheduler.Default)));

        Assert.Equal([7, 57, 107, 157], commits.Index().Where(c => c.Item.IsFaulted).Select(c => c.Index));
        foreach (var i in new[] { 7, 57, 107, 157 }) await Assert.ThrowsAsync<QueueUnavailableException>(() => commits[i]);
        Assert.Equal(197, await Queue.CountLiveAsync(1, Stop));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Held_entries_are_leased_oldest_first_and_whole_messages_at_a_time()
    {
        var first = await CommitAsync(1, Held("a@one.example"), Held("b@one.example"), Held("c@two.example"), Held("d@other.example"));
        var second = await CommitAsync(1, Held("a@two.example"));
        var third = await CommitAsync(1, Held("a@one.example"));
        await CommitAsync(2, Held("a@one.example"));

        var leased = await Queue.LeaseHeldAsync(NewLease(), 1, ["two.example", "one.example"], 2, Stop);
        // What is being collected still waits, as long as it is not taken.
        Assert.Equal(first.ReceivedAt, await Queue.FindOldestAsync(1, "one.example", Stop));
        Assert.Null(await Queue.FindOldestAsync(1, "none.example", Stop));
        Assert.Equal([first.Id, second.Id], leased.Select(l => l.Message.Id));
        Assert.Equal(["a@one.example", "b@one.example", "c@two.example"], leased[0].Recipients.Select(r => r.Address));
        Assert.All(leased[0].Recipients, r => Assert.Equal(
            (RecipientState.Delivering, "node1/a", (DateTimeOffset?)Now.AddMinutes(10), (RecipientState?)RecipientState.Held), (r.State, r.Lease, r.LeaseUntil, r.LeasedFrom)));
        Assert.Equal([third.Id], (await Queue.LeaseHeldAsync(NewLease(), 1, ["two.example", "one.example"], 2, Stop)).Select(l => l.Message.Id));
        Assert.Empty(await Queue.LeaseHeldAsync(NewLease(), 1, ["two.example", "one.example"], 2, Stop));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Eight_claimants_never_get_the_same_entry()
    {
        for (var i = 0; i < 300; i++) await CommitAsync(1, Held("a@one.example"), Held("b@one.example"), Due("c@two.example", Now));
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(claimant => Task.Run(async () =>
        {
            var lease = NewLease($"node1/{claimant}");
            var mine = new List<LeasedMessage>();
            while (true)
            {
                var some = claimant % 2 == 0
                    ? await Queue.LeaseHeldAsync(lease, 1, ["one.example"], 7, Stop)
                    : await Queue.LeaseDueAsync(lease, [1, 2], Now, 7, Stop);
                if (some.Count == 0) return mine;
                mine.AddRange(some);
            }
        })));
        var entries = taken.SelectMany(t => t).SelectMany(l => l.Recipients).Select(r => r.Id).ToList();
        Assert.Equal(900, entries.Count);
        Assert.Equal(900, entries.Distinct().Count());
        Assert.All(taken.SelectMany(t => t), l => Assert.Equal(l.Recipients[0].LeasedFrom == RecipientState.Held ? 2 : 1, l.Recipients.Count));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Due_entries_are_leased_longest_due_first()
    {
        var late = await CommitAsync(1, Due("a@one.example", Now.AddMinutes(-1)));
        var early = await CommitAsync(2, Due("a@one.example", Now.AddMinutes(-5)), Due("b@one.example", Now.AddMinutes(5)));
        await CommitAsync(1, Due("a@one.example", Now.AddMinutes(3)));
        await CommitAsync(3, Due("a@one.example", Now.AddMinutes(-9)));
        Assert.Equal(Now.AddMinutes(-5), await Queue.NextDueAsync([1, 2], Stop));

        var leased = await Queue.LeaseDueAsync(NewLease(), [1, 2], Now, 10, Stop);
        Assert.Equal([early.Id, late.Id], leased.Select(l => l.Message.Id));
        Assert.Equal("a@one.example", Assert.Single(leased[0].Recipients).Address);
        Assert.Empty(await Queue.LeaseDueAsync(NewLease(), [1, 2], Now, 10, Stop));
        Assert.Equal(Now.AddMinutes(3), await Queue.NextDueAsync([1, 2], Stop));
        Assert.Null(await Queue.NextDueAsync([9], Stop));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_message_for_two_domains_is_stored_once_and_goes_with_its_last_recipient()
    {
        var message = NewMessage(1, Held("a@one.example"), Held("b@two.example"));
        message.ContentPath = "Queue/x";
        await Queue.CommitAsync(message, new byte[message.Size]);
        Assert.Equal((1, 1000), await TotalsAsync("one.example"));
        Assert.Equal(1, await Queue.CountLiveAsync(1, Stop));

        Assert.Empty(await SettleAsync(await Queue.LeaseHeldAsync(NewLease(), 1, ["one.example"], 9, Stop), RecipientState.Delivered));
        Assert.Null(await Queue.FindDestinationAsync(1, "one.example", Stop));
        Assert.Equal((1, 1000), await TotalsAsync("two.example"));
        Assert.NotNull(await Queue.ReadContentAsync(new(message.Id), Stop));

        Assert.Equal(["Queue/x"], await SettleAsync(await Queue.LeaseHeldAsync(NewLease(), 1, ["two.example"], 9, Stop), RecipientState.Failed));
        Assert.Null(await Queue.ReadContentAsync(new(message.Id), Stop));
        Assert.Equal(0, await Queue.CountLiveAsync(1, Stop));
        Assert.Equal([RecipientState.Delivered, RecipientState.Failed], (await ReadAsync(message)).Recipients.Select(r => r.State));
        Assert.Equal("received held held delivered deferred", await EventsAsync(message));
        await AssertInStepAsync();
    }

    async Task<(long, long)> TotalsAsync(string domain)
    {
        var destination = await Queue.FindDestinationAsync(1, domain, Stop);
        return (destination!.Messages, destination.Bytes);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_settled_entry_has_its_result_and_a_deferred_one_comes_back()
    {
        var message = await CommitAsync(1, Held("a@one.example"));
        var leased = await Queue.LeaseHeldAsync(NewLease(), 1, ["one.example"], 9, Stop);
        await Queue.SettleAsync([Settle(leased[0], leased[0].Recipients[0], RecipientState.Held, reply: "451 4.3.0 Later")]);
        var entry = Assert.Single((await ReadAsync(message)).Recipients);
        Assert.Equal((RecipientState.Held, 1, "451 4.3.0 Later", null), (entry.State, entry.Attempts, entry.LastReply, entry.Lease));

        leased = await Queue.LeaseHeldAsync(NewLease("node1/b"), 1, ["one.example"], 9, Stop);
        Assert.Equal((1, "451 4.3.0 Later"), (leased[0].Recipients[0].Attempts, leased[0].Recipients[0].LastReply));
        await SettleAsync(leased, RecipientState.Delivered);
        entry = Assert.Single((await ReadAsync(message)).Recipients);
        Assert.Equal((RecipientState.Delivered, 2, "mx.example", (DateTimeOffset?)Now), (entry.State, entry.Attempts, entry.DeliveredTo, entry.SettledAt));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Who_lost_the_lease_cannot_settle()
    {
        var message = await CommitAsync(1, Held("a@one.example"));
        var lost = await Queue.LeaseHeldAsync(NewLease(), 1, ["one.example"], 9, Stop);
        await Queue.ReleaseAsync("node1/a");
        await Queue.LeaseHeldAsync(NewLease("node2/b"), 1, ["one.example"], 9, Stop);

        Assert.Empty(await SettleAsync(lost, RecipientState.Delivered));
        Assert.Equal("node2/b", Assert.Single((await ReadAsync(message)).Recipients).Lease);
        Assert.Equal("received held", await EventsAsync(message));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Leases_are_renewed_released_and_recovered()
    {
        var held = await CommitAsync(1, Held("a@one.example"));
        var queued = await CommitAsync(1, Due("a@two.example", Now));
        var foreign = await CommitAsync(1, Held("a@three.example"));
        await Queue.LeaseHeldAsync(NewLease("node1/a"), 1, ["one.example"], 9, Stop);
        await Queue.LeaseDueAsync(NewLease("node1/b"), [1], Now, 9, Stop);
        await Queue.LeaseHeldAsync(NewLease("node11/c"), 1, ["three.example"], 9, Stop);

        await Queue.RenewAsync(new("node1/b", Now.AddHours(1)), Stop);
        Assert.Equal(Now.AddHours(1), (await ReadAsync(queued)).Recipients[0].LeaseUntil);
        await Queue.ReleaseAsync("node1/b");
        Assert.Equal((RecipientState.Queued, (DateTimeOffset?)Now), ((await ReadAsync(queued)).Recipients[0].State, (await ReadAsync(queued)).Recipients[0].DueAt));

        await Queue.RecoverAsync("node1/", Now);
        Assert.Equal(RecipientState.Held, (await ReadAsync(held)).Recipients[0].State);
        Assert.Equal(RecipientState.Delivering, (await ReadAsync(foreign)).Recipients[0].State);
        await Queue.RecoverAsync("node1/", Now.AddMinutes(11));
        Assert.Equal(RecipientState.Held, (await ReadAsync(foreign)).Recipients[0].State);
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Held_mail_that_is_too_old_is_leased_in_bounded_pieces_and_expires()
    {
        var old = new[] { await CommitAsync(1, Held("a@one.example"), Held("b@two.example")), await CommitAsync(1, Held("a@one.example")), await CommitAsync(1, Held("a@one.example")) };
        Database.Clock.Advance(TimeSpan.FromHours(2));
        await CommitAsync(1, Held("a@one.example"));

        Assert.Equal([old[0].Id, old[1].Id], await ExpireAsync(2));
        Assert.Equal([old[2].Id], await ExpireAsync(2));
        Assert.Empty(await ExpireAsync(2));
        Assert.Equal("received held held expired", await EventsAsync(old[0]));
        Assert.Equal(2, await Queue.CountLiveAsync(1, Stop));
        await AssertInStepAsync();

        async Task<IEnumerable<long>> ExpireAsync(int max)
        {
            var late = await Queue.LeaseOverdueAsync(NewLease(), 1, "one.example", Now.AddHours(-1), max, Stop);
            await Queue.SettleAsync([.. late.SelectMany(l => l.Recipients.Select(r => Settle(l, r, RecipientState.Expired) with { Trace = new() { Event = "expired" } }))]);
            return late.Select(l => l.Message.Id);
        }
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_message_is_deleted_unless_somebody_has_it_leased()
    {
        var message = NewMessage(1, Held("a@one.example"), Held("b@two.example"));
        message.ContentPath = "Queue/y";
        await Queue.CommitAsync(message, new byte[message.Size]);
        await Queue.LeaseHeldAsync(NewLease(), 1, ["two.example"], 9, Stop);
        var busy = await Queue.DeleteAsync(new(message.Id), "admin");
        Assert.Equal((true, true, 0), (busy.Found, busy.Busy, busy.ContentPaths.Count));

        await Queue.ReleaseAsync("node1/a");
        var deleted = await Queue.DeleteAsync(new(message.Id), "admin");
        Assert.Equal((true, false, "Queue/y"), (deleted.Found, deleted.Busy, Assert.Single(deleted.ContentPaths)));
        Assert.Equal("received held held deleted deleted", await EventsAsync(message));
        Assert.Equal("admin", (await Queue.TraceAsync(new(message.Id), Stop))[^1].By);
        Assert.False((await Queue.DeleteAsync(new(12345), "admin")).Found);
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_site_hands_over_what_lives_leased_entries_included()
    {
        await CommitAsync(1, Held("a@one.example"), Held("b@two.example"));
        await CommitAsync(1, Held("a@one.example"));
        await CommitAsync(2, Held("a@one.example"));
        var gone = await CommitAsync(1, Held("a@gone.example"));
        await Queue.DeleteAsync(new(gone.Id), "admin");
        var leased = await Queue.LeaseHeldAsync(NewLease(), 1, ["two.example"], 9, Stop);

        Assert.Equal(2, await Queue.MoveSiteAsync(1, 2));
        Assert.Equal((0, 3), (await Queue.CountLiveAsync(1, Stop), await Queue.CountLiveAsync(2, Stop)));
        Assert.Equal(3, (await Queue.FindDestinationAsync(2, "one.example", Stop))!.Messages);
        await AssertInStepAsync();
        await SettleAsync(leased, RecipientState.Delivered);
        Assert.Null(await Queue.FindDestinationAsync(2, "two.example", Stop));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_change_of_route_moves_what_waits_and_what_comes_back()
    {
        var waiting = await CommitAsync(1, Due("a@one.example", Now.AddHours(1)), Due("b@other.example", Now.AddHours(1)));
        var leased = await CommitAsync(1, Due("c@one.example", Now));
        await Queue.LeaseDueAsync(NewLease(), [1], Now, 9, Stop);
        await Queue.ReroutedAsync(1, "one.example", hold: true, Now);
        Assert.Equal([RecipientState.Held, RecipientState.Queued], (await ReadAsync(waiting)).Recipients.Select(r => r.State));
        await Queue.ReleaseAsync("node1/a");
        Assert.Equal(RecipientState.Held, (await ReadAsync(leased)).Recipients[0].State);
        await AssertInStepAsync();

        await Queue.ReroutedAsync(1, "one.example", hold: false, Now);
        Assert.Equal((RecipientState.Queued, (DateTimeOffset?)Now), ((await ReadAsync(waiting)).Recipients[0].State, (await ReadAsync(waiting)).Recipients[0].DueAt));
        Assert.Equal("received queued queued held queued", await EventsAsync(waiting));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_a_host_defers_goes_on_waiting_as_its_destination_does_now()
    {
        var held = await CommitAsync(1, Held("a@one.example"));
        var due = await CommitAsync(1, Due("b@two.example", Now));
        var lease = NewLease();
        var leased = (await Queue.LeaseHeldAsync(lease, 1, ["one.example"], 9, Stop)).Concat(await Queue.LeaseDueAsync(lease, [1], Now, 9, Stop)).ToList();
        await Queue.ReroutedAsync(1, "one.example", hold: false, Now);
        await Queue.ReroutedAsync(1, "two.example", hold: true, Now);
        await Queue.SettleAsync([.. leased.Select(l => new Settlement(
            l.Recipients[0].Id, new(l.Message.Id), lease.Owner, null, null, "450 later", null, true, new() { Event = "deferred" }))]);
        var (first, second) = ((await ReadAsync(held)).Recipients[0], (await ReadAsync(due)).Recipients[0]);
        Assert.Equal((RecipientState.Queued, true), (first.State, first.DueAt <= Database.Clock.GetUtcNow()));
        Assert.Equal((RecipientState.Held, (DateTimeOffset?)null), (second.State, second.DueAt));
        await AssertInStepAsync();
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task History_is_purged_oldest_first_and_living_messages_stay()
    {
        var old = await CommitAsync(1, Held("a@one.example"));
        var living = await CommitAsync(1, Held("a@two.example"));
        await Queue.DeleteAsync(new(old.Id), "admin");
        Database.Clock.Advance(TimeSpan.FromDays(2));
        var young = await CommitAsync(1, Held("a@one.example"));
        await Queue.DeleteAsync(new(young.Id), "admin");

        Assert.Equal(1, await Queue.PurgeHistoryAsync(Now.AddDays(-1), 100));
        Assert.Null(await Queue.FindAsync(new(old.Id), Stop));
        Assert.Empty(await Queue.TraceAsync(new(old.Id), Stop));
        Assert.NotNull(await Queue.FindAsync(new(living.Id), Stop));
        Assert.NotNull(await Queue.FindAsync(new(young.Id), Stop));
        await using var db = await Database.ContextAsync();
        Assert.Equal(1, await db.TraceEvents.CountAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_file_that_no_message_names_is_an_orphan()
    {
        var living = NewMessage(1, Held("a@one.example"));
        var ended = NewMessage(1, Held("a@one.example"));
        (living.ContentPath, ended.ContentPath) = ("Queue/living", "Queue/ended");
        await Queue.CommitAsync(living, null);
        await Queue.CommitAsync(ended, null);
        await Queue.DeleteAsync(new(ended.Id), "admin");
        Assert.Equal(["Queue/ended", "Queue/never"],
            (await Queue.FindOrphansAsync(["Queue/never", "Queue/living", "Queue/ended"], Stop)).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_was_cancelled_before_it_began_changes_nothing()
    {
        await CommitAsync(1, Held("a@one.example"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Queue.LeaseHeldAsync(NewLease(), 1, ["one.example"], 9, new(canceled: true)));
        Assert.Single(await Queue.LeaseHeldAsync(NewLease(), 1, ["one.example"], 9, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_probe_writes()
    {
        Assert.True(await Queue.ProbeAsync(Stop));
        Assert.True(await Queue.ProbeAsync(Stop));
    }

    /// <summary>Any operations in any order leave the totals exact.</summary>
    [Theory(Timeout = DeadlineMilliseconds)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Totals_are_exact_after_a_random_walk(int seed)
    {
        var random = new Random(seed);
        var leases = new List<LeasedMessage>();
        var ids = new List<long>();
        for (var step = 0; step < 250; step++)
        {
            await StepAsync(random, leases, ids, step);
            if (step % 10 == 9) await AssertInStepAsync();
        }
        await AssertInStepAsync();
    }

    async Task StepAsync(Random random, List<LeasedMessage> leases, List<long> ids, int step)
    {
        string[] domains = ["a.example", "b.example", "b.a.example", "c.example"];
        var site = random.Next(1, 3);
        var owner = $"node{random.Next(1, 3)}/x";
        switch (random.Next(12))
        {
            case < 4:
                var recipients = Enumerable.Range(0, random.Next(1, 5)).Select(i => $"u{i}@{domains[random.Next(4)]}")
                    .Select(a => random.Next(2) == 0 ? Held(a) : Due(a, Now.AddMinutes(random.Next(-5, 5)))).ToArray();
                var message = NewMessage(site, recipients);
                message.Size = random.Next(1, 10_000);
                await Queue.CommitAsync(message, new byte[message.Size]);
                ids.Add(message.Id);
                break;
            case 4:
                leases.AddRange(await Queue.LeaseHeldAsync(NewLease(owner), site, [domains[random.Next(4)], domains[random.Next(4)]], random.Next(1, 5), Stop));
                break;
            case 5:
                leases.AddRange(await Queue.LeaseDueAsync(NewLease(owner), [1, 2], Now, random.Next(1, 5), Stop));
                break;
            case < 8:
                RecipientState[] results = [RecipientState.Delivered, RecipientState.Failed, RecipientState.Expired, RecipientState.Held, RecipientState.Queued];
                var settlements = leases.SelectMany(l => l.Recipients.Select(r => Settle(l, r, results[random.Next(5)], Now.AddMinutes(1)))).Take(random.Next(1, 8)).ToList();
                await Queue.SettleAsync(settlements, [.. settlements.Take(1).Select(s => NewReport(s, Held($"sender@{domains[random.Next(4)]}")))]);
                leases.RemoveAll(l => l.Recipients.All(r => settlements.Exists(s => s.RecipientId == r.Id)));
                break;
            case 8:
                if (random.Next(2) == 0) await Queue.ReleaseAsync(owner); else await Queue.RecoverAsync("node1/", Now);
                break;
            case 9:
                if (ids.Count > 0) await Queue.DeleteAsync(new(ids[random.Next(ids.Count)]), "walk");
                break;
            case 10:
                Database.Clock.Advance(TimeSpan.FromMinutes(1));
                leases.AddRange(await Queue.LeaseOverdueAsync(NewLease(owner), site, domains[random.Next(4)], Now.AddMinutes(-10), random.Next(1, 4), Stop));
                await Queue.PurgeHistoryAsync(Now.AddMinutes(-5), 3);
                break;
            default:
                if (step % 5 == 0) await Queue.MoveSiteAsync(site, 3 - site);
                else await Queue.ReroutedAsync(site, domains[random.Next(4)], random.Next(2) == 0, Now);
                break;
        }
    }
}
