using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Trace;

namespace WebSmtp.Mta.Tests.Trace;

public sealed class TraceSearchTests
{
    [Fact(Timeout = 30_000)]
    public async Task Messages_and_refusals_come_newest_first_and_pages_cut_stories_without_loss()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var bench = new MailBench(stop);
        bench.Rejections.Start();
        await bench.ReceiveAsync("first\r\n", "u1@test.com", "u2@test.com", "u3@test.com");
        bench.Rejections.Record(bench.Site, new() { ClientAddress = "192.0.2.1", Stage = "RCPT", Reply = "550 no", Recipient = "x@y.example" });
        await bench.ReceiveAsync("second\r\n", "u4@test.com");
        await bench.Rejections.StopAsync();
        bench.Trace.Messages.AddRange(bench.Queue.Messages);
        var operations = bench.QueueOperations;
        var operatorActor = new Actor("anna", Role.Operator, "local");
        foreach (var message in bench.Queue.Messages) await operations.ActAsync(new(message.Id), new(QueueAct.Freeze), null, operatorActor, stop);

        var search = new TraceSearch(bench.Trace, bench.Queue);
        foreach (var limit in (int[])[1, 2, 3, 100])
        {
            var found = new List<TraceFinding>();
            string? cursor = null;
            do
            {
                var page = await search.FindAsync(new(), cursor, limit, stop);
                Assert.InRange(page.Items.Count, 0, limit);
                found.AddRange(page.Items);
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            Assert.Equal(["u4@test.com", "x@y.example", "u3@test.com", "u2@test.com", "u1@test.com"], found.Select(one => one.Event.Recipient));
            Assert.Equal(["frozen", "rejected", "frozen", "frozen", "frozen"], found.Select(one => one.Event.Event));
            Assert.Equal([false, true, false, false, false], found.Select(one => one.MessageId is null));
        }
        Assert.Equal(["u2@test.com"], (await search.FindAsync(new(Recipient: "U2@test.com"), null, 9, stop)).Items
            .Where(one => one.MessageId == new MessageId(bench.Queue.Messages[0].Id)).Select(one => one.Event.Recipient));
    }

    [Fact(Timeout = 30_000)]
    public async Task What_is_asked_for_alone_is_what_the_charts_count()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var bench = new MailBench(stop);
        string[] names = ["received", "deferred", "deferred", "attempt", "delivered", "collected", "failed", "expired", "deleted"];
        bench.Trace.Events.AddRange(names.Select((name, i) => new FoundEvent(new() { Id = i + 1, MessageId = 7, Event = name }, 1, "a@b.example", null)));
        foreach (var name in names)
            bench.Traffic.Settled(1, new(1, new(7), "n/a", null, null, null, null, true, new() { Event = name }));
        var search = new TraceSearch(bench.Trace, bench.Queue);
        var counted = bench.Traffic.Waiting().Single().Count;

        foreach (var (kind, count) in new[] { (TraceKind.Delivered, counted.Delivered), (TraceKind.Deferred, counted.Deferred), (TraceKind.Failed, counted.Failed) })
        {
            var found = await search.FindAsync(new(What: kind), null, 100, stop);
            Assert.Equal((2, 2), (count, found.Items.Count));
            Assert.All(found.Items, one => Assert.Equal(kind, TraceKinds.Of(one.Event.Event)));
        }
    }
}
