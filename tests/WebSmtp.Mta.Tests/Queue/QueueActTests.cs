using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Tests.Delivery;

namespace WebSmtp.Mta.Tests.Queue;

/// <summary>What operators do with one message. test.com is held, away.example is delivered (nobody does it here).</summary>
public sealed class QueueActTests
{
    const int Deadline = 60_000;
    const string By = "anna from 203.0.113.4";
    static readonly Actor Operator = new("anna", Role.Operator, "203.0.113.4");
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<(MailBench Bench, MessageId Id)> BeginAsync(params string[] to)
    {
        var bench = new MailBench(Stop);
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true }));
        await bench.ReceiveAsync("Subject: x\r\n\r\nbody\r\n", to);
        bench.Time.Advance(TimeSpan.FromMinutes(1));
        return (bench, new(bench.Queue.Messages[0].Id));
    }

    static async Task<Message> DoneAsync(MailBench bench, MessageId id, QueueAct act, string? recipient = null, Redirection? to = null)
    {
        var done = await bench.QueueOperations.ActAsync(id, new(act, to), recipient, Operator, Stop);
        Assert.Null(done.Problem?.Detail);
        return done.Value!;
    }

    static async Task<Problem> RefusedAsync(MailBench bench, MessageId id, QueueAct act, string? recipient = null, Redirection? to = null)
    {
        var before = bench.Queue.Recipients.Select(one => (one.State, one.DueAt, one.ViaDomain, one.ViaSmartHost)).ToList();
        var problem = (await bench.QueueOperations.ActAsync(id, new(act, to), recipient, Operator, Stop)).Problem;
        Assert.Equal(before, bench.Queue.Recipients.Select(one => (one.State, one.DueAt, one.ViaDomain, one.ViaSmartHost)));
        return Assert.IsType<Problem>(problem);
    }

    static async Task AssertLastAsync(MailBench bench, MessageId id, params (string Event, string? Recipient)[] events) => Assert.Equal(
        events.Select(one => (one.Event, one.Recipient, (string?)By)),
        (await bench.Queue.TraceAsync(id, Stop)).Where(one => one.Event is not "reported").TakeLast(events.Length).Select(one => (one.Event, one.Recipient, one.By)));

    [Fact(Timeout = Deadline)]
    public async Task What_is_frozen_comes_back_to_where_the_rule_of_then_wants_it()
    {
        var (bench, id) = await BeginAsync("u@test.com", "v@away.example");
        await using var _ = bench;

        Assert.All((await DoneAsync(bench, id, QueueAct.Freeze)).Recipients, one => Assert.Equal((RecipientState.Frozen, null), (one.State, one.DueAt)));
        await AssertLastAsync(bench, id, ("frozen", "u@test.com"), ("frozen", "v@away.example"));
        await DoneAsync(bench, id, QueueAct.Freeze);
        Assert.Equal(2, (await bench.Queue.TraceAsync(id, Stop)).Count);

        bench.ConfigureRoute("test.com", route => new());
        bench.ConfigureRoute("away.example", route => new() { Type = RouteType.Hold });
        await DoneAsync(bench, id, QueueAct.Release);
        Assert.Equal((RecipientState.Queued, bench.Time.GetUtcNow()), (bench.Queue["u@test.com"].State, bench.Queue["u@test.com"].DueAt));
        Assert.Equal((RecipientState.Held, null), (bench.Queue["v@away.example"].State, bench.Queue["v@away.example"].DueAt));
        await AssertLastAsync(bench, id, ("released", "u@test.com"), ("released", "v@away.example"));
    }

    [Fact(Timeout = Deadline)]
    public async Task Only_what_is_queued_is_tried_at_once()
    {
        var (bench, id) = await BeginAsync("u@test.com", "v@away.example");
        await using var _ = bench;
        var lease = new Lease("n0/x", bench.Time.GetUtcNow().AddMinutes(5));
        var leased = Assert.Single(await bench.Queue.LeaseDueAsync(lease, [1], bench.Time.GetUtcNow(), 1, [], Stop));
        var later = bench.Time.GetUtcNow().AddHours(4);
        await bench.Queue.SettleAsync([new(leased.Recipients[0].Id, id, lease.Owner, RecipientState.Queued, later, "451 x", null, true, new() { Event = "deferred" })]);

        Assert.Contains("held until it is collected", (await RefusedAsync(bench, id, QueueAct.Retry)).Detail, StringComparison.Ordinal);
        await DoneAsync(bench, id, QueueAct.Retry, "V@away.example");
        Assert.Equal((RecipientState.Queued, bench.Time.GetUtcNow(), 1), (bench.Queue["v@away.example"].State, bench.Queue["v@away.example"].DueAt, bench.Queue["v@away.example"].Attempts));
        await AssertLastAsync(bench, id, ("queued", "v@away.example"));

        await DoneAsync(bench, id, QueueAct.Freeze, "v@away.example");
        Assert.Contains("frozen", (await RefusedAsync(bench, id, QueueAct.Retry, "v@away.example")).Detail, StringComparison.Ordinal);
        Assert.Contains("held until it is collected", (await RefusedAsync(bench, id, QueueAct.Release)).Detail, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_bounced_ends_as_failed_and_its_content_goes_with_the_last()
    {
        var (bench, id) = await BeginAsync("u@test.com", "v@away.example");
        await using var _ = bench;
        await DoneAsync(bench, id, QueueAct.Freeze, "u@test.com");

        await DoneAsync(bench, id, QueueAct.Bounce, "u@test.com");
        Assert.Equal((RecipientState.Failed, "550 5.7.1 returned by anna", 0), (bench.Queue["u@test.com"].State, bench.Queue["u@test.com"].LastReply, bench.Queue["u@test.com"].Attempts));
        Assert.Equal((RecipientState.Queued, true), (bench.Queue["v@away.example"].State, await bench.Queue.ReadContentAsync(id, Stop) is not null));
        await AssertLastAsync(bench, id, ("failed", "u@test.com"));
        await DoneAsync(bench, id, QueueAct.Bounce);
        Assert.Equal((RecipientState.Failed, false), (bench.Queue["v@away.example"].State, await bench.Queue.ReadContentAsync(id, Stop) is not null));
        Assert.Equal(ProblemKind.NotFound, (await RefusedAsync(bench, id, QueueAct.Bounce)).Kind);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_redirected_goes_the_operators_way_at_once()
    {
        var (bench, id) = await BeginAsync("u@test.com", "v@away.example");
        await using var _ = bench;
        bench.SmartHosts.Set([new() { Name = "Backup", Target = new("mail.example") }]);

        await DoneAsync(bench, id, QueueAct.Redirect, "u@test.com", new(SmartHost: "backup"));
        Assert.Equal((RecipientState.Queued, "Backup", null), (bench.Queue["u@test.com"].State, bench.Queue["u@test.com"].ViaSmartHost, bench.Queue["u@test.com"].ViaDomain));
        await AssertLastAsync(bench, id, ("redirected", "u@test.com"));
        await DoneAsync(bench, id, QueueAct.Freeze, "u@test.com");
        await DoneAsync(bench, id, QueueAct.Redirect, null, new(Domain: "Other.Example"));
        Assert.Equal((RecipientState.Frozen, "other.example", null), (bench.Queue["u@test.com"].State, bench.Queue["u@test.com"].ViaDomain, bench.Queue["u@test.com"].ViaSmartHost));
        // Its own domain is held, but that is no longer its way.
        await DoneAsync(bench, id, QueueAct.Release, "u@test.com");
        Assert.Equal(RecipientState.Queued, bench.Queue["u@test.com"].State);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_redirected_to_where_nobody_is_waits_and_its_sender_hears_nothing()
    {
        var (bench, id) = await BeginAsync("u@away.example");
        await using var _ = bench;
        await DoneAsync(bench, id, QueueAct.Redirect, null, new(Domain: "mistyped.example"));
        await bench.Scheduler.StartAsync(Stop);
        await bench.WhenSettledAsync(() => bench.Queue["u@away.example"] is { State: RecipientState.Queued, LastReply: not null });
        Assert.StartsWith("451 4.4.4 This mail was sent another way, to mistyped.example, which cannot be found", bench.Queue["u@away.example"].LastReply, StringComparison.Ordinal);

        bench.Network.Mx("else.example", (10, "198.51.100.7"));
        var host = new SinkHost(bench.Time);
        bench.Network.Listen("198.51.100.7:25", host);
        await DoneAsync(bench, id, QueueAct.Redirect, null, new(Domain: "else.example"));
        await bench.WhenSettledAsync(() => bench.Queue["u@away.example"].State is RecipientState.Delivered);
        Assert.Equal(["u@away.example"], Assert.Single(host.Taken).To);
    }

    [Fact(Timeout = Deadline)]
    public async Task Unknown_targets_are_refused_by_name()
    {
        var (bench, id) = await BeginAsync("u@test.com");
        await using var _ = bench;
        foreach (var (to, field) in ((Redirection, string)[])[
            (new(SmartHost: "nobody"), "smartHost"), (new(SiteId: 7), "siteId"), (new(SiteId: 1), "siteId"), (new(Domain: "no domain"), "domain"),
            (new(Domain: "test.com"), "domain"), (new(), "domain"), (new(Domain: "a.example", SiteId: 2), "siteId")])
            Assert.Equal([field], (await RefusedAsync(bench, id, QueueAct.Redirect, null, to)).Errors.Keys);
        Assert.Equal(["domain"], (await RefusedAsync(bench, id, QueueAct.Freeze, null, new(Domain: "a.example"))).Errors.Keys);
        Assert.Equal(ProblemKind.NotFound, (await RefusedAsync(bench, id, QueueAct.Freeze, "nobody@test.com")).Kind);
        Assert.Equal(ProblemKind.Forbidden, (await bench.QueueOperations.ActAsync(id, new(QueueAct.Freeze), null, new("eve", Role.Viewer, "local"), Stop)).Problem!.Kind);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_message_goes_to_another_site_and_waits_as_that_one_wants()
    {
        var (bench, id) = await BeginAsync("u@test.com", "v@away.example");
        await using var _ = bench;
        await DoneAsync(bench, id, QueueAct.Redirect, "v@away.example", new(Domain: "other.example"));
        var other = new Site
        {
            Id = 2, Name = "Other", Mailroot = "mailroot/2", Endpoints = [],
            Domains = [new() { SiteId = 2, Name = "other.example", Kind = DomainKind.Default, Route = new() { Type = RouteType.Drop } }],
        };
        bench.Sites.Replace(new Dictionary<int, SiteView>
        {
            [1] = bench.Sites.Find(1)!,
            [2] = new(new SiteSnapshot(other, Path.Combine(bench.DataDirectory, "2"), 2, new Dictionary<int, string>()), SiteState.Stopped, null, []),
        });

        Assert.Equal(["recipient"], (await RefusedAsync(bench, id, QueueAct.Redirect, "u@test.com", new(SiteId: 2))).Errors.Keys);
        var moved = await DoneAsync(bench, id, QueueAct.Redirect, null, new(SiteId: 2));
        Assert.Equal(2, moved.SiteId);
        Assert.All(moved.Recipients, one => Assert.Equal((2, RecipientState.Queued, null), (one.SiteId, one.State, one.ViaDomain)));
    }

    [Theory(Timeout = Deadline)]
    [InlineData(QueueAct.Freeze)]
    [InlineData(QueueAct.Release)]
    [InlineData(QueueAct.Retry)]
    [InlineData(QueueAct.Bounce)]
    [InlineData(QueueAct.Delete)]
    public async Task Nothing_is_done_to_a_message_that_is_on_its_way(QueueAct act)
    {
        var (bench, id) = await BeginAsync("u@test.com", "v@away.example");
        await using var _ = bench;
        await bench.Queue.LeaseDueAsync(new("n0/x", bench.Time.GetUtcNow().AddMinutes(5)), [1], bench.Time.GetUtcNow(), 1, [], Stop);

        var problem = await RefusedAsync(bench, id, act);
        Assert.Equal(ProblemKind.Conflict, problem.Kind);
        Assert.Contains("being delivered or collected at this moment", problem.Detail, StringComparison.Ordinal);
        if (act is QueueAct.Bounce or QueueAct.Delete or QueueAct.Freeze) await DoneAsync(bench, id, act, "u@test.com");
    }

    [Fact(Timeout = Deadline)]
    public async Task Who_is_quicker_wins()
    {
        var (bench, id) = await BeginAsync("v@away.example");
        await using var __ = bench;
        bench.Queue.Changing = () => _ = bench.Queue.LeaseDueAsync(new("n0/x", bench.Time.GetUtcNow().AddMinutes(5)), [1], bench.Time.GetUtcNow(), 1, [], Stop);

        var refused = (await bench.QueueOperations.ActAsync(id, new(QueueAct.Freeze), null, Operator, Stop)).Problem;
        Assert.Equal(ProblemKind.Conflict, refused?.Kind);
        Assert.Equal(RecipientState.Delivering, bench.Queue["v@away.example"].State);
    }

    [Fact(Timeout = Deadline)]
    public async Task One_recipient_is_deleted_and_the_others_stay()
    {
        var (bench, id) = await BeginAsync("u@test.com", "v@away.example");
        await using var _ = bench;
        Assert.Null(await bench.QueueOperations.DeleteAsync(id, Operator, Stop, "u@test.com"));
        Assert.Equal((RecipientState.Deleted, RecipientState.Queued, 1), (bench.Queue["u@test.com"].State, bench.Queue["v@away.example"].State, bench.Queue.Contents));
        await AssertLastAsync(bench, id, ("deleted", "u@test.com"));
    }
}
