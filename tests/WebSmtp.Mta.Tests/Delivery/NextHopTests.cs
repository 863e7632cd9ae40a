using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Acceptance;
using static WebSmtp.Mta.Tests.Delivery.RouteScene;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>Which host has its turn, and when another one has.</summary>
public sealed class NextHopTests
{
    [Fact(Timeout = Deadline)]
    public async Task The_next_host_has_its_turn_when_one_is_down_or_says_no_for_now()
    {
        await using var bench = await BeginAsync();
        bench.Network.Mx(Domain, (10, "198.51.100.7"), (20, "198.51.100.8"), (30, "198.51.100.9"));
        bench.Network.Listen(Second, new ScriptedHost("mail", "451 4.7.1 not now").ServeAsync);
        var host = new SinkHost(bench.Time);
        bench.Network.Listen("198.51.100.9:25", host);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Single(host.Taken);
        Assert.Equal([First, Second, "198.51.100.9:25"], bench.Network.Dialed);
        var trace = await bench.Queue.TraceAsync(new(bench.Queue.Messages[0].Id), TestContext.Current.CancellationToken);
        Assert.Equal(
            [("attempt", "connect", "[198.51.100.7]:25"), ("attempt", "mail", "[198.51.100.8]:25"), ("delivered", "finalDot", "[198.51.100.9]:25")],
            trace.Select(one => (one.Event, one.Stage, one.Address)));
        Assert.Equal("mx30.away.example [198.51.100.9]:25", bench.Queue.Recipients[0].DeliveredTo);
    }

    [Theory(Timeout = Deadline)]
    [InlineData("mail", ScriptedHost.Close)]
    [InlineData("rcpt", "451 4.3.2 not now")]
    [InlineData("rcpt", "421 4.3.2 going down")]
    [InlineData("rcpt", ScriptedHost.Close)]
    [InlineData("data", "451 4.3.2 not now")]
    [InlineData("data", ScriptedHost.Close)]
    [InlineData("finalDot", "451 4.3.2 not now")]
    [InlineData("finalDot", "421 4.3.2 going down")]
    public async Task The_next_host_has_its_turn_wherever_the_first_one_fails(string stage, string reply)
    {
        await using var bench = await BeginAsync();
        var (first, second) = (new ScriptedHost(stage, reply), new SinkHost(bench.Time));
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"), Kept("backup", "198.51.100.8"));
        bench.Network.Listen(First, first.ServeAsync);
        bench.Network.Listen(Second, second);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Single(second.Taken);
        Assert.Equal(0, first.Taken);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_message_whose_dot_was_not_answered_is_not_given_to_another_host_at_once()
    {
        await using var bench = await BeginAsync();
        var second = new SinkHost(bench.Time);
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"), Kept("backup", "198.51.100.8"));
        bench.Network.Listen(First, new ScriptedHost("finalDot", ScriptedHost.Close).ServeAsync);
        bench.Network.Listen(Second, second);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 1 });
        Assert.Empty(second.Taken);
        Forward(bench, TimeSpan.FromMinutes(15));
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
    }

    [Fact(Timeout = Deadline)]
    public async Task Recipients_that_one_transaction_has_no_room_for_go_in_the_next()
    {
        await using var bench = await BeginAsync();
        var (host, room) = (new SinkHost(bench.Time), 0);
        host.OnSender = _ =>
        {
            room = 2;
            return null;
        };
        host.OnRecipient = _ => room-- > 0 ? null : new(452, 4, 5, 3, "Too many recipients");
        bench.Network.Listen(First, host);
        await bench.ReceiveAsync("Subject: x\r\n\r\nbody\r\n", [.. Enumerable.Range(1, 5).Select(n => $"u{n}@{Domain}")]);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal([2, 2, 1], host.Taken.Select(taken => taken.To.Length));
        Assert.Single(bench.Network.Dialed);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_greeting_of_554_is_final_only_when_every_host_says_so()
    {
        await using var bench = await BeginAsync();
        bench.Network.Mx(Domain, (10, "198.51.100.7"), (20, "198.51.100.8"));
        bench.Network.Listen(First, new ScriptedHost("greeting", "554 no mail here").ServeAsync);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 1 });
        bench.Network.Listen(Second, new ScriptedHost("greeting", "554 5.7.1 none here either").ServeAsync);
        Forward(bench, TimeSpan.FromMinutes(15));
        await bench.WhenSettledAsync(() => bench.Queue["u1@away.example"] is { State: RecipientState.Failed, Attempts: 2 });
        Assert.StartsWith("554 5.7.1", bench.Queue["u1@away.example"].LastReply, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task Smart_hosts_are_tried_in_order_and_a_dead_one_is_passed_over_for_a_while()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT0S"}""");
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"), Kept("backup", "198.51.100.8"));
        var (primary, backup) = (new SinkHost(bench.Time), new SinkHost(bench.Time));
        bench.Network.Listen(Second, backup);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        await bench.ReceiveManyAsync(1, Domain, first: 2);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal([First, Second, Second], bench.Network.Dialed);
        Assert.Equal(2, backup.Taken.Count);

        bench.Network.Listen(First, primary);
        Forward(bench, TimeSpan.FromMinutes(2));
        await bench.ReceiveManyAsync(1, Domain, first: 3);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Single(primary.Taken);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_sites_smart_host_takes_all_or_what_cannot_be_delivered_directly()
    {
        await using var bench = await BeginAsync();
        bench.SmartHosts.Set([Kept("relay", "198.51.100.8")]);
        var relay = new SinkHost(bench.Time);
        bench.Network.Listen(Second, relay);
        bench.Network.Mx("open.example", (10, "198.51.100.7"));
        void Use(string mode) => bench.Configure(site => site.Settings =
            $$"""{"smartHost": {"use": ["relay"], "mode": "{{mode}}"}, "relay": {"allowAddresses": ["192.0.2.0/24"]}, "outboundIdleTimeout": "PT0S"}""");

        Use("always");
        await bench.ReceiveManyAsync(1, "open.example");
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal([Second], bench.Network.Dialed);
        Use("fallback");
        await bench.ReceiveManyAsync(1, "open.example", first: 2);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal([Second, First, Second], bench.Network.Dialed);
        // What DNS says for good no smart host can change.
        await bench.ReceiveManyAsync(1, "missing.example");
        await bench.WhenSettledAsync(() => bench.Queue["u1@missing.example"].State is RecipientState.Failed);
        Assert.Equal(3, bench.Network.Dialed.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task An_operators_detour_goes_before_every_rule()
    {
        await using var bench = await BeginAsync();
        bench.SmartHosts.Set([Kept("detour", "198.51.100.8")]);
        var plan = bench.Planner.Plan(bench.Site, new Recipient { Address = "u@away.example", Domain = Domain, ViaSmartHost = "detour" });
        Assert.Equal("detour", Assert.IsType<RouteHop.Via>(Assert.Single(plan.Hops)).Name);
        plan = bench.Planner.Plan(bench.Site, new Recipient { Address = "u@away.example", Domain = Domain, ViaDomain = "else.example" });
        Assert.Equal(new RouteHop.Domain("else.example", IsDetour: true), Assert.Single(plan.Hops));
        // One that is gone is no detour any more.
        plan = bench.Planner.Plan(bench.Site, new Recipient { Address = "u@away.example", Domain = Domain, ViaSmartHost = "gone" });
        Assert.Equal((RouteType.Dns, Domain), (plan.Type, Assert.Single(plan.Hops).Route));
    }

    [Fact(Timeout = Deadline)]
    public async Task Domains_that_go_over_the_same_smart_host_share_its_connection()
    {
        await using var bench = await BeginAsync(site =>
        {
            site.Settings = """{"maxOutboundConnectionsPerDomain": 1}""";
            foreach (var n in Enumerable.Range(1, 5)) site.Domains.Add(new() { SiteId = 1, Name = $"d{n.ToString(CultureInfo.InvariantCulture)}.example", Kind = DomainKind.Remote, AllowRelay = true });
        });
        bench.SmartHosts.Set([Kept("primary", "198.51.100.7")]);
        foreach (var n in Enumerable.Range(1, 5))
            bench.ConfigureRoute($"d{n.ToString(CultureInfo.InvariantCulture)}.example", _ => new() { Type = RouteType.SmartHost, SmartHost = new() { Use = ["primary"] } });
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await bench.ReceiveAsync("x\r\n", [.. Enumerable.Range(1, 5).Select(n => $"u@d{n.ToString(CultureInfo.InvariantCulture)}.example")]);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        // One transaction for all of them.
        Assert.Equal(5, Assert.Single(host.Taken).To.Length);
        await bench.ReceiveManyAsync(3, "d2.example");
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal((1, 4), (host.Sessions, host.Taken.Count));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_connection_takes_so_many_messages_and_no_more()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"maxMessagesPerConnection": 3, "maxOutboundConnectionsPerDomain": 1}""");
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(7, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal((3, 7), (bench.Network.Dialed.Count, host.Taken.Count));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_connection_is_kept_for_the_next_message_until_nothing_has_come_for_so_long()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT30S"}""");
        var (host, ended) = (new SinkHost(bench.Time), new TaskCompletionSource());
        bench.Network.Listen(First, async pipe =>
        {
            await host.ServeAsync(pipe);
            ended.TrySetResult();
        });
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        await bench.ReceiveManyAsync(1, Domain, first: 2);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Single(bench.Network.Dialed);

        var (idle, began) = (TimeSpan.Zero, bench.Time.GetUtcNow());
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!ended.Task.IsCompleted)
        {
            bench.Time.Advance(TimeSpan.FromSeconds(1));
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            idle = bench.Time.GetUtcNow() - began;
        }
        Assert.InRange(idle, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5));
        await bench.ReceiveManyAsync(1, Domain, first: 3);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(2, bench.Network.Dialed.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task Mail_that_would_come_back_to_this_server_bounces_and_says_so()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundPort": 2525}""");
        bench.Network.Mx(Domain, (10, "127.0.0.1"));
        await bench.ReceiveManyAsync(1, Domain);
        await bench.WhenSettledAsync(() => bench.Queue["u1@away.example"].State is RecipientState.Failed);
        Assert.Equal("554 5.4.6 Mail for away.example would come back to this server: a loop", bench.Queue["u1@away.example"].LastReply);
        Assert.Empty(bench.Network.Dialed);

        // A host that is farther than this server would only send it back.
        bench.Network.Mx(Domain, (10, "127.0.0.1"), (20, "198.51.100.7"));
        await bench.ReceiveManyAsync(1, Domain, first: 2);
        await bench.WhenSettledAsync(() => bench.Queue["u2@away.example"].State is RecipientState.Failed);
        Assert.Empty(bench.Network.Dialed);
    }

    [Fact(Timeout = Deadline)]
    public async Task Mail_waits_for_a_budget_where_the_other_host_refuses_for_good()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT0S", "delayNotificationAfter": "PT47H"}""");
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", new(PerDay: 1)), Kept("backup", "198.51.100.8"));
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        bench.Network.Listen(Second, new ScriptedHost("greeting", "554 no mail here").ServeAsync);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        await bench.ReceiveManyAsync(1, Domain, first: 2);
        await bench.WhenSettledAsync(() => bench.Queue["u2@away.example"] is { State: RecipientState.Queued, LastReply: not null });
        Assert.Equal((0, bench.Routes.Find("primary").Until), (bench.Queue["u2@away.example"].Attempts, bench.Queue["u2@away.example"].DueAt));

        // A raised limit is for what waits already.
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", new(PerDay: 5)), Kept("backup", "198.51.100.8"));
        bench.Scheduler.Wake();
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(2, host.Taken.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_over_a_domains_budget_waits_and_does_not_go_over_the_smart_host()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT0S", "maxOutboundMessagesPerDay": 1, "smartHost": {"use": ["relay"], "mode": "fallback"}}""");
        bench.SmartHosts.Set([Kept("relay", "198.51.100.8")]);
        var (host, relay) = (new SinkHost(bench.Time), new SinkHost(bench.Time));
        bench.Network.Listen(First, host);
        bench.Network.Listen(Second, relay);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        await bench.ReceiveManyAsync(1, Domain, first: 2);
        await bench.WhenSettledAsync(() => bench.Queue["u2@away.example"] is { State: RecipientState.Queued } entry && entry.DueAt > bench.Time.GetUtcNow());
        Assert.Equal((1, 0), (host.Taken.Count, relay.Taken.Count));
    }
}
