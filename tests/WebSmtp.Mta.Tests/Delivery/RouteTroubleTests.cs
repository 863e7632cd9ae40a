using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Tests.Reports;
using static WebSmtp.Mta.Tests.Delivery.RouteScene;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>Destinations that fail as a whole, and those beside them.</summary>
public sealed class RouteTroubleTests
{
    [Fact(Timeout = Deadline)]
    public async Task A_thousand_messages_to_a_dead_host_make_one_probe()
    {
        await using var bench = await BeginAsync();
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 1 });
        await bench.ReceiveManyAsync(999, Domain, first: 2);
        var retryAt = bench.Queue["u1@away.example"].DueAt;
        Assert.All(bench.Queue.Recipients, entry => Assert.Equal((RecipientState.Queued, retryAt), (entry.State, entry.DueAt)));
        Assert.Single(bench.Network.Dialed);

        // Fifteen minutes later one more, and they wait on together.
        Forward(bench, TimeSpan.FromMinutes(15));
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt == retryAt!.Value.AddMinutes(30));
        Assert.InRange(bench.Network.Dialed.Count, 2, 3);

        // The first success brings all of them.
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        Forward(bench, TimeSpan.FromMinutes(30));
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(1000, host.Taken.Count);
        Assert.Empty(bench.Routes.List());
    }

    [Fact(Timeout = Deadline)]
    public async Task A_new_message_finds_out_that_a_host_is_back_and_the_others_follow_at_once()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"retryIntervals": ["PT4H"]}""");
        await bench.ReceiveManyAsync(3, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
        var state = Assert.Single(bench.Routes.List());
        Assert.Equal((RouteCondition.CoolingDown, Domain, (int?)1), (state.State, state.Route, state.SiteId));

        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        Forward(bench, TimeSpan.FromMinutes(6));
        await bench.ReceiveManyAsync(1, Domain, first: 4);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(4, host.Taken.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_waits_for_a_dead_host_expires_in_its_own_time()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"retryIntervals": ["PT40M"], "expireAfter": "PT1H"}""");
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.Attempts == 1);
        Forward(bench, TimeSpan.FromMinutes(30));
        await bench.ReceiveManyAsync(1, Domain, first: 2);
        Forward(bench, TimeSpan.FromMinutes(31));
        await bench.WhenSettledAsync(() => bench.Queue["u1@away.example"].State is RecipientState.Expired);
        await bench.WhenSettledAsync(() => bench.Queue["u2@away.example"].State is RecipientState.Queued);
        Forward(bench, TimeSpan.FromMinutes(30));
        await bench.WhenSettledAsync(() => bench.Queue["u2@away.example"].State is RecipientState.Expired);
    }

    [Fact(Timeout = Deadline)]
    public async Task One_message_that_an_operator_wants_tried_brings_the_others_when_the_host_is_back()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"retryIntervals": ["PT4H"]}""");
        await bench.ReceiveManyAsync(3, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
        var one = new MessageId(bench.Queue.Messages[1].Id);
        var dialed = bench.Network.Dialed.Count;

        // In vain: nothing changes for the others.
        await RetryAsync();
        await WhenAllAsync(bench, entry => bench.Network.Dialed.Count > dialed && entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
        Assert.Equal(dialed + 1, bench.Network.Dialed.Count);

        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await RetryAsync();
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(3, host.Taken.Count);

        async Task RetryAsync() => Assert.Null((await bench.QueueOperations.ActAsync(
            one, new(QueueAct.Retry, null), null, new("anna", Role.Operator, "203.0.113.4"), TestContext.Current.CancellationToken)).Problem);
    }

    [Fact(Timeout = Deadline)]
    public async Task Senders_of_mail_that_waits_for_a_dead_host_are_told_when_it_is_late_and_not_hours_after()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"retryIntervals": ["PT5H"]}""");
        var began = bench.Time.GetUtcNow();
        await bench.ReceiveManyAsync(3, Domain);
        for (var n = 1; n <= 3; n++)
        {
            await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
            Assert.Equal(3, bench.Queue.Recipients.Count);
            Forward(bench, bench.Queue.Recipients.Min(entry => entry.DueAt)!.Value - bench.Time.GetUtcNow());
        }
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.Count(entry => entry.DelayReportedAt is not null) == 3);
        Assert.Equal(12, (bench.Time.GetUtcNow() - began).TotalHours);
    }

    [Fact(Timeout = Deadline)]
    public async Task Mail_does_not_wait_for_a_dead_host_that_it_is_not_routed_to_any_more()
    {
        await using var bench = await BeginAsync();
        await bench.ReceiveManyAsync(2, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(Second, host);
        bench.ConfigureRoute(Domain, _ => new() { Type = RouteType.SmartHost, SmartHost = new() { Target = new("[198.51.100.8]") } });
        bench.Scheduler.Wake();
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(2, host.Taken.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_destination_with_a_long_queue_leaves_room_for_others()
    {
        await using var bench = await BeginAsync(site =>
        {
            site.Settings = """{"maxOutboundConnectionsPerDomain": 1}""";
            site.Domains.Add(new() { SiteId = 1, Name = "other.example", Kind = DomainKind.Remote, AllowRelay = true });
        });
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var slow = new SinkHost(bench.Time) { BeforeFinalReply = () => { asked.TrySetResult(); return go.Task; } };
        var quick = new SinkHost(bench.Time);
        bench.Network.Listen(First, slow);
        bench.Network.Mx("other.example", (10, "198.51.100.8"));
        bench.Network.Listen(Second, quick);
        await bench.ReceiveManyAsync(600, Domain);
        await asked.Task;
        // Both from the database: first those of the slow one, which are due longer.
        await bench.ReceiveManyAsync(20, "other.example");
        await bench.WhenSettledAsync(() => quick.Taken.Count == 20);
        Assert.InRange(bench.Queue.Recipients.Count(entry => entry.State is RecipientState.Delivering && entry.Domain == Domain), 1, 300);
        go.SetResult();
        bench.Scheduler.Wake();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (slow.Taken.Count < 600)
        {
            Forward(bench, TimeSpan.FromSeconds(1));
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact(Timeout = Deadline)]
    public async Task Fresh_mail_is_delivered_without_being_looked_for()
    {
        await using var bench = await BeginAsync();
        bench.Network.Listen(First, new SinkHost(bench.Time));
        await bench.ReceiveManyAsync(30, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(0, bench.Queue.Leases);
    }

    [Fact(Timeout = Deadline)]
    public async Task Destinations_that_wait_for_a_place_all_have_their_turn()
    {
        await using var bench = await BeginAsync(site =>
        {
            site.Settings = """{"maxOutboundConnections": 1}""";
            foreach (var name in (string[])["second.example", "third.example"])
                site.Domains.Add(new() { SiteId = 1, Name = name, Kind = DomainKind.Remote, AllowRelay = true });
        });
        var host = new WaitingHost(bench);
        bench.Network.Mx("second.example", (10, "198.51.100.7"));
        bench.Network.Mx("third.example", (10, "198.51.100.7"));
        await bench.ReceiveManyAsync(1, Domain);
        await host.Reached;
        // More of one destination than of another, which comes last.
        await bench.ReceiveManyAsync(3, "second.example");
        await bench.ReceiveManyAsync(1, "third.example");
        await host.WhenAllWaitAsync();
        Assert.Single(bench.Network.Dialed);
        host.GoOn();
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(5, host.Taken.Count);
    }

    [Fact]
    public async Task A_destination_begins_with_a_few_connections_and_after_a_failure_with_one()
    {
        await using var bench = await BeginAsync();
        DestinationWork New() => new(new(bench.Site, bench.Planner.Plan(bench.Site, Domain), null));
        var message = new LeasedMessage(ReportSamples.NewMessage(), []);
        int Begun(DestinationWork work) => Enumerable.Range(0, 20).Count(_ =>
        {
            work.TryAdd(message, out var worker, out var _);
            return worker;
        });

        var well = New();
        Assert.Equal(5, Begun(well));
        Assert.True(well.Succeeded(), "one more for each success");
        Assert.Equal(0, Begun(well));

        var failed = New();
        failed.BeCautious();
        Assert.Equal(1, Begun(failed));
        Assert.True(failed.Succeeded());
        Assert.Equal(0, Begun(failed));

        // Of those five two go on when a connection broke, and one when the destination failed.
        var broke = New();
        Begun(broke);
        broke.Stumbled();
        Assert.False(broke.Succeeded());
        Assert.Equal(20, broke.Failed().Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_comes_first_after_a_failure_goes_alone_until_it_has_arrived()
    {
        await using var bench = await BeginAsync();
        await bench.ReceiveManyAsync(8, Domain);
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, LastReply: not null });
        var host = new WaitingHost(bench);
        bench.Network.Dialed.Clear();
        Forward(bench, TimeSpan.FromMinutes(15));
        await host.WhenAllWaitAsync();
        Assert.Single(bench.Network.Dialed);
        host.GoOn();
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
    }
}
