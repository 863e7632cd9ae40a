using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>Destinations that fail as a whole, smart hosts one after another, log-ins that do not work, budgets.</summary>
public sealed class RouteTroubleTests
{
    const int Deadline = 60_000;
    const string Domain = "away.example", First = "198.51.100.7:25", Second = "198.51.100.8:25";

    static async Task<MailBench> BeginAsync(Action<Site>? configure = null)
    {
        var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site =>
        {
            site.Domains.Add(new() { SiteId = 1, Name = Domain, Kind = DomainKind.Remote, AllowRelay = true });
            configure?.Invoke(site);
        });
        bench.Network.Mx(Domain, (10, "198.51.100.7"));
        await bench.Scheduler.StartAsync(TestContext.Current.CancellationToken);
        return bench;
    }

    static SmartHost Kept(string name, string address, SmartHostLimits? limits = null, SmartHostAuth? auth = null) =>
        new() { Name = name, Target = new($"[{address}]") { Auth = auth ?? new() }, Limits = limits ?? new() };

    static void UseSmartHosts(MailBench bench, params SmartHost[] hosts)
    {
        bench.SmartHosts.Set(hosts);
        bench.ConfigureRoute(Domain, _ => new() { Type = RouteType.SmartHost, SmartHost = new() { Use = [.. hosts.Select(host => host.Name)] } });
    }

    static Task WhenAllAsync(MailBench bench, Func<Recipient, bool> condition) =>
        bench.WhenSettledAsync(() => bench.Queue.Recipients.All(condition));

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
        bench.Time.Advance(TimeSpan.FromMinutes(15));
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt == retryAt!.Value.AddMinutes(30));
        Assert.InRange(bench.Network.Dialed.Count, 2, 3);

        // The first success brings all of them.
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        bench.Time.Advance(TimeSpan.FromMinutes(30));
        // A look that was on its way when the clock jumped has set its timer behind the jump.
        bench.Scheduler.Wake();
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
        bench.Time.Advance(TimeSpan.FromMinutes(6));
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
        bench.Time.Advance(TimeSpan.FromMinutes(30));
        await bench.ReceiveManyAsync(1, Domain, first: 2);
        bench.Time.Advance(TimeSpan.FromMinutes(31));
        bench.Scheduler.Wake();
        await bench.WhenSettledAsync(() => bench.Queue["u1@away.example"].State is RecipientState.Expired);
        await bench.WhenSettledAsync(() => bench.Queue["u2@away.example"].State is RecipientState.Queued);
        bench.Time.Advance(TimeSpan.FromMinutes(30));
        bench.Scheduler.Wake();
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
            bench.Time.Advance(bench.Queue.Recipients.Min(entry => entry.DueAt)!.Value - bench.Time.GetUtcNow());
            bench.Scheduler.Wake();
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
        bench.Time.Advance(TimeSpan.FromMinutes(15));
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
    public async Task The_time_on_hold_does_not_count_when_mail_expires()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"expireAfter": "PT1H"}""");
        var host = new SinkHost(bench.Time) { OnRecipient = _ => new(451, 4, 7, 1, "Greylisted") };
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", auth: new() { Type = SmartHostAuthType.Password, Username = "u" }));
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(2, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
        for (var minute = 0; minute < 180; minute += 10)
        {
            bench.Time.Advance(TimeSpan.FromMinutes(10));
            bench.Scheduler.Wake();
            await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
        }
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"));
        bench.Scheduler.Wake();
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 1 } && entry.DueAt > bench.Time.GetUtcNow());
        host.OnRecipient = _ => null;
        bench.Time.Advance(TimeSpan.FromMinutes(15));
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
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
        bench.Time.Advance(TimeSpan.FromMinutes(15));
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
        bench.Time.Advance(TimeSpan.FromMinutes(2));
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
    public async Task Credentials_that_cannot_be_had_hold_the_route_and_nothing_bounces()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"expireAfter": "PT1H"}""");
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", auth: new() { Type = SmartHostAuthType.Password, Username = "u" }));
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(2, Domain);
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow()));
        var state = bench.Routes.Find("primary");
        Assert.Equal(RouteCondition.OnHold, state.State);
        Assert.Contains("There is nothing to log in to primary with", state.Reason, StringComparison.Ordinal);
        Assert.All(bench.Queue.Recipients, entry => Assert.Equal(0, entry.Attempts));
        Assert.Empty(bench.Network.Dialed);

        // Longer than mail may be tried: it waits on.
        for (var minute = 0; minute < 180; minute += 10)
        {
            bench.Time.Advance(TimeSpan.FromMinutes(10));
            await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(entry => entry.State is RecipientState.Queued));
        }
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"));
        bench.Scheduler.Wake();
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(2, host.Taken.Count);
        Assert.Equal(RouteCondition.Ok, bench.Routes.Find("primary").State);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_host_that_wants_a_log_in_for_mail_holds_the_route()
    {
        await using var bench = await BeginAsync();
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"));
        bench.Network.Listen(First, new ScriptedHost("mail", "530 5.7.57 Client was not authenticated").ServeAsync);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 0 } && entry.DueAt > bench.Time.GetUtcNow());
        Assert.Equal(RouteCondition.OnHold, bench.Routes.Find("primary").State);
        Assert.Contains("530 5.7.57", bench.Queue.Recipients[0].LastReply, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task Tls_that_is_required_and_not_offered_lets_mail_wait()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundTls": "require"}""");
        bench.Network.Listen(First, new SinkHost(bench.Time));
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 1 });
        Assert.StartsWith("451 4.7.5", bench.Queue.Recipients[0].LastReply, StringComparison.Ordinal);
        Assert.Single(bench.Network.Dialed);
    }

    [Theory(Timeout = Deadline)]
    [InlineData("hub.example", true, true)]
    [InlineData("hub.example", false, false)]
    [InlineData("other.example", true, false)]
    public async Task A_verified_host_needs_the_right_certificate_and_name(string name, bool trusted, bool delivered)
    {
        await using var bench = await BeginAsync();
        bench.UseTls();
        var host = new SinkHost(bench.Time);
        host.Options = host.Options with { Tls = Smtp.Server.EndpointTls.StartTls, TlsOptions = bench.Options.TlsOptions };
        var certificate = (System.Security.Cryptography.X509Certificates.X509Certificate2)bench.Options.TlsOptions!.ServerCertificate!;
        bench.Options = bench.Options with { Tls = Smtp.Server.EndpointTls.None };
        bench.Network.Listen(First, host);
        bench.Network.Mx(name, (0, "198.51.100.7"));
        bench.Network.NameHosts(name);
        bench.ConfigureRoute(Domain, _ => new()
        {
            Type = RouteType.SmartHost,
            SmartHost = new() { Target = new(name, 25, HostTls.Verify) { CertificateAuthority = trusted ? certificate.ExportCertificatePem() : null } },
        });
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.Attempts == 1);
        Assert.Equal(delivered ? RecipientState.Delivered : RecipientState.Queued, bench.Queue.Recipients[0].State);
        if (delivered) return;
        Assert.StartsWith("451 4.7.5", bench.Queue.Recipients[0].LastReply, StringComparison.Ordinal);
        Assert.Empty(host.Taken);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_budget_a_minute_and_a_day_is_kept_and_the_rest_waits()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT0S"}""");
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", new(PerMinute: 2, PerDay: 5)));
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(8, Domain);
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.Count(entry => entry.State is RecipientState.Delivered) == 2);
        Assert.Equal((2, 2), ((int)bench.Outbound.Budgets.Find("primary")!.ThisMinute, (int)bench.Outbound.Budgets.Find("primary")!.Today));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var tomorrow = new DateTimeOffset(2026, 1, 3, 0, 0, 0, TimeSpan.Zero);
        while (bench.Queue.Recipients.Count(entry => entry.State is RecipientState.Queued && entry.DueAt == tomorrow) < 3)
        {
            bench.Time.Advance(TimeSpan.FromSeconds(30));
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
        var state = bench.Routes.Find("primary");
        Assert.Equal((RouteCondition.OverBudget, tomorrow), (state.State, state.Until));
        Assert.Equal(5, host.Taken.Count);
        // Nobody knocks again and again while there is nothing to give.
        Assert.InRange(bench.Network.Dialed.Count, 1, 40);
        Assert.Equal(5, await bench.Usage.CountSentAsync("primary", new DateOnly(2026, 1, 2), 0, TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_domain_that_is_delivered_to_directly_has_a_budget_too()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT0S", "maxOutboundMessagesPerMinute": 2}""");
        var began = bench.Time.GetUtcNow();
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(5, Domain);
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.Count(entry => entry.State is RecipientState.Delivered) == 2);
        Assert.Equal(2, bench.Outbound.Budgets.Find(Domain, 1)!.ThisMinute);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (host.Taken.Count < 5)
        {
            Assert.InRange(host.Taken.Count, 0, 2 * (1 + (int)(bench.Time.GetUtcNow() - began).TotalMinutes));
            bench.Time.Advance(TimeSpan.FromSeconds(10));
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact(Timeout = Deadline)]
    public async Task An_operators_detour_goes_before_every_rule()
    {
        await using var bench = await BeginAsync();
        bench.SmartHosts.Set([Kept("detour", "198.51.100.8")]);
        var plan = bench.Planner.Plan(bench.Site, new Recipient { Address = "u@away.example", Domain = Domain, ViaSmartHost = "detour" });
        Assert.Equal("detour", Assert.IsType<RouteHop.Via>(Assert.Single(plan.Hops)).Name);
        plan = bench.Planner.Plan(bench.Site, new Recipient { Address = "u@away.example", Domain = Domain, ViaDomain = "else.example" });
        Assert.Equal(new RouteHop.Domain("else.example"), Assert.Single(plan.Hops));
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
            bench.Time.Advance(TimeSpan.FromSeconds(1));
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
}
