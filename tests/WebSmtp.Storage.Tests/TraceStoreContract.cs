using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Trace;

namespace WebSmtp.Storage.Tests;

/// <summary>What happened is found the same way before and after it was indexed.</summary>
public abstract class TraceStoreContract : QueueContract
{
    MessageIds _numbers = null!;

    ITraceStore Trace => Database.Get<ITraceStore>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _numbers = new(Database.Clock, 2);
    }

    async Task<Message> SendAsync(int siteId, string from, string header, params string[] to)
    {
        Database.Clock.Advance(TimeSpan.FromMinutes(1));
        var message = NewMessage(siteId, [.. to.Select(Held)]);
        (message.MailFrom, message.HeaderMessageId) = (from, header);
        await Queue.CommitAsync(message, new byte[message.Size]);
        return message;
    }

    async Task<Rejection> RefuseAsync(int siteId, string client, string? from, string? to)
    {
        Database.Clock.Advance(TimeSpan.FromMinutes(1));
        var rejection = new Rejection
        {
            Id = _numbers.Next().Value, SiteId = siteId, At = Now, ClientAddress = client, HeloName = "x", Stage = "RCPT", Reply = "550 5.7.1 No",
            MailFrom = from, Recipient = to, HeaderMessageId = "<refused@x>",
        };
        await Trace.AddRejectionsAsync([rejection]);
        return rejection;
    }

    async Task<List<long>> MessagesAsync(TraceFilter filter, int limit = 2) => await AllAsync(before => Trace.FindMessagesAsync(filter, before, limit, Stop), m => m.Id);

    async Task<List<long>> RejectionsAsync(TraceFilter filter, int limit = 2) => await AllAsync(before => Trace.FindRejectionsAsync(filter, before, limit, Stop), r => r.Id);

    static async Task<List<long>> AllAsync<T>(Func<long, Task<TraceRange<T>>> find, Func<T, long> id)
    {
        var found = new List<long>();
        long? before = long.MaxValue;
        for (var pages = 0; before is not null && pages < 100; pages++)
        {
            var range = await find(before.Value);
            found.AddRange(range.Items.Select(id));
            Assert.True(range.DownTo is null || range.DownTo < before);
            before = range.DownTo;
        }
        Assert.Null(before);
        return found;
    }

    async Task IndexAsync(DateTimeOffset before)
    {
        while (await Trace.IndexAsync(before, Stop))
        {
        }
    }

    [Theory(Timeout = DeadlineMilliseconds)]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Messages_are_found_by_each_thing_that_a_person_may_know(int indexed)
    {
        var first = await SendAsync(1, "Alice@Example.org", "<1@x>", "bob@one.example", "Pia@two.example");
        await Queue.DeleteAsync(new(first.Id), "anna");
        var second = await SendAsync(2, "alice@example.org", "<2@x>", "BOB@one.example");
        // Another span of time.
        Database.Clock.Advance(TimeSpan.FromDays(3));
        var third = await SendAsync(1, "carol@example.org", "<3@x>", "bob@one.example", "bob@one.example");
        var start = Now;
        var fourth = await SendAsync(1, "alice@example.org", "<4@x>", "pia@two.example");
        await IndexAsync(indexed switch { 0 => DateTimeOffset.UnixEpoch, 3 => third.ReceivedAt.AddSeconds(1), _ => Now.AddSeconds(1) });
        var fifth = await SendAsync(1, "", "<5@x>", "alice@example.org");

        Assert.Equal([fourth.Id, second.Id, first.Id], await MessagesAsync(new(Sender: "ALICE@example.org")));
        Assert.Equal([fourth.Id, first.Id], await MessagesAsync(new(SiteId: 1, Sender: "alice@example.org")));
        Assert.Equal([third.Id, second.Id, first.Id], await MessagesAsync(new(Recipient: "Bob@one.example")));
        Assert.Equal([fourth.Id, first.Id], await MessagesAsync(new(Sender: "alice@example.org", Recipient: "pia@two.example"), 1));
        Assert.Equal([third.Id], await MessagesAsync(new(HeaderMessageId: "<3@x>")));
        Assert.Empty(await MessagesAsync(new(HeaderMessageId: "<3@X>")));
        Assert.Equal([second.Id], await MessagesAsync(new(Id: new MessageId(second.Id))));
        Assert.Empty(await MessagesAsync(new(SiteId: 1, Id: new MessageId(second.Id))));
        Assert.Equal([fifth.Id, fourth.Id, third.Id, second.Id, first.Id], await MessagesAsync(new()));
        Assert.Equal([fifth.Id, fourth.Id, third.Id, first.Id], await MessagesAsync(new(SiteId: 1)));
        Assert.Equal([second.Id, first.Id], await MessagesAsync(new(Recipient: "bob@one.example", To: start.AddDays(-1))));
        Assert.Equal([fourth.Id], await MessagesAsync(new(Sender: "alice@example.org", From: start)));
        Assert.Equal([fifth.Id], await MessagesAsync(new(Recipient: "alice@example.org")));
        Assert.Empty(await MessagesAsync(new(Sender: "alice")));
    }

    [Theory(Timeout = DeadlineMilliseconds)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Refusals_are_found_by_client_sender_and_recipient(bool indexed)
    {
        var first = await RefuseAsync(1, "192.0.2.1", "Alice@example.org", "x@y.example");
        var second = await RefuseAsync(1, "192.0.2.2", null, null);
        var third = await RefuseAsync(2, "192.0.2.1", "alice@example.org", "X@y.example");
        await SendAsync(1, "alice@example.org", "<refused@x>", "x@y.example");
        if (indexed) await IndexAsync(Now.AddDays(1));

        Assert.Equal([third.Id, second.Id, first.Id], await RejectionsAsync(new()));
        Assert.Equal([second.Id, first.Id], await RejectionsAsync(new(SiteId: 1), 1));
        Assert.Equal([third.Id, first.Id], await RejectionsAsync(new(Client: "192.0.2.1")));
        Assert.Equal([third.Id, first.Id], await RejectionsAsync(new(Sender: "alice@example.org")));
        Assert.Equal([first.Id], await RejectionsAsync(new(SiteId: 1, Sender: "alice@example.org", Recipient: "x@y.example", Client: "192.0.2.1")));
        Assert.Equal([third.Id, second.Id, first.Id], await RejectionsAsync(new(HeaderMessageId: "<refused@x>")));
        Assert.Equal([first.Id], await RejectionsAsync(new(To: second.At)));
        Assert.Empty(await RejectionsAsync(new(Recipient: "y@y.example")));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Events_are_found_by_what_they_are_and_by_their_own_time()
    {
        var first = await SendAsync(1, "alice@example.org", "<1@x>", "bob@one.example", "pia@one.example");
        var second = await SendAsync(2, "carol@example.org", "<2@x>", "bob@one.example");
        var start = Now.AddDays(1);
        foreach (var (site, state) in new[] { (1, RecipientState.Held), (1, RecipientState.Delivered), (2, RecipientState.Delivered) })
        {
            Database.Clock.Advance(TimeSpan.FromDays(1));
            await SettleAsync(await Queue.LeaseHeldAsync(new("n/a", Now.AddHours(1)), site, ["one.example"], 10, Stop), state);
        }

        string[] one = ["bob@one.example 1", "pia@one.example 1"], two = ["bob@one.example 2"];
        Assert.Equal([.. one, .. two], await EventsAsync(new(), "delivered", "collected"));
        Assert.Equal(one, await EventsAsync(new(), "deferred"));
        Assert.Empty(await EventsAsync(new(), "failed", "expired"));
        Assert.Equal(two, await EventsAsync(new(Sender: "Carol@example.org"), "delivered", "deferred"));
        Assert.Equal(["bob@one.example 1"], await EventsAsync(new(Recipient: "BOB@one.example", SiteId: 1), "delivered"));
        Assert.Equal([.. one, .. two], await EventsAsync(new(From: start.AddHours(1)), "deferred", "delivered"));
        Assert.Equal(one, await EventsAsync(new(To: start.AddHours(1)), "deferred", "delivered"));
        Assert.Empty(await EventsAsync(new(From: Now.AddMinutes(1)), "deferred", "delivered"));
        Assert.Equal(one, await EventsAsync(new(Id: new MessageId(first.Id)), "delivered"));
        Assert.Equal(two, await EventsAsync(new(HeaderMessageId: second.HeaderMessageId), "delivered"));

        async Task<List<string>> EventsAsync(TraceFilter filter, params string[] events)
        {
            var (found, before) = (new List<string>(), (long?)long.MaxValue);
            while (before is not null)
            {
                var range = await Trace.FindEventsAsync(filter, events, before.Value, 1, Stop);
                found.AddRange(range.Items.Select(one => $"{one.Event.Recipient} {one.SiteId}"));
                before = range.DownTo;
            }
            return [.. found.OrderBy(text => text[^1]).ThenBy(text => text, StringComparer.Ordinal)];
        }
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_message_that_took_longer_than_the_index_waits_is_found_all_the_same()
    {
        var slow = NewMessage(1, Held("slow@one.example"));
        Database.Clock.Advance(TimeSpan.FromHours(1));
        await SendAsync(1, "quick@example.org", "<q@x>", "quick@one.example");
        await IndexAsync(Now.AddSeconds(1));
        await Queue.CommitAsync(slow, new byte[slow.Size]);

        Assert.Equal([slow.Id], await MessagesAsync(new(Recipient: "slow@one.example")));
        Assert.Equal([slow.Id], await MessagesAsync(new(Sender: slow.MailFrom)));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Much_is_indexed_and_found_in_pieces()
    {
        var sent = new List<long>();
        for (var i = 0; i < 2100; i++)
        {
            var message = NewMessage(1, Held($"u{i % 7}@one.example"));
            message.Size = 1;
            sent.Add(message.Id);
            await Queue.CommitAsync(message, new byte[1]);
            if (i % 100 == 0) Database.Clock.Advance(TimeSpan.FromHours(1));
        }
        var pieces = 1;
        while (await Trace.IndexAsync(Now.AddHours(1), Stop)) pieces++;
        Assert.Equal(3, pieces);
        sent.Reverse();
        Assert.Equal(sent, await MessagesAsync(new(Sender: "sender@example.org"), 500));
        Assert.Equal(300, (await MessagesAsync(new(Recipient: "u3@one.example"), 50)).Count);
        // Candidates that are none of another site's are gone through in bounded pieces.
        Assert.Empty(await MessagesAsync(new(SiteId: 2, Sender: "sender@example.org")));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_is_too_old_is_forgotten_with_what_led_to_it()
    {
        await RefuseAsync(1, "192.0.2.1", "old@example.org", null);
        var old = await SendAsync(1, "old@example.org", "<old@x>", "bob@one.example");
        await Queue.DeleteAsync(new(old.Id), "anna");
        Database.Clock.Advance(TimeSpan.FromDays(3));
        var young = await RefuseAsync(1, "192.0.2.1", "young@example.org", null);
        var alive = await SendAsync(1, "young@example.org", "<young@x>", "bob@one.example");
        await IndexAsync(Now.AddSeconds(1));
        Assert.Equal(1, await Queue.PurgeHistoryAsync(Now.AddDays(-1), 10));
        while (await Trace.PurgeAsync(Now.AddDays(-1), 2, Stop))
        {
        }

        Assert.Empty(await MessagesAsync(new(Sender: "old@example.org")));
        Assert.Equal([young.Id], await RejectionsAsync(new()));
        Assert.Equal([alive.Id], await MessagesAsync(new(Recipient: "bob@one.example")));
        await using var db = await Database.ContextAsync();
        Assert.DoesNotContain(await db.TraceKeys.Select(k => k.Key).ToListAsync(Stop), key => key.Contains("old", StringComparison.Ordinal));
    }
}
