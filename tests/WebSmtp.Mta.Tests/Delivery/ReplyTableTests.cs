using System.Text;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Tests.Reports;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>Every class of reply at every stage of a delivery, and a connection that closes or stalls there: what becomes of the mail.</summary>
public sealed class ReplyTableTests
{
    const int Deadline = 60_000;
    const string Garbage = "this is no reply at all", Close = ScriptedHost.Close, Stall = ScriptedHost.Stall;

    /// <summary>How it ends: delivered, failed, or queued for the next interval; where that was decided; what is kept as the last reply.</summary>
    public static TheoryData<string, string, RecipientState, string, string> Table => new()
    {
        // A 2yz that is not 220 is no greeting.
        { "greeting", "250 hello", RecipientState.Queued, "greeting", "451 4.4.1" },
        { "greeting", "354 hello", RecipientState.Queued, "greeting", "451 4.4.1" },
        { "greeting", "421 4.3.2 closing", RecipientState.Queued, "greeting", "421 4.3.2" },
        { "greeting", "450 later", RecipientState.Queued, "greeting", "450 4.4.1" },
        { "greeting", "554 no mail here", RecipientState.Failed, "greeting", "554 5.3.2" },
        { "greeting", "521 5.3.2 no mail here", RecipientState.Failed, "greeting", "521 5.3.2" },
        { "greeting", Garbage, RecipientState.Queued, "greeting", "451 4.4.1" },
        { "greeting", Close, RecipientState.Queued, "greeting", "451 4.4.1" },
        { "greeting", Stall, RecipientState.Queued, "greeting", "451 4.4.1" },

        { "ehlo", "220 hello", RecipientState.Queued, "hello", "451 4.4.1" },
        { "ehlo", "354 hello", RecipientState.Queued, "hello", "451 4.4.1" },
        { "ehlo", "421 closing", RecipientState.Queued, "hello", "421 4.4.1" },
        { "ehlo", "451 4.7.1 later", RecipientState.Queued, "hello", "451 4.7.1" },
        // HELO is asked next, and is good enough.
        { "ehlo", "502 what", RecipientState.Delivered, "finalDot", "250 ok" },
        { "ehlo", Garbage, RecipientState.Queued, "hello", "451 4.4.1" },
        { "ehlo", Close, RecipientState.Queued, "hello", "451 4.4.1" },
        { "ehlo", Stall, RecipientState.Queued, "hello", "451 4.4.1" },

        // Opportunistic: in clear where TLS is refused or does not work.
        { "starttls", "250 ok", RecipientState.Delivered, "finalDot", "250 ok" },
        { "starttls", "354 ok", RecipientState.Delivered, "finalDot", "250 ok" },
        { "starttls", "454 4.7.0 no TLS now", RecipientState.Delivered, "finalDot", "250 ok" },
        { "starttls", "502 no TLS", RecipientState.Delivered, "finalDot", "250 ok" },
        { "starttls", "421 4.3.2 closing", RecipientState.Queued, "startTls", "421 4.3.2" },
        { "starttls", Garbage, RecipientState.Delivered, "finalDot", "250 ok" },
        { "starttls", Close, RecipientState.Delivered, "finalDot", "250 ok" },
        { "starttls", Stall, RecipientState.Delivered, "finalDot", "250 ok" },

        { "mail", "354 go on", RecipientState.Queued, "mail", "451 4.4.2" },
        { "mail", "421 closing", RecipientState.Queued, "mail", "421 4.4.2" },
        { "mail", "451 4.7.1 later", RecipientState.Queued, "mail", "451 4.7.1" },
        { "mail", "550 5.7.1 not you", RecipientState.Failed, "mail", "550 5.7.1" },
        { "mail", Garbage, RecipientState.Queued, "mail", "451 4.4.2" },
        { "mail", Close, RecipientState.Queued, "mail", "451 4.4.2" },
        { "mail", Stall, RecipientState.Queued, "mail", "451 4.4.2" },

        { "rcpt", "354 go on", RecipientState.Queued, "rcpt", "451 4.4.2" },
        { "rcpt", "421 4.3.2 closing", RecipientState.Queued, "rcpt", "421 4.3.2" },
        { "rcpt", "450 4.2.1 busy", RecipientState.Queued, "rcpt", "450 4.2.1" },
        { "rcpt", "550 5.1.1 nobody", RecipientState.Failed, "rcpt", "550 5.1.1" },
        { "rcpt", Garbage, RecipientState.Queued, "rcpt", "451 4.4.2" },
        { "rcpt", Close, RecipientState.Queued, "rcpt", "451 4.4.2" },
        { "rcpt", Stall, RecipientState.Queued, "rcpt", "451 4.4.2" },

        { "data", "250 ok", RecipientState.Queued, "data", "451 4.4.2" },
        { "data", "421 4.3.2 closing", RecipientState.Queued, "data", "421 4.3.2" },
        { "data", "451 4.3.0 later", RecipientState.Queued, "data", "451 4.3.0" },
        { "data", "554 5.7.1 no", RecipientState.Failed, "data", "554 5.7.1" },
        { "data", Garbage, RecipientState.Queued, "data", "451 4.4.2" },
        { "data", Close, RecipientState.Queued, "data", "451 4.4.2" },
        { "data", Stall, RecipientState.Queued, "data", "451 4.4.2" },

        { "finalDot", "354 go on", RecipientState.Queued, "finalDot", "451 4.4.2" },
        { "finalDot", "421 4.3.2 closing", RecipientState.Queued, "finalDot", "421 4.3.2" },
        { "finalDot", "451 4.3.0 later", RecipientState.Queued, "finalDot", "451 4.3.0" },
        { "finalDot", "550 5.7.1 spam", RecipientState.Failed, "finalDot", "550 5.7.1" },
        { "finalDot", Garbage, RecipientState.Queued, "finalDot", "451 4.4.2" },
        { "finalDot", Close, RecipientState.Queued, "finalDot", "451 4.4.2" },
        { "finalDot", Stall, RecipientState.Queued, "finalDot", "451 4.4.2" },

        // The message is theirs by then, whatever is said to the good-bye.
        { "quit", "250 ok", RecipientState.Delivered, "finalDot", "250 ok" },
        { "quit", "354 ok", RecipientState.Delivered, "finalDot", "250 ok" },
        { "quit", "421 ok", RecipientState.Delivered, "finalDot", "250 ok" },
        { "quit", "500 what", RecipientState.Delivered, "finalDot", "250 ok" },
        { "quit", Garbage, RecipientState.Delivered, "finalDot", "250 ok" },
        { "quit", Close, RecipientState.Delivered, "finalDot", "250 ok" },
        { "quit", Stall, RecipientState.Delivered, "finalDot", "250 ok" },
    };

    [Theory(Timeout = Deadline)]
    [MemberData(nameof(Table))]
    public async Task A_reply_decides_what_it_may_decide(string stage, string reply, RecipientState state, string decidedAt, string lastReply)
    {
        var stop = TestContext.Current.CancellationToken;
        await using var bench = new MailBench(stop);
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true }));
        bench.Network.Mx("away.example", (10, "198.51.100.7"));
        var host = new ScriptedHost(stage, reply) { Keywords = stage is "starttls" ? ["STARTTLS"] : ["PIPELINING"] };
        bench.Network.Listen("198.51.100.7:25", host.ServeAsync);
        var inbox = new SinkHost(bench.Time);
        bench.Network.Mx("sender.example", (10, "198.51.100.20"));
        bench.Network.Listen("198.51.100.20:25", inbox);
        await bench.Scheduler.StartAsync(stop);

        var began = bench.Time.GetUtcNow();
        await bench.ReceiveManyAsync(1, "away.example");
        await WhenSettledAsync(bench, reply is Stall);

        var entry = bench.Queue["u1@away.example"];
        Assert.Equal((state, 1), (entry.State, entry.Attempts));
        Assert.StartsWith(lastReply, entry.LastReply, StringComparison.Ordinal);
        Assert.Equal(state is RecipientState.Delivered ? 1 : 0, host.Taken);
        Assert.Equal(state is RecipientState.Queued, await bench.Queue.ReadContentAsync(new(bench.Queue.Messages[0].Id), stop) is not null);

        var trace = await bench.Queue.TraceAsync(new(bench.Queue.Messages[0].Id), stop);
        var decided = trace.Last(one => one.Event is not "reported");
        Assert.Equal(state switch { RecipientState.Queued => "deferred", var end => end.ToString().ToLowerInvariant() }, decided.Event);
        Assert.Equal(
            (decidedAt, "mx10.away.example", "[198.51.100.7]:25", entry.LastReply),
            (decided.Stage, decided.Host, decided.Address, decided.Reply));
        Assert.NotNull(decided.Milliseconds);
        // The interval begins when the attempt ends; the clock stands still but for those that stall.
        if (state is RecipientState.Queued)
            Assert.InRange(entry.DueAt!.Value - bench.Site.Settings.Get(SettingsTable.RetryIntervals)[0], began, decided.At);
        await AssertReportedAsync(bench, entry, inbox, decidedBy: decided.Host!);
    }

    /// <summary>The sender hears of what failed, in the host's own words, and of nothing else.</summary>
    static async Task AssertReportedAsync(MailBench bench, Recipient entry, SinkHost inbox, string decidedBy)
    {
        if (entry.State is not RecipientState.Failed)
        {
            Assert.DoesNotContain(bench.Queue.Messages, message => message.MailFrom.Length == 0);
            return;
        }
        await bench.WhenSettledAsync(() => inbox.Taken.Count == 1);
        var fields = ReportSamples.Fields(ReportSamples.Parse(Encoding.Latin1.GetBytes(inbox.Taken[0].Content)))[1];
        Assert.Equal(("failed", $"dns; {decidedBy}", $"smtp; {entry.LastReply}"), (fields["Action"], fields["Remote-MTA"], fields["Diagnostic-Code"]));
        Assert.StartsWith("5.", fields["Status"], StringComparison.Ordinal);
    }

    /// <summary>Whatever is said to a log-in, the mail waits, as long as that takes; only 235 lets it go.</summary>
    [Theory(Timeout = Deadline)]
    [InlineData("235 welcome", true)]
    [InlineData("250 ok")]
    [InlineData("354 go on")]
    [InlineData("421 4.3.2 closing")]
    [InlineData("454 4.7.0 not now")]
    [InlineData("535 5.7.8 no")]
    [InlineData("503 what")]
    [InlineData(Garbage)]
    [InlineData(Close)]
    [InlineData(Stall)]
    public async Task A_log_in_that_does_not_work_holds_the_route(string reply, bool works = false)
    {
        var stop = TestContext.Current.CancellationToken;
        await using var bench = new MailBench(stop);
        var auth = new SmartHostAuth { Type = SmartHostAuthType.Password, Username = "user", Password = "secret"u8.ToArray() };
        bench.SmartHosts.Set([new() { Name = "primary", Target = new("[198.51.100.7]", Tls: HostTls.None) { Auth = auth } }]);
        bench.Configure(site => site.Domains.Add(new()
        {
            SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true,
            Route = new() { Type = RouteType.SmartHost, SmartHost = new() { Use = ["primary"] } },
        }));
        var host = new ScriptedHost("auth", reply) { Keywords = ["AUTH PLAIN"] };
        bench.Network.Listen("198.51.100.7:25", host.ServeAsync);
        await bench.Scheduler.StartAsync(stop);
        await bench.ReceiveManyAsync(1, "away.example");
        await WhenSettledAsync(bench, reply is Stall);

        var entry = bench.Queue["u1@away.example"];
        Assert.Equal((works ? RecipientState.Delivered : RecipientState.Queued, works ? 1 : 0), (entry.State, entry.Attempts));
        if (works) return;
        var decided = Assert.Single(await bench.Queue.TraceAsync(new(bench.Queue.Messages[0].Id), stop));
        Assert.Equal(("deferred", "auth", "198.51.100.7", "[198.51.100.7]:25"), (decided.Event, decided.Stage, decided.Host, decided.Address));
        Assert.DoesNotContain("secret", decided.Reply, StringComparison.Ordinal);
        var state = bench.Routes.Find("primary");
        Assert.Equal((RouteCondition.OnHold, entry.DueAt), (state.State, Whole(state.Until)));
        Assert.Equal(TimeSpan.FromMinutes(1), Rounded(entry.DueAt!.Value - decided.At));

        host.Recovered = true;
        bench.Time.Advance(TimeSpan.FromMinutes(1));
        await bench.WhenSettledAsync(() => bench.Queue.Recipients[0].State is RecipientState.Delivered);
        Assert.Equal(RouteCondition.Ok, bench.Routes.Find("primary").State);
    }

    static DateTimeOffset? Whole(DateTimeOffset? time) => time is { } one ? new(one.Ticks - one.Ticks % TimeSpan.TicksPerMillisecond, one.Offset) : null;

    [Theory(Timeout = Deadline)]
    [InlineData("unresolved", "451 4.4.3")]
    [InlineData("refused", "451 4.4.1 mx10.away.example [198.51.100.7]:25: connection refused")]
    [InlineData(Stall, "451 4.4.1 mx10.away.example: 198.51.100.7:25 did not answer within 30 seconds.")]
    public async Task A_host_that_nobody_reaches_is_tried_again(string kind, string lastReply)
    {
        var stop = TestContext.Current.CancellationToken;
        await using var bench = new MailBench(stop);
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true }));
        if (kind is Stall) bench.Network.Swallow("198.51.100.7:25");
        if (kind is not "unresolved") bench.Network.Mx("away.example", (10, "198.51.100.7"));
        else bench.Network.Fail("away.example", Mta.Routing.RouteFailure.Temporary, "no answer");
        await bench.Scheduler.StartAsync(stop);
        var began = bench.Time.GetUtcNow();
        await bench.ReceiveManyAsync(1, "away.example");
        await WhenSettledAsync(bench, stalls: kind is Stall);

        var entry = bench.Queue["u1@away.example"];
        Assert.Equal((RecipientState.Queued, 1), (entry.State, entry.Attempts));
        Assert.StartsWith(lastReply, entry.LastReply, StringComparison.Ordinal);
        var decided = Assert.Single(await bench.Queue.TraceAsync(new(bench.Queue.Messages[0].Id), stop));
        Assert.Equal(("deferred", "connect"), (decided.Event, decided.Stage));
        // As above.
        Assert.InRange(entry.DueAt!.Value - TimeSpan.FromMinutes(15), began, decided.At);
    }

    /// <summary>Where nobody answers it is the clock that moves on, until the client has waited long enough.</summary>
    static async Task WhenSettledAsync(MailBench bench, bool stalls)
    {
        var settled = bench.WhenSettledAsync(() => bench.Queue.Recipients[0] is { LastReply: not null, State: not RecipientState.Delivering });
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (stalls && !settled.IsCompleted)
        {
            bench.Time.Advance(TimeSpan.FromMinutes(1));
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
        await settled;
    }

    static TimeSpan Rounded(TimeSpan time) => TimeSpan.FromSeconds(Math.Round(time.TotalSeconds));
}
