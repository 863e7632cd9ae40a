using System.Text;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Acceptance;

public sealed class ReceivingTests
{
    const int Deadline = 60_000;

    static async Task<string> StoredAsync(MailBench bench, Message message)
    {
        var content = await bench.Spool.FindAsync(message, TestContext.Current.CancellationToken);
        await using var stream = await content!.OpenAsync(TestContext.Current.CancellationToken);
        var bytes = new byte[content.Length];
        await stream.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        Assert.Equal(-1, stream.ReadByte());
        return Encoding.Latin1.GetString(bytes);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_message_is_stored_with_its_envelope_below_our_trace_field()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using var talk = await bench.HelloAsync("testserver");
        await talk.AskAsync("MAIL FROM:<a@sender.example> RET=HDRS ENVID=QQ314 SIZE=60 BODY=8BITMIME", "250");
        await talk.AskAsync("RCPT TO:<u@test.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;v@x.example", "250");
        await talk.AskAsync("DATA", "354");
        await talk.SayAsync("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n folded\r\nMessage-ID: <1@x>\r\n\r\nSubject: not this\r\n..\r\n");
        var reply = await talk.AskAsync(".");

        var message = Assert.Single(bench.Queue.Messages);
        Assert.Equal($"250 2.6.0 {new MessageId(message.Id)} Queued", reply);
        Assert.Equal(("a@sender.example", "client.example", "192.0.2.99", "testserver", "ESMTPA"),
            (message.MailFrom, message.HeloName, message.ClientAddress, message.Account, message.Protocol));
        Assert.Equal(("QQ314", Smtp.DsnReturn.Headers, Smtp.BodyType.EightBitMime), (message.EnvelopeId, message.Return, message.Body));
        Assert.Equal(("Gr\u00fc\u00dfe folded", "<1@x>"), (message.Subject, message.HeaderMessageId));
        var recipient = Assert.Single(message.Recipients);
        Assert.Equal((RecipientState.Held, "test.com", "rfc822;v@x.example", Smtp.DsnNotify.Success | Smtp.DsnNotify.Delay),
            (recipient.State, recipient.Domain, recipient.OriginalRecipient, recipient.Notify));
        Assert.Equal($"""
            Received: from client.example ([192.0.2.99])
            	by hub.example (WebSmtp) with ESMTPA id {new MessageId(message.Id)}
            	for <u@test.com>;
            	Fri, 2 Jan 2026 03:04:05 +0000
            Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
             folded
            Message-ID: <1@x>

            Subject: not this
            .

            """.ReplaceLineEndings("\r\n"), await StoredAsync(bench, message));
        Assert.Equal((await StoredAsync(bench, message)).Length, message.Size);
    }

    [Fact(Timeout = Deadline)]
    public async Task Several_recipients_do_not_learn_of_each_other_and_the_same_one_counts_once()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveAsync("x\r\n", "u@test.com", "v@test.com", "u@test.com", "local@hub.example");
        var message = Assert.Single(bench.Queue.Messages);
        Assert.Equal(3, message.LiveRecipients);
        Assert.DoesNotContain("for <", await StoredAsync(bench, message), StringComparison.Ordinal);
        Assert.Equal((RecipientState.Queued, bench.Time.GetUtcNow()), (bench.Queue["local@hub.example"].State, bench.Queue["local@hub.example"].DueAt));
    }

    [Theory(Timeout = Deadline)]
    [InlineData("<u@test.com>", "250")]
    [InlineData("<anyone@hub.example>", "250")]
    [InlineData("<postmaster>", "250")]
    [InlineData("<Postmaster@hub.example>", "250")]
    [InlineData("<u@elsewhere.example>", "550 5.7.1 Unable to relay for <u@elsewhere.example>")]
    [InlineData("<u@sub.test.com>", "550 5.7.1 Unable to relay")]
    [InlineData("<u@refused.example>", "550 5.7.1")]
    [InlineData("<u@relayed.example>", "550 5.7.1 Unable to relay")]
    [InlineData("<u@open.example>", "250")]
    // The tricks: whatever stands in front of the last @ is a mailbox of ours and is not looked into.
    [InlineData("<victim%elsewhere.example@hub.example>", "250")]
    [InlineData("<\"victim@elsewhere.example\"@hub.example>", "250")]
    [InlineData("<elsewhere.example!victim@hub.example>", "250")]
    [InlineData("<@hub.example:victim@elsewhere.example>", "550 5.7.1 Unable to relay for <victim@elsewhere.example>")]
    [InlineData("<victim@[127.0.0.1]>", "550 5.7.1")]
    [InlineData("<victim@[198.51.100.1]>", "550 5.7.1")]
    public async Task Relaying_is_closed(string path, string expected)
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site =>
        {
            site.Domains.Add(new() { SiteId = 1, Name = "refused.example", Kind = DomainKind.Remote, Route = new() { Type = RouteType.Refuse } });
            site.Domains.Add(new() { SiteId = 1, Name = "relayed.example", Kind = DomainKind.Remote });
            site.Domains.Add(new() { SiteId = 1, Name = "open.example", Kind = DomainKind.Remote, AllowRelay = true });
        });
        foreach (var sender in new[] { "a@sender.example", "", "root@hub.example" })
        {
            await using var talk = await bench.HelloAsync();
            await talk.AskAsync($"MAIL FROM:<{sender}>", "250");
            await talk.AskAsync($"RCPT TO:{path}", expected);
        }
    }

    [Fact(Timeout = Deadline)]
    public async Task Accounts_and_listed_addresses_may_relay()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using (var talk = await bench.HelloAsync("testserver"))
        {
            await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
            await talk.AskAsync("RCPT TO:<u@elsewhere.example>", "250");
            await talk.AskAsync("RCPT TO:<u@[127.0.0.1]>", "550 5.7.1");
        }
        bench.Client = System.Net.IPAddress.Parse("::ffff:127.0.0.1");
        await using (var talk = await bench.HelloAsync())
        {
            await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
            await talk.AskAsync("RCPT TO:<u@elsewhere.example>", "250");
        }
        bench.Configure(site => site.Settings = """{"relay": {"allowAuthenticated": false, "allowAddresses": []}}""");
        await using (var talk = await bench.HelloAsync("testserver"))
        {
            await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
            await talk.AskAsync("RCPT TO:<u@elsewhere.example>", "550 5.7.1");
        }
    }

    [Fact(Timeout = Deadline)]
    public async Task A_bare_name_belongs_to_the_default_domain()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveAsync("x\r\n", "postmaster", "postmaster@hub.example");
        var recipient = Assert.Single(bench.Queue.Recipients);
        Assert.Equal(("postmaster@hub.example", "hub.example"), (recipient.Address, recipient.Domain));
    }

    [Theory(Timeout = Deadline)]
    [InlineData("joe", "joe@hub.example")]
    [InlineData("joe@sender.example", "joe@sender.example")]
    [InlineData("", "")]
    public async Task So_does_a_bare_sender_and_the_null_sender_stays_null(string from, string stored)
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using var talk = await bench.HelloAsync();
        Assert.StartsWith("250", await talk.SendAsync(from, ["u@hub.example"], "x\r\n"), StringComparison.Ordinal);
        Assert.Equal(stored, Assert.Single(bench.Queue.Messages).MailFrom);
    }

    [Theory(Timeout = Deadline)]
    [InlineData("""{"allowAddresses": ["192.0.2.0/24"]}""", "220")]
    [InlineData("""{"allowAddresses": ["198.51.100.0/24"]}""", "554 5.7.1")]
    [InlineData("""{"denyAddresses": ["192.0.2.99"]}""", "554 5.7.1")]
    [InlineData("""{"allowAddresses": ["192.0.2.0/24"], "denyAddresses": ["192.0.2.99"]}""", "554 5.7.1")]
    public async Task Addresses_are_let_in_or_not(string settings, string greeting)
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site => site.Settings = settings);
        var pipes = new PipePair();
        var session = new Smtp.Server.ServerSession("s", pipes.Far, new System.Net.IPEndPoint(bench.Client, 4), new System.Net.IPEndPoint(1, 25),
            bench.Options, bench.Sinks.Create(bench.Site), bench.Time);
        var running = session.RunAsync(TestContext.Current.CancellationToken);
        var talk = new Talk(pipes.Near);
        Assert.StartsWith(greeting, await talk.ReplyAsync(), StringComparison.Ordinal);
        await talk.DisposeAsync();
        await running;
    }

    [Fact(Timeout = Deadline)]
    public async Task A_wrong_password_is_535_and_trouble_with_the_accounts_454()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using var talk = await bench.HelloAsync();
        await MailBench.LogInAsync(talk, "testserver", "wrong", "535 5.7.8");
        bench.Accounts.Trouble = new InvalidOperationException("database gone");
        await MailBench.LogInAsync(talk, "testserver", MailBench.Password, "454 4.7.0");
        await talk.AskAsync("AUTH PLAIN " + Convert.ToBase64String("\0testserver\0x"u8), "454 4.7.0");
        await talk.AskAsync("AUTH PLAIN " + Convert.ToBase64String("boss\0testserver\0x"u8), "535 5.7.8");
        bench.Accounts.Trouble = null;
        await MailBench.LogInAsync(talk, "TestServer", MailBench.Password);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_full_disk_is_452_and_heals_by_itself()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.FreeBytes = 8 * 1024 * 1024 + 1000;
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example> SIZE=2000", "452 4.3.1");
        await talk.AskAsync("MAIL FROM:<a@sender.example> SIZE=500", "250");
        await talk.AskAsync("RSET", "250");
        bench.FreeBytes = 0;
        // Asked at most once a second.
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await talk.AskAsync("RSET", "250");
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "452 4.3.1");
        bench.FreeBytes = long.MaxValue;
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.StartsWith("250 2.6.0", await talk.SendAsync("a@sender.example", ["u@test.com"], "x\r\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task Trouble_of_the_store_is_never_the_senders_fault()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using var talk = await bench.HelloAsync();
        bench.Queue.Trouble = new QueueFullException();
        Assert.StartsWith("452 4.3.1", await talk.SendAsync("a@sender.example", ["u@test.com"], "x\r\n"), StringComparison.Ordinal);
        bench.Queue.Trouble = new QueueUnavailableException();
        Assert.StartsWith("451 4.3.0", await talk.SendAsync("a@sender.example", ["u@test.com"], "x\r\n"), StringComparison.Ordinal);
        bench.Queue.Trouble = null;
        Assert.StartsWith("250 2.6.0", await talk.SendAsync("a@sender.example", ["u@test.com"], "x\r\n"), StringComparison.Ordinal);
        Assert.Single(bench.Queue.Messages);
        Assert.Equal(0, bench.Spool.Memory.Rented);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_message_that_goes_in_a_circle_is_refused()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using var talk = await bench.HelloAsync();
        string Hops(int count) => string.Concat(Enumerable.Repeat("Received: from a\r\n\tby b; now\r\n", count)) + "\r\nReceived: in the body\r\n";
        Assert.StartsWith("250", await talk.SendAsync("a@sender.example", ["u@test.com"], Hops(100)), StringComparison.Ordinal);
        Assert.StartsWith("554 5.4.6", await talk.SendAsync("a@sender.example", ["u@test.com"], Hops(101)), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_domain_may_take_smaller_messages_than_its_site()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site => site.Domains.Single(domain => domain.Name == "test.com").Overrides = """{"maxMessageSize": 2000}""");
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example> SIZE=2001", "250");
        await talk.AskAsync("RCPT TO:<u@test.com>", "552 5.3.4");
        await talk.AskAsync("RCPT TO:<u@hub.example>", "250");
        await talk.AskAsync("RSET", "250");
        var line = new string('x', 98) + "\r\n";
        Assert.StartsWith("250", await talk.SendAsync("a@sender.example", ["u@test.com"], string.Concat(Enumerable.Repeat(line, 20))), StringComparison.Ordinal);
        Assert.StartsWith("552 5.3.4", await talk.SendAsync("a@sender.example", ["u@test.com", "u@hub.example"], string.Concat(Enumerable.Repeat(line, 21))), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_rule_that_changed_while_a_message_came_in_holds_at_once()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await talk.AskAsync("RCPT TO:<u@test.com>", "250");
        bench.ConfigureRoute("test.com", _ => new() { Type = RouteType.Drop });
        await talk.AskAsync("DATA", "354");
        await talk.SayAsync("x\r\n");
        await talk.AskAsync(".", "250");
        Assert.Equal(RecipientState.Queued, bench.Queue["u@test.com"].State);
    }

    [Fact(Timeout = Deadline)]
    public async Task Who_watches_is_told_of_each_destination()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using var events = bench.Events.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var first = events.MoveNextAsync();
        await bench.ReceiveAsync("x\r\n", "u@test.com", "v@test.com", "u@hub.example");
        Assert.True(await first);
        var held = Assert.IsType<MessageEvent>(events.Current);
        Assert.Equal(("held", "test.com"), (held.What, held.Domain));
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(("queued", "hub.example"), (((MessageEvent)events.Current).What, ((MessageEvent)events.Current).Domain));
    }
}
