using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using static WebSmtp.Mta.Tests.Collectors.CollectorBench;

namespace WebSmtp.Mta.Tests.Collectors;

/// <summary>Runs of a collector, with the provider's side played by hand.</summary>
public sealed class CollectingTests
{
    const int Deadline = 60_000;

    [Theory(Timeout = Deadline)]
    [InlineData(CollectionMethod.Turn, "TURN")]
    [InlineData(CollectionMethod.Atrn, "ATRN")]
    [InlineData(CollectionMethod.Atrn, "ATRN test.com,branch.example", "test.com", "branch.example")]
    public async Task A_turned_connection_brings_mail_into_the_queue(CollectionMethod method, string command, params string[] domains)
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted(method, domains));
        var played = bench.ListenAsync("SIZE", async talk =>
        {
            await AnswerAsync(talk, command, "250 2.0.0 turning");
            // The roles are exchanged: the branch greets, and serves.
            Assert.StartsWith("220 hub.example", await talk.ReplyAsync(), StringComparison.Ordinal);
            await talk.AskAsync("EHLO provider.example", "250");
            Assert.StartsWith("250 2.6.0", await talk.SendAsync("a@sender.example", ["u@test.com"], "Subject: x\r\n\r\n..\r\n"), StringComparison.Ordinal);
            await talk.AskAsync("QUIT", "221");
            Assert.Null(await talk.LineAsync());
        });

        var run = await bench.RunAsync();

        Assert.Null(await played);
        Assert.Equal((CollectorResult.Collected, "1 message collected.", 1L, "admin"), (run.Result, run.End, run.Messages, run.By));
        Assert.InRange(run.Bytes, 10, 20);
        var recipient = Assert.Single(bench.Mail.Queue.Recipients);
        Assert.Equal(("u@test.com", RecipientState.Held), (recipient.Address, recipient.State));
        Assert.Equal("192.0.2.10", Assert.Single(bench.Mail.Queue.Messages).ClientAddress);
        Assert.Equal(0, bench.Sessions.Count(1));
    }

    [Fact(Timeout = Deadline)]
    public async Task What_came_so_far_is_written_down_while_the_run_goes_on()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted(CollectionMethod.Turn));
        var played = bench.ListenAsync("SIZE", async talk =>
        {
            await AnswerAsync(talk, "TURN", "250 turning");
            await talk.ReplyAsync();
            await talk.AskAsync("EHLO provider.example", "250");
            await talk.SendAsync("a@sender.example", ["u@test.com"], "Subject: x\r\n\r\nfirst\r\n");
            var told = bench.Store.WhenAsync(runs => runs is [{ EndedAt: null, Messages: 1, Bytes: > 10, Transcript: var said }] && said?.Contains("TURN", StringComparison.Ordinal) is true);
            while (!told.IsCompleted)
            {
                bench.Mail.Time.Advance(TimeSpan.FromMilliseconds(10));
                await Task.Yield();
            }
            await talk.SendAsync("a@sender.example", ["u@test.com"], "Subject: x\r\n\r\nsecond\r\n");
            await talk.AskAsync("QUIT", "221");
        });

        Assert.Equal(2, (await bench.RunAsync()).Messages);
        Assert.Null(await played);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_the_provider_says_behind_its_250_is_heard_by_the_session()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted());
        var played = bench.ListenAsync("SIZE", async talk =>
        {
            // A provider that does not wait for the greeting is refused by it, and that is all.
            Assert.Equal("ATRN", await talk.LineAsync());
            await talk.SayAsync("250 ok\r\nEHLO provider.example\r\n");
            Assert.StartsWith("5", (await talk.ReplyAsync())[..1], StringComparison.Ordinal);
        });
        var run = await bench.RunAsync();
        Assert.Null(await played);
        Assert.Equal(CollectorResult.Failed, run.Result);
    }

    [Fact(Timeout = Deadline)]
    public async Task Only_mail_for_the_site_and_for_what_was_asked_is_taken()
    {
        await using var bench = new CollectorBench();
        bench.Mail.Configure(site =>
        {
            site.Settings = """{ "relay": { "allowAddresses": ["192.0.2.0/24"] }, "denyAddresses": ["192.0.2.0/24"] }""";
            site.Domains.Add(new() { SiteId = 1, Name = "alias.example", Kind = DomainKind.Alias });
            site.Domains.Add(new() { SiteId = 1, Name = "closed.example", Kind = DomainKind.Remote, Route = new() { Type = RouteType.Refuse } });
            site.Domains.Add(new() { SiteId = 1, Name = "strict.example", Kind = DomainKind.Remote, AllowRelay = false, Route = new() { Type = RouteType.Drop } });
            site.Domains.Add(new() { SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true, Route = new() { Type = RouteType.Dns } });
        });
        await bench.AddAsync(Wanted(CollectionMethod.Atrn, "asked.example", "closed.example"));
        var replies = new Dictionary<string, string>(StringComparer.Ordinal);
        var played = bench.ListenAsync("SIZE", async talk =>
        {
            await AnswerAsync(talk, "ATRN asked.example,closed.example", "250 ok");
            await talk.ReplyAsync();
            await talk.AskAsync("EHLO provider.example", "250");
            await talk.AskAsync("MAIL FROM:<>", "250");
            foreach (var domain in (string[])["hub.example", "alias.example", "test.com", "strict.example", "asked.example", "closed.example", "away.example", "other.example", "[192.0.2.10]"])
                replies[domain] = (await talk.AskAsync($"RCPT TO:<u@{domain}>"))[..3];
            foreach (var verb in (string[])["AUTH PLAIN", "ETRN test.com", "TURN", "ATRN", "STARTTLS"])
                replies[verb] = (await talk.AskAsync(verb))[..1];
            await talk.AskAsync("QUIT", "221");
        });

        var run = await bench.RunAsync();

        Assert.Null(await played);
        Assert.Equal(CollectorResult.Nothing, run.Result);
        Assert.Equal(["hub.example", "alias.example", "test.com", "strict.example", "asked.example"], replies.Where(reply => reply.Value == "250").Select(reply => reply.Key));
        Assert.All(["closed.example", "away.example", "other.example", "[192.0.2.10]"], domain => Assert.Equal("550", replies[domain]));
        Assert.All(["AUTH PLAIN", "ETRN test.com", "TURN", "ATRN", "STARTTLS"], verb => Assert.Equal("5", replies[verb]));
    }

    [Theory(Timeout = Deadline)]
    [InlineData("453 4.7.0 You have no mail", CollectorResult.Nothing, "The provider has no mail.")]
    [InlineData("450 4.7.1 refused", CollectorResult.Failed, "which domains it is entitled to")]
    [InlineData("451 4.3.0 busy", CollectorResult.Failed, "tried again at the next run")]
    [InlineData("502 5.5.1 what", CollectorResult.Failed, "choose another method")]
    [InlineData("530 5.7.0 log in first", CollectorResult.Failed, "give username and password")]
    [InlineData("421 4.3.2 closing", CollectorResult.Failed, "tried again at the next run")]
    public async Task A_refused_turn_is_recorded_with_what_to_do(string reply, CollectorResult result, string end)
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted());
        var played = bench.ListenAsync("SIZE", async talk =>
        {
            await AnswerAsync(talk, "ATRN", reply);
            if (reply[..3] != "421") await QuitAsync(talk);
        });
        var run = await bench.RunAsync();
        Assert.Null(await played);
        Assert.Equal(result, run.Result);
        Assert.Contains(end, run.End, StringComparison.Ordinal);
        if (result is CollectorResult.Failed) Assert.Contains(reply, run.End, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task Etrn_is_said_for_each_domain_and_the_worst_answer_is_the_result()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted(CollectionMethod.Etrn, "a.example", "@b.example", "#queue"));
        foreach (var (replies, result) in new[]
        {
            (new[] { "250 started", "251 none", "253 3 pending" }, CollectorResult.Collected),
            (["251 none", "251 none", "251 none"], CollectorResult.Nothing),
            (["250 started", "459 4.7.1 not allowed", "251 none"], CollectorResult.Failed),
        })
        {
            var played = bench.ListenAsync("ETRN", async talk =>
            {
                await AnswerAsync(talk, "ETRN a.example", replies[0]);
                await AnswerAsync(talk, "ETRN @b.example", replies[1]);
                await AnswerAsync(talk, "ETRN #queue", replies[2]);
                await QuitAsync(talk);
            });
            var run = await bench.RunAsync();
            Assert.Null(await played);
            Assert.Equal(result, run.Result);
            Assert.All(["a.example: ", "@b.example: ", "#queue: "], node => Assert.Contains(node, run.End, StringComparison.Ordinal));
            if (result is CollectorResult.Failed) Assert.Contains("does not hold this domain's mail for ETRN", run.End, StringComparison.Ordinal);
        }
    }

    [Theory(Timeout = Deadline)]
    [InlineData(HostTls.Opportunistic, "AUTH PLAIN LOGIN", "safe on a connection without TLS; it offers PLAIN, LOGIN. Choose a TLS mode")]
    [InlineData(HostTls.None, "AUTH GSSAPI", "it offers GSSAPI. Choose a TLS mode or a log-in")]
    [InlineData(HostTls.Verify, "SIZE", "does not offer STARTTLS, which is required. Look whether the TLS mode fits")]
    public async Task A_log_in_that_is_not_possible_is_not_tried(HostTls tls, string offers, string end)
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted() with { Username = "testserver", Password = "secret", Tls = tls });
        var played = bench.ListenAsync(offers, QuitAsync);
        var run = await bench.RunAsync();
        Assert.Null(await played);
        Assert.Equal(CollectorResult.Failed, run.Result);
        Assert.Contains(end, run.End, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_refused_log_in_says_whose_password_to_correct()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted() with { Username = "testserver", Password = "secret", Tls = HostTls.None });
        var played = bench.ListenAsync("AUTH PLAIN", async talk =>
        {
            await AnswerAsync(talk, "AUTH PLAIN AHRlc3RzZXJ2ZXIAc2VjcmV0", "535 5.7.8 wrong");
            await QuitAsync(talk);
        });
        var run = await bench.RunAsync();
        Assert.Null(await played);
        Assert.Contains("the server refused the log-in: \"535 5.7.8 wrong\". Correct username and password", run.End, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task Nobody_there_is_said_for_the_last_address_and_the_next_address_is_tried()
    {
        await using var bench = new CollectorBench();
        bench.Mail.Network.Mx("provider.example", (10, "192.0.2.9"), (20, "192.0.2.10"));
        await bench.AddAsync(Wanted() with { Host = "provider.example" });
        var run = await bench.RunAsync();
        Assert.Contains("connection refused. Look whether host and port are right", run.End, StringComparison.Ordinal);
        Assert.Equal(["192.0.2.9:366", Provider], bench.Mail.Network.Dialed);

        bench.Mail.Network.Fail("gone.example", Mta.Routing.RouteFailure.NoSuchDomain, "gone.example does not exist");
        await bench.AddAsync(Wanted() with { Host = "gone.example", Name = "gone" });
        Assert.StartsWith("gone.example does not exist.", (await bench.RunAsync("gone")).End, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_provider_that_leaves_or_falls_silent_in_the_middle_costs_bounded_time_and_keeps_what_came()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted());
        var silent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var played = bench.ListenAsync("SIZE", async talk =>
        {
            await AnswerAsync(talk, "ATRN", "250 ok");
            await talk.ReplyAsync();
            await talk.AskAsync("EHLO provider.example", "250");
            await talk.SendAsync("", ["u@test.com"], "Subject: x\r\n\r\n");
            await talk.AskAsync("MAIL FROM:<>", "250");
        });
        var run = await bench.RunAsync();
        Assert.Null(await played);
        Assert.Equal((CollectorResult.Failed, 1L), (run.Result, run.Messages));
        Assert.StartsWith("The connection was closed without QUIT after 1 message.", run.End, StringComparison.Ordinal);

        _ = bench.ListenAsync("SIZE", async talk =>
        {
            await AnswerAsync(talk, "ATRN", "250 ok");
            await talk.ReplyAsync();
            await talk.AskAsync("EHLO provider.example", "250");
            silent.SetResult();
            Assert.StartsWith("421", await talk.LineAsync(), StringComparison.Ordinal);
        });
        var running = bench.RunAsync();
        await silent.Task;
        var limit = bench.Mail.Site.Settings.Get(SettingsTable.InactivityTimeout);
        while (!running.IsCompleted)
        {
            bench.Mail.Time.Advance(limit);
            await Task.Yield();
        }
        Assert.StartsWith("The provider fell silent after 0 messages.", (await running).End, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task Stopping_the_site_ends_a_turned_session_with_a_word()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted());
        var turned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var played = bench.ListenAsync("SIZE", async talk =>
        {
            await AnswerAsync(talk, "ATRN", "250 ok");
            await talk.ReplyAsync();
            await talk.AskAsync("EHLO provider.example", "250");
            turned.SetResult();
            Assert.StartsWith("421", await talk.LineAsync(), StringComparison.Ordinal);
        });
        var running = bench.RunAsync();
        await turned.Task;
        await bench.Sessions.CloseAllAsync(1, new(421, 4, 3, 2, "stopped"), TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.Equal((CollectorResult.Failed, "The site was stopped after 0 messages."), ((await running).Result, (await running).End));
        Assert.Null(await played);
    }
}
