using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Tests.Delivery;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Tests.Collection;

public sealed class EtrnTests
{
    const int Deadline = 60_000;
    const string Address = "198.51.100.7:25";

    static (MailBench Bench, SinkHost Host) Begin(CancellationToken stop)
    {
        var bench = new MailBench(stop);
        var host = new SinkHost(bench.Time);
        bench.Network.Mx("test.com", (10, "198.51.100.7"));
        bench.Network.Listen(Address, host);
        return (bench, host);
    }

    static async Task EtrnAsync(MailBench bench, string argument, string expected)
    {
        await using var talk = await bench.HelloAsync();
        Assert.Equal(expected, await talk.AskAsync($"ETRN {argument}"));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_run_brings_what_waits_to_the_hosts_of_the_domain()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        await bench.ReceiveManyAsync(45);
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 45 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        Assert.Equal(45, host.Taken.Count);
        // Twenty messages are enough for one connection.
        Assert.Equal(3, host.Sessions);
        var record = Assert.Single(bench.Records.All);
        Assert.Equal((CollectionMethod.Etrn, "from 192.0.2.99 by ETRN", "Took 45 of 45."), (record.Method, record.By, record.End));
        Assert.Equal("mx10.test.com [198.51.100.7]:25", bench.Queue.Recipients[0].DeliveredTo);
        await EtrnAsync(bench, "test.com", "251 2.0.0 OK, no messages waiting for node test.com");
    }

    [Fact(Timeout = Deadline)]
    public async Task A_flood_of_etrns_starts_one_run()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        await bench.ReceiveManyAsync(2);
        var go = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        host.BeforeFinalReply = () =>
        {
            asked.TrySetResult();
            return go.Task;
        };
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 2 pending messages for node test.com started");
        await asked.Task;
        for (var n = 0; n < 10; n++) await EtrnAsync(bench, "test.com", "252 2.0.0 OK, pending messages for node test.com started");
        Assert.Equal(1, host.Sessions);
        Assert.Single((await bench.HeldMail.FindAsync(1, "test.com", TestContext.Current.CancellationToken))!.Running);
        go.SetResult();
        await bench.WhenEndedAsync();
        Assert.Equal(2, host.Taken.Count);
        Assert.Single(bench.Records.All);
    }

    [Fact(Timeout = Deadline)]
    public async Task While_a_run_goes_on_and_nothing_waits_the_answer_is_250()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        bench.Configure(site => site.Domains.Add(MailBench.Held("*.branch.example")));
        bench.Network.Mx("a.branch.example", (10, "198.51.100.7"));
        await bench.ReceiveManyAsync(1, "a.branch.example");
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.BeforeFinalReply = () =>
        {
            asked.TrySetResult();
            return go.Task;
        };
        await EtrnAsync(bench, "a.branch.example", "253 2.0.0 OK, 1 pending messages for node a.branch.example started");
        await asked.Task;
        await EtrnAsync(bench, "b.branch.example", "250 2.0.0 OK, queuing for node b.branch.example started");
        go.SetResult();
        await bench.WhenEndedAsync();
    }

    [Theory(Timeout = Deadline)]
    [InlineData("unknown.example", "458 4.1.2 Unable to queue messages for node unknown.example")]
    [InlineData("@unknown.example", "458 4.1.2 Unable to queue messages for node unknown.example")]
    [InlineData("#unknown", "458 4.1.2 Unable to queue messages for node unknown")]
    [InlineData("hub.example", "459 4.7.1 Node hub.example not allowed: its mail is not held for ETRN")]
    [InlineData("relayed.example", "459 4.7.1 Node relayed.example not allowed: its mail is not held for ETRN")]
    [InlineData("turnonly.example", "459 4.7.1 Node turnonly.example not allowed: its mail is not held for ETRN")]
    public async Task Other_nodes_are_refused(string argument, string reply)
    {
        var (bench, _) = Begin(TestContext.Current.CancellationToken);
        await using var __ = bench;
        bench.Configure(site =>
        {
            site.Domains.Add(new() { SiteId = 1, Name = "relayed.example", Kind = DomainKind.Remote });
            site.Domains.Add(MailBench.Held("turnonly.example"));
        });
        bench.ConfigureRoute("turnonly.example", route => route with { Etrn = false });
        await EtrnAsync(bench, argument, reply);
    }

    [Theory(Timeout = Deadline)]
    [InlineData("@branch.example", "branch.example a.branch.example b.branch.example x.own.branch.example")]
    [InlineData("branch.example", "branch.example")]
    [InlineData("a.branch.example", "a.branch.example")]
    [InlineData("@own.branch.example", "x.own.branch.example")]
    [InlineData("#north", "a.branch.example test.com")]
    public async Task Nodes_are_sets_of_destinations(string argument, string taken)
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        string[] all = ["test.com", "branch.example", "a.branch.example", "b.branch.example", "x.own.branch.example", "not.branch.example"];
        bench.Configure(site =>
        {
            site.Domains.Add(MailBench.Held("branch.example"));
            site.Domains.Add(MailBench.Held("*.branch.example"));
            // Not for ETRN, in the middle of the others.
            site.Domains.Add(MailBench.Held("not.branch.example"));
            site.EtrnNames.Add(new() { SiteId = 1, Name = "north", Domains = ["test.com", "a.branch.example", "hub.example"] });
        });
        bench.ConfigureRoute("not.branch.example", route => route with { Etrn = false });
        foreach (var domain in all)
        {
            bench.Network.Mx(domain, (10, "198.51.100.7"));
            await bench.ReceiveManyAsync(1, domain);
        }
        var expected = taken.Split(' ');
        await using (var talk = await bench.HelloAsync())
            await talk.AskAsync($"ETRN {argument}", $"253 2.0.0 OK, {expected.Length} pending");
        await bench.WhenRecordedAsync(records => records.All(record => record.EndedAt is not null) && records.Sum(record => record.Delivered) == expected.Length);
        Assert.Equal(expected.Order(StringComparer.Ordinal), host.Taken.Select(message => message.To[0].Split('@')[1]).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_second_node_of_the_same_wildcard_joins_the_run()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        bench.Configure(site => site.Domains.Add(MailBench.Held("*.branch.example")));
        foreach (var domain in new[] { "a.branch.example", "b.branch.example" })
        {
            bench.Network.Mx(domain, (10, "198.51.100.7"));
            await bench.ReceiveManyAsync(1, domain);
        }
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.BeforeFinalReply = () =>
        {
            asked.TrySetResult();
            return go.Task;
        };
        await EtrnAsync(bench, "a.branch.example", "253 2.0.0 OK, 1 pending messages for node a.branch.example started");
        await asked.Task;
        await EtrnAsync(bench, "b.branch.example", "252 2.0.0 OK, pending messages for node b.branch.example started");
        go.SetResult();
        await bench.WhenEndedAsync();
        Assert.Equal(2, host.Taken.Count);
        Assert.Single(bench.Records.All);
    }

    [Fact(Timeout = Deadline)]
    public async Task The_lowest_preference_comes_first_then_the_next()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        bench.Network.Mx("test.com", (5, "198.51.100.5"), (7, "198.51.100.6"), (10, "198.51.100.7"));
        bench.Network.Listen("198.51.100.6:25", async pipe =>
        {
            await using var talk = new Talk(pipe);
            await talk.SayAsync("421 4.3.2 busy\r\n");
        });
        await bench.ReceiveManyAsync(1);
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 1 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        Assert.Single(host.Taken);
        Assert.Equal(["198.51.100.5:25", "198.51.100.6:25", Address], bench.Network.Dialed);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_domain_whose_hosts_are_away_keeps_its_mail_untried()
    {
        var (bench, _) = Begin(TestContext.Current.CancellationToken);
        await using var __ = bench;
        bench.Network.Mx("test.com", (5, "198.51.100.5"));
        await bench.ReceiveManyAsync(120);
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 120 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        Assert.All(bench.Queue.Recipients, recipient => Assert.Equal((RecipientState.Held, 0), (recipient.State, recipient.Attempts)));
        Assert.Equal("No host took the connection: mx5.test.com [198.51.100.5]:25: connection refused.", Assert.Single(bench.Records.All).End);
        Assert.Single(bench.Network.Dialed);
    }

    [Theory(Timeout = Deadline)]
    [InlineData(RouteFailure.NoSuchDomain)]
    [InlineData(RouteFailure.NullMx)]
    [InlineData(RouteFailure.Temporary)]
    public async Task Trouble_with_dns_leaves_it_held(RouteFailure failure)
    {
        var (bench, _) = Begin(TestContext.Current.CancellationToken);
        await using var __ = bench;
        bench.Network.Fail("test.com", failure, "DNS says no");
        await bench.ReceiveManyAsync(1);
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 1 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        Assert.Equal(RecipientState.Held, bench.Queue["u1@test.com"].State);
        Assert.Equal("No host took the connection: DNS says no.", Assert.Single(bench.Records.All).End);
    }

    [Fact(Timeout = Deadline)]
    public async Task EtrnTo_is_asked_instead_of_dns_and_gets_whole_messages()
    {
        var (bench, _) = Begin(TestContext.Current.CancellationToken);
        await using var __ = bench;
        bench.Configure(site => site.Domains.Add(MailBench.Held("*.branch.example")));
        bench.ConfigureRoute("*.branch.example", route => route with { EtrnTo = "127.0.0.1:2600" });
        var host = new SinkHost(bench.Time);
        bench.Network.Listen("127.0.0.1:2600", host);
        await bench.ReceiveAsync("x\r\n", "u@a.branch.example", "u@b.branch.example");
        await using (var talk = await bench.HelloAsync()) await talk.AskAsync("ETRN @branch.example", "253");
        await bench.WhenEndedAsync();
        Assert.Equal(["u@a.branch.example", "u@b.branch.example"], Assert.Single(host.Taken).To);
    }

    [Theory(Timeout = Deadline)]
    [InlineData("127.0.0.1:2525")]
    [InlineData("[::1]:2526")]
    public async Task Our_own_listeners_are_never_connected_to(string own)
    {
        var (bench, _) = Begin(TestContext.Current.CancellationToken);
        await using var __ = bench;
        bench.Configure(site => site.Endpoints = [new("127.0.0.1", 2525), new("::", 2526)]);
        bench.ConfigureRoute("test.com", route => route with { EtrnTo = own });
        await bench.ReceiveManyAsync(1);
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 1 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        Assert.Empty(bench.Network.Dialed);
        Assert.Contains("would come back to this server", Assert.Single(bench.Records.All).End, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_the_host_refuses_stays_held_or_fails()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        await bench.ReceiveManyAsync(3);
        host.OnRecipient = address => address[1] switch { '1' => new(451, 4, 3, 0, "Later"), '2' => new(550, 5, 1, 1, "No"), _ => null };
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 3 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        Assert.Equal((RecipientState.Held, 1), (bench.Queue["u1@test.com"].State, bench.Queue["u1@test.com"].Attempts));
        Assert.Equal(RecipientState.Failed, bench.Queue["u2@test.com"].State);
        Assert.Equal(RecipientState.Delivered, bench.Queue["u3@test.com"].State);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_host_that_hangs_up_on_every_sender_is_left_alone()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        await bench.ReceiveManyAsync(30);
        host.Options = host.Options with { MaxTransactions = 0 };
        host.OnSender = _ => new(421, 4, 3, 2, "Enough");
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 30 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        Assert.Single(bench.Network.Dialed);
        Assert.All(bench.Queue.Recipients, recipient => Assert.Equal((RecipientState.Held, 0), (recipient.State, recipient.Attempts)));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_connection_closed_between_messages_is_opened_again()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        // The host has had enough after four messages.
        host.Options = host.Options with { MaxTransactions = 4 };
        await bench.ReceiveManyAsync(10);
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 10 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        Assert.Equal(10, host.Taken.Count);
        Assert.Equal(3, host.Sessions);
        Assert.All(bench.Queue.Recipients, recipient => Assert.Equal(1, recipient.Attempts));
    }

    [Fact(Timeout = Deadline)]
    public async Task Stopping_lets_the_message_that_is_on_its_way_finish()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        await bench.ReceiveManyAsync(5);
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.BeforeFinalReply = () =>
        {
            asked.TrySetResult();
            return go.Task;
        };
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 5 pending messages for node test.com started");
        await asked.Task;
        var stopping = bench.Collections.StopAsync(TimeSpan.FromSeconds(10));
        go.SetResult();
        await stopping;
        Assert.Single(host.Taken);
        Assert.Equal(4, bench.Queue.Recipients.Count(recipient => recipient.State is RecipientState.Held));
        Assert.Equal("Took 1 of 1. The server was stopped.", Assert.Single(bench.Records.All).End);
        await EtrnAsync(bench, "test.com", "458 4.3.2 Unable to queue messages for node test.com: the server is being stopped");
    }

    [Fact(Timeout = Deadline)]
    public async Task A_site_that_is_stopped_sends_no_more_than_the_message_that_is_on_its_way()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        await bench.ReceiveManyAsync(3);
        host.BeforeFinalReply = () =>
        {
            bench.Configure(static _ => { }, SiteState.Stopped);
            return Task.CompletedTask;
        };
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 3 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        Assert.Single(host.Taken);
        Assert.Equal("Took 1 of 1. The site was stopped.", Assert.Single(bench.Records.All).End);
        Assert.Equal(2, bench.Queue.Recipients.Count(recipient => recipient.State is RecipientState.Held));

        var dequeued = await bench.HeldMail.DequeueAsync(1, "test.com", new("ann", Role.Operator, "local"), TestContext.Current.CancellationToken);
        Assert.Equal("Site 'Default' (1) is stopped, so it sends no mail; start it first.", dequeued.Problem!.Detail);
    }

    [Fact(Timeout = Deadline)]
    public async Task When_the_host_hears_quit_it_may_ask_again_at_once()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        await bench.ReceiveManyAsync(1);
        var quit = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource();
        bench.Network.Listen(Address, async pipe =>
        {
            var talk = new Talk(pipe);
            await talk.SayAsync("220 sink.example\r\n");
            while (await talk.LineAsync() is not "QUIT" and { } line)
                await talk.SayAsync(line.StartsWith("RCPT", StringComparison.Ordinal) ? "450 later\r\n" : "250 ok\r\n");
            quit.TrySetResult();
            await go.Task;
            await talk.SayAsync("221 bye\r\n");
        });
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 1 pending messages for node test.com started");
        await quit.Task;
        // The first run still waits for the reply to QUIT.
        bench.Network.Listen(Address, host);
        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 1 pending messages for node test.com started");
        await bench.WhenSettledAsync(() => bench.Queue["u1@test.com"].State is RecipientState.Delivered);
        go.SetResult();
        await bench.WhenEndedAsync(2);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_node_that_another_rule_had_when_the_run_began_is_none_of_its_destinations()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        bench.Configure(site => site.Domains.AddRange([MailBench.Held("*.wild.example"), MailBench.Held("own.wild.example")]));
        bench.Network.Mx("a.wild.example", (10, "198.51.100.7"));
        bench.Network.Mx("own.wild.example", (10, "198.51.100.7"));
        await bench.ReceiveManyAsync(1, "a.wild.example");
        await bench.ReceiveManyAsync(1, "own.wild.example");
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.BeforeFinalReply = () =>
        {
            asked.TrySetResult();
            return go.Task;
        };
        await EtrnAsync(bench, "a.wild.example", "253 2.0.0 OK, 1 pending messages for node a.wild.example started");
        await asked.Task;
        bench.Configure(site => site.Domains.RemoveAll(domain => domain.Name == "own.wild.example"));
        await EtrnAsync(bench, "own.wild.example", "252 2.0.0 OK, pending messages for node own.wild.example started");
        go.SetResult();
        await bench.WhenEndedAsync();
        Assert.Equal("Took 1 of 1.", Assert.Single(bench.Records.All).End);
        Assert.Equal("u1@a.wild.example", Assert.Single(Assert.Single(host.Taken).To));
        Assert.Equal(RecipientState.Held, bench.Queue["u1@own.wild.example"].State);
    }

    [Fact(Timeout = Deadline)]
    public async Task An_operator_dequeues_what_etrn_would()
    {
        var (bench, host) = Begin(TestContext.Current.CancellationToken);
        await using var _ = bench;
        bench.ConfigureRoute("test.com", route => route with { Etrn = false });
        await bench.ReceiveManyAsync(2);
        var stop = TestContext.Current.CancellationToken;
        var viewer = new Actor("eve", Role.Viewer, "local");
        var anna = new Actor("anna", Role.Operator, "203.0.113.4");
        Assert.Equal(ProblemKind.Forbidden, (await bench.HeldMail.DequeueAsync(1, "test.com", viewer, stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Conflict, (await bench.HeldMail.DequeueAsync(1, "hub.example", anna, stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.NotFound, (await bench.HeldMail.DequeueAsync(1, "no.example", anna, stop)).Problem!.Kind);
        Assert.Equal(2, (await bench.HeldMail.DequeueAsync(1, "test.com", anna, stop)).Value!.Messages);
        await bench.WhenEndedAsync();
        Assert.Equal(2, host.Taken.Count);
        Assert.Equal("anna from 203.0.113.4 by hand", Assert.Single(bench.Records.All).By);
    }

    [Fact(Timeout = Deadline)]
    public async Task The_held_mail_view_says_what_waits_and_how_it_went()
    {
        var (bench, _) = Begin(TestContext.Current.CancellationToken);
        await using var __ = bench;
        bench.Configure(site => site.Domains.Add(MailBench.Held("*.branch.example")));
        var since = bench.Time.GetUtcNow();
        await bench.ReceiveManyAsync(2);
        bench.Time.Advance(TimeSpan.FromHours(1));
        await bench.ReceiveManyAsync(1, "a.branch.example");
        await bench.ReceiveManyAsync(1);
        var stop = TestContext.Current.CancellationToken;

        var all = await bench.HeldMail.ListAsync(null, stop);
        Assert.Equal(["*.branch.example", "test.com"], all.Select(held => held.Domain.Name).Order(StringComparer.Ordinal));
        var test = all.Single(held => held.Domain.Name == "test.com");
        Assert.Equal((3, since), (test.Messages, test.Oldest));
        Assert.Equal(bench.Queue.Messages.Where(message => message.Recipients[0].Domain == "test.com").Sum(message => message.Size), test.Bytes);
        Assert.Null(test.Last);
        Assert.Empty(await bench.HeldMail.ListAsync(7, stop));

        await EtrnAsync(bench, "test.com", "253 2.0.0 OK, 3 pending messages for node test.com started");
        await bench.WhenEndedAsync();
        test = await bench.HeldMail.FindAsync(1, "test.com", stop);
        Assert.Equal((0, "Took 3 of 3."), (test!.Messages, test.Last!.End));
        Assert.Null(test.Oldest);
        Assert.Single(await bench.HeldMail.HistoryAsync(1, "test.com", 10, stop));
        Assert.Null(await bench.HeldMail.FindAsync(1, "hub.example", stop));
    }
}
