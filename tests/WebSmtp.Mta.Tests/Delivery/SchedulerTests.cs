using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Delivery;

public sealed class SchedulerTests
{
    const int Deadline = 60_000;
    const string Address = "198.51.100.7:25";

    static async Task<(MailBench Bench, SinkHost Host)> BeginAsync(CancellationToken stop)
    {
        var bench = new MailBench(stop);
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true }));
        var host = new SinkHost(bench.Time);
        bench.Network.Mx("away.example", (10, "198.51.100.7"));
        bench.Network.Listen(Address, host);
        await bench.Scheduler.StartAsync(stop);
        return (bench, host);
    }

    static Task WhenAsync(MailBench bench, string address, RecipientState state, int attempts = 1) =>
        bench.WhenSettledAsync(() => bench.Queue.Recipients.Any(recipient => recipient.Address == address && recipient.State == state && recipient.Attempts == attempts));

    [Fact(Timeout = Deadline)]
    public async Task Local_mail_becomes_a_file_in_the_drop_folder()
    {
        var (bench, _) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var __ = bench;
        await bench.ReceiveAsync("Subject: x\r\n\r\nbody\r\n", "u@hub.example", "v@hub.example", "w@test.com");
        await WhenAsync(bench, "v@hub.example", RecipientState.Delivered);
        var file = Assert.Single(Directory.GetFiles(bench.Site.Folders.Drop));
        Assert.Equal($"{new MessageId(bench.Queue.Messages[0].Id)}.eml", Path.GetFileName(file));
        var content = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.StartsWith("x-sender: a@sender.example\r\nx-receiver: u@hub.example\r\nx-receiver: v@hub.example\r\nReceived: ", content, StringComparison.Ordinal);
        Assert.EndsWith("\r\nSubject: x\r\n\r\nbody\r\n", content, StringComparison.Ordinal);
        Assert.Equal(RecipientState.Held, bench.Queue["w@test.com"].State);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_domain_may_have_a_folder_of_its_own()
    {
        var (bench, _) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var __ = bench;
        var folder = Path.Combine(bench.DataDirectory, "elsewhere");
        bench.ConfigureRoute("hub.example", route => route with { Directory = folder });
        await bench.ReceiveAsync("x\r\n", "u@hub.example");
        await WhenAsync(bench, "u@hub.example", RecipientState.Delivered);
        Assert.Single(Directory.GetFiles(folder, "*.eml"));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_folder_that_cannot_be_written_is_tried_again()
    {
        var (bench, _) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var __ = bench;
        // A file is where the folder should be.
        Directory.CreateDirectory(bench.Site.Folders.Root);
        await File.WriteAllTextAsync(bench.Site.Folders.Drop, "", TestContext.Current.CancellationToken);
        await bench.ReceiveAsync("x\r\n", "u@hub.example");
        await WhenAsync(bench, "u@hub.example", RecipientState.Queued);
        Assert.StartsWith("451 4.3.0", bench.Queue["u@hub.example"].LastReply, StringComparison.Ordinal);
        File.Delete(bench.Site.Folders.Drop);
        bench.Time.Advance(TimeSpan.FromMinutes(15));
        await WhenAsync(bench, "u@hub.example", RecipientState.Delivered, 2);
    }

    [Fact(Timeout = Deadline)]
    public async Task Remote_mail_goes_to_the_domains_hosts()
    {
        var (bench, host) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var _ = bench;
        await bench.ReceiveManyAsync(30, "away.example");
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(recipient => recipient.State is RecipientState.Delivered));
        Assert.Equal(30, host.Taken.Count);
        Assert.Equal(0, bench.Queue.Contents);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_smart_host_gets_the_mail_of_its_domain()
    {
        var (bench, host) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var _ = bench;
        bench.ConfigureRoute("away.example", _ => new() { Type = RouteType.SmartHost, SmartHost = new() { Target = new("[198.51.100.9]", 2600) } });
        bench.Network.Listen("198.51.100.9:2600", host);
        await bench.ReceiveManyAsync(1, "away.example");
        await WhenAsync(bench, "u1@away.example", RecipientState.Delivered);
        Assert.Equal(["198.51.100.9:2600"], bench.Network.Dialed);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_refused_for_now_is_tried_at_the_intervals_and_then_given_up()
    {
        var (bench, host) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var _ = bench;
        bench.Configure(site => site.Settings = """{"retryIntervals": ["PT10M", "PT1H"], "expireAfter": "PT2H"}""");
        host.OnRecipient = _ => new(450, 4, 2, 1, "Busy");
        await bench.ReceiveManyAsync(1, "away.example");
        var began = bench.Time.GetUtcNow();
        await WhenAsync(bench, "u1@away.example", RecipientState.Queued);
        Assert.Equal(began.AddMinutes(10), bench.Queue["u1@away.example"].DueAt);
        bench.Time.Advance(TimeSpan.FromMinutes(10));
        await WhenAsync(bench, "u1@away.example", RecipientState.Queued, 2);
        Assert.Equal(began.AddMinutes(70), bench.Queue["u1@away.example"].DueAt);
        bench.Time.Advance(TimeSpan.FromHours(1));
        await WhenAsync(bench, "u1@away.example", RecipientState.Queued, 3);
        // The last attempt is at the end of its time.
        Assert.Equal(began.AddHours(2), bench.Queue["u1@away.example"].DueAt);
        bench.Time.Advance(TimeSpan.FromMinutes(50));
        await WhenAsync(bench, "u1@away.example", RecipientState.Expired, 4);
        Assert.Equal("450 4.2.1 Busy", bench.Queue["u1@away.example"].LastReply);
        Assert.Null(await bench.Queue.ReadContentAsync(new(bench.Queue["u1@away.example"].MessageId), TestContext.Current.CancellationToken));
    }

    [Theory(Timeout = Deadline)]
    [InlineData(RouteFailure.NoSuchDomain, RecipientState.Failed, "550 5.1.2 why")]
    [InlineData(RouteFailure.NullMx, RecipientState.Failed, "556 5.1.10 why")]
    [InlineData(RouteFailure.NoHosts, RecipientState.Failed, "550 5.4.4 why")]
    [InlineData(RouteFailure.Temporary, RecipientState.Queued, "451 4.4.3 why")]
    public async Task Dns_decides_or_not(RouteFailure failure, RecipientState state, string reply)
    {
        var (bench, _) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var __ = bench;
        bench.Network.Fail("away.example", failure, "why");
        await bench.ReceiveManyAsync(1, "away.example");
        await WhenAsync(bench, "u1@away.example", state);
        Assert.Equal(reply, bench.Queue["u1@away.example"].LastReply);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_domain_that_was_changed_is_routed_afresh()
    {
        var (bench, host) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var _ = bench;
        host.OnRecipient = _ => new(450, 4, 2, 1, "Busy");
        await bench.ReceiveManyAsync(2, "away.example");
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(recipient => recipient.Attempts == 1));
        bench.ConfigureRoute("away.example", _ => new() { Type = RouteType.Hold });
        bench.Time.Advance(TimeSpan.FromMinutes(15));
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(recipient => recipient.State is RecipientState.Held));
        Assert.All(bench.Queue.Recipients, recipient => Assert.Equal(1, recipient.Attempts));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_domain_that_is_refused_by_now_fails_its_mail()
    {
        var (bench, host) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var _ = bench;
        host.OnRecipient = _ => new(450, 4, 2, 1, "Busy");
        await bench.ReceiveManyAsync(1, "away.example");
        await WhenAsync(bench, "u1@away.example", RecipientState.Queued);
        bench.ConfigureRoute("away.example", _ => new() { Type = RouteType.Refuse });
        bench.Time.Advance(TimeSpan.FromMinutes(15));
        await WhenAsync(bench, "u1@away.example", RecipientState.Failed, 2);
    }

    [Fact(Timeout = Deadline)]
    public async Task Mail_of_a_stopped_site_waits_and_of_a_paused_one_goes()
    {
        var (bench, host) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var _ = bench;
        void Enter(SiteState state) => bench.Sites.Replace(new Dictionary<int, SiteView> { [1] = new(bench.Site, state, null, []) });
        Enter(SiteState.Stopped);
        await bench.ReceiveManyAsync(1, "away.example");
        bench.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(RecipientState.Queued, bench.Queue["u1@away.example"].State);
        Enter(SiteState.Paused);
        bench.Scheduler.Wake();
        await WhenAsync(bench, "u1@away.example", RecipientState.Delivered);
        Assert.Single(host.Taken);
    }

    [Fact(Timeout = Deadline)]
    public async Task Stopping_finishes_what_is_on_its_way_and_gives_back_the_rest()
    {
        var (bench, host) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var _ = bench;
        bench.Configure(site => site.Settings = """{"maxOutboundConnectionsPerDomain": 1}""");
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.BeforeFinalReply = () =>
        {
            asked.TrySetResult();
            return go.Task;
        };
        await bench.ReceiveManyAsync(1, "away.example");
        await asked.Task;
        await bench.ReceiveManyAsync(4, "away.example", first: 2);
        var stopping = bench.Scheduler.StopAsync(TestContext.Current.CancellationToken);
        go.SetResult();
        await stopping;
        Assert.Single(host.Taken);
        Assert.Equal((RecipientState.Delivered, 1), (bench.Queue["u1@away.example"].State, bench.Queue["u1@away.example"].Attempts));
        Assert.Equal(4, bench.Queue.Recipients.Count(recipient => recipient is { State: RecipientState.Queued, Attempts: 0 }));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_host_without_smtputf8_or_with_a_limit_fails_what_it_cannot_take()
    {
        var (bench, host) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var _ = bench;
        host.Options = host.Options with { MaxMessageSize = 2000 };
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "old.example", Kind = DomainKind.Remote, AllowRelay = true }));
        await bench.ReceiveAsync(string.Concat(Enumerable.Repeat("0123456789\r\n", 300)), "large@away.example");
        await WhenAsync(bench, "large@away.example", RecipientState.Failed);
        Assert.Equal("552 5.3.4 The host takes messages of at most 2000 bytes", bench.Queue["large@away.example"].LastReply);
        Assert.Empty(host.Taken);

        bench.Network.Mx("old.example", (10, "198.51.100.8"));
        bench.Network.Listen("198.51.100.8:25", OldHostAsync);
        // "ü" in two octets.
        await bench.ReceiveAsync("x\r\n", " SMTPUTF8", ["\u00c3\u00bc@old.example", "plain@old.example"]);
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(recipient => recipient.Attempts == 1));
        Assert.Equal((RecipientState.Failed, "550 5.6.7 The host takes no internationalized mail"), (bench.Queue["\u00fc@old.example"].State, bench.Queue["\u00fc@old.example"].LastReply));
        Assert.Equal(RecipientState.Delivered, bench.Queue["plain@old.example"].State);
    }

    /// <summary>RFC 821 and nothing else.</summary>
    static async Task OldHostAsync(System.IO.Pipelines.IDuplexPipe pipe)
    {
        await using var talk = new Talk(pipe);
        await talk.SayAsync("220 old.example\r\n");
        var content = false;
        while (await talk.LineAsync() is { } line)
        {
            if (content && line is not ".") continue;
            content = line is "DATA";
            await talk.SayAsync(line switch
            {
                ['E', ..] => "500 what\r\n",
                "DATA" => "354 go on\r\n",
                _ => "250 ok\r\n",
            });
        }
    }

    [Fact(Timeout = Deadline)]
    public async Task Tls_is_used_where_it_works_and_mail_goes_in_clear_where_it_does_not()
    {
        var (bench, host) = await BeginAsync(TestContext.Current.CancellationToken);
        await using var _ = bench;
        bench.UseTls();
        host.Options = host.Options with { Tls = Smtp.Server.EndpointTls.StartTls, TlsOptions = bench.Options.TlsOptions };
        bench.Options = bench.Options with { Tls = Smtp.Server.EndpointTls.None };
        await bench.ReceiveManyAsync(1, "away.example");
        await WhenAsync(bench, "u1@away.example", RecipientState.Delivered);
        var trace = await bench.Queue.TraceAsync(new(bench.Queue.Messages[0].Id), TestContext.Current.CancellationToken);
        Assert.Matches("^TLS 1\\.[23] TLS_", Assert.Single(trace).Tls);

        // Another domain: the connection to the first one may still be open.
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "broken.example", Kind = DomainKind.Remote, AllowRelay = true }));
        bench.Network.Mx("broken.example", (10, "198.51.100.8"));
        bench.Network.Listen("198.51.100.8:25", async pipe =>
        {
            await using var talk = new Talk(pipe);
            await talk.SayAsync("220 broken.example\r\n");
            await talk.LineAsync();
            await talk.SayAsync("250-broken.example\r\n250 STARTTLS\r\n");
            if (await talk.LineAsync() is not "STARTTLS")
            {
                await talk.SayAsync("250 ok\r\n250 ok\r\n");
                return;
            }
            await talk.SayAsync("220 go\r\n");
            await talk.SayAsync("garbage instead of a handshake\r\n");
        });
        var dialed = bench.Network.Dialed.Count;
        await bench.ReceiveManyAsync(1, "broken.example");
        await WhenAsync(bench, "u1@broken.example", RecipientState.Queued);
        Assert.Equal(dialed + 2, bench.Network.Dialed.Count);
    }
}
