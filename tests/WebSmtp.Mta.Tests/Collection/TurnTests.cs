using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Tests.Delivery;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Tests.Collection;

public sealed class TurnTests
{
    const int Deadline = 60_000;

    /// <summary>Turns a session around and lets a host of our own take what comes.</summary>
    static async Task CollectAsync(MailBench bench, SinkHost host, string command = "TURN")
    {
        await using var talk = await bench.HelloAsync("testserver");
        await talk.AskAsync(command, "250 2.0.0");
        await host.ServeAsync(talk.Pipe);
    }

    [Fact(Timeout = Deadline)]
    public async Task Turn_brings_all_that_waits_byte_for_byte()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        var first = "Subject: one\r\n\r\n..leading\r\n.\u00e4\u00f6\u0000x\r\n";
        var second = new string('x', 998) + "\r\n\r\n\r\n";
        await bench.ReceiveAsync(first, " BODY=8BITMIME", ["u@test.com"]);
        await bench.ReceiveAsync(second, "v@test.com");

        var host = new SinkHost(bench.Time);
        await CollectAsync(bench, host);
        await bench.WhenEndedAsync();

        Assert.Equal(2, host.Taken.Count);
        // What goes over the wire with a dot in front is one dot more; the content is what was meant.
        Assert.Equal(first[..16] + first[17..].Replace("\r\n.", "\r\n", StringComparison.Ordinal), host.Taken[0].Original);
        Assert.Equal(second, host.Taken[1].Original);
        Assert.All(bench.Queue.Recipients, recipient => Assert.Equal(RecipientState.Delivered, recipient.State));
        Assert.Equal(0, bench.Queue.Contents);
        var record = Assert.Single(bench.Records.All);
        Assert.Equal(("test.com", CollectionMethod.Turn, "testserver", 2, "Took 2 of 2."), (record.Domain, record.Method, record.Account, record.Delivered, record.End));
        Assert.Equal("testserver from 192.0.2.99 by TURN", record.By);
        Assert.Equal(bench.Queue.Messages.Sum(message => message.Size), record.Bytes);
    }

    [Fact(Timeout = Deadline)]
    public async Task An_empty_queue_answers_453_and_the_roles_stay()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await using var talk = await bench.HelloAsync("testserver");
        await talk.AskAsync("TURN", "453 4.");
        await talk.AskAsync("ATRN test.com", "453 4.");
        await talk.AskAsync("NOOP", "250");
        Assert.Empty(bench.Records.All);
    }

    [Fact(Timeout = Deadline)]
    public async Task Frozen_mail_is_no_mail()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(1);
        bench.Queue.Freeze("u1@test.com");
        await using var talk = await bench.HelloAsync("testserver");
        await talk.AskAsync("TURN", "453 4.");
    }

    [Fact(Timeout = Deadline)]
    public async Task An_account_without_domains_is_refused()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(1);
        await using var talk = await bench.HelloAsync("other");
        await talk.AskAsync("TURN", "450 4.");
        await talk.AskAsync("ATRN test.com", "450 4.");
    }

    [Fact(Timeout = Deadline)]
    public async Task Atrn_with_one_domain_of_somebody_else_sends_none()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site => site.Domains.Add(MailBench.Held("foreign.example", 2)));
        await bench.ReceiveManyAsync(1);
        await using var talk = await bench.HelloAsync("testserver");
        await talk.AskAsync("ATRN test.com,foreign.example", "450 4.");
        await talk.AskAsync("ATRN test.com,unknown.example", "450 4.");
        Assert.All(bench.Queue.Recipients, recipient => Assert.Equal(RecipientState.Held, recipient.State));
    }

    [Fact(Timeout = Deadline)]
    public async Task Atrn_brings_the_named_domain_only()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site => site.Domains.Add(MailBench.Held("second.example")));
        await bench.ReceiveManyAsync(2);
        await bench.ReceiveManyAsync(3, "second.example");
        var host = new SinkHost(bench.Time);
        await CollectAsync(bench, host, "ATRN second.example");
        await bench.WhenEndedAsync();
        Assert.Equal(3, host.Taken.Count);
        Assert.Equal("second.example", Assert.Single(bench.Records.All).Domain);

        await CollectAsync(bench, host, "ATRN");
        Assert.Equal(5, host.Taken.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_wildcard_is_collected_whole_or_by_name()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site => site.Domains.Add(MailBench.Held("*.branch.example")));
        await bench.ReceiveManyAsync(1, "a.branch.example");
        await bench.ReceiveManyAsync(1, "b.branch.example");
        var host = new SinkHost(bench.Time);
        await CollectAsync(bench, host, "ATRN b.branch.example");
        await bench.WhenEndedAsync();
        Assert.Equal(["u1@b.branch.example"], host.Taken.SelectMany(taken => taken.To));
        await CollectAsync(bench, host);
        Assert.Equal(2, host.Taken.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task While_another_collection_has_it_all_the_answer_is_451()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(3);
        await using var first = await bench.HelloAsync("testserver");
        await first.AskAsync("TURN", "250");
        await using var second = await bench.HelloAsync("testserver");
        await second.AskAsync("TURN", "451 4.");
        await new SinkHost(bench.Time).ServeAsync(first.Pipe);
        await bench.WhenEndedAsync();
        await second.AskAsync("TURN", "453 4.");
    }

    [Fact(Timeout = Deadline)]
    public async Task Two_collections_at_once_never_send_a_message_twice()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(170);
        var host = new SinkHost(bench.Time);
        await Task.WhenAll(CollectAsync(bench, host), CollectAsync(bench, host), CollectAsync(bench, host));
        await bench.WhenEndedAsync(3);
        Assert.Equal(170, host.Taken.Count);
        Assert.Equal(170, host.Taken.Select(taken => taken.To[0]).Distinct().Count());
        Assert.Equal(170, bench.Records.All.Sum(record => record.Delivered));
    }

    [Fact(Timeout = Deadline)]
    public async Task Each_recipient_is_settled_by_the_reply_it_got()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveAsync("x\r\n", "yes@test.com", "later@test.com", "never@test.com");
        var host = new SinkHost(bench.Time)
        {
            OnRecipient = address => address[0] switch
            {
                'l' => new(450, 4, 2, 1, "Busy"),
                'n' => new(550, 5, 1, 1, "Who is that"),
                _ => null,
            },
        };
        await CollectAsync(bench, host);
        await bench.WhenEndedAsync();

        Assert.Equal(RecipientState.Delivered, bench.Queue["yes@test.com"].State);
        var later = bench.Queue["later@test.com"];
        Assert.Equal((RecipientState.Held, 1, "450 4.2.1 Busy"), (later.State, later.Attempts, later.LastReply));
        Assert.Equal((RecipientState.Failed, "550 5.1.1 Who is that"), (bench.Queue["never@test.com"].State, bench.Queue["never@test.com"].LastReply));
        // The message, and what its sender is told.
        Assert.Equal(2, bench.Queue.Contents);
        var record = Assert.Single(bench.Records.All);
        Assert.Equal((1, 1, 1, "Took 1 of 3."), (record.Delivered, record.Deferred, record.Failed, record.End));

        host.OnRecipient = _ => null;
        await CollectAsync(bench, host);
        await bench.WhenEndedAsync(2);
        Assert.Equal([["yes@test.com"], ["later@test.com"]], host.Taken.Select(taken => taken.To));
        Assert.Equal(1, bench.Queue.Contents);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_was_refused_for_now_is_not_offered_again_in_the_same_collection()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(120);
        var offered = 0;
        var host = new SinkHost(bench.Time) { OnMessage = _ => ++offered <= 60 ? new(451, 4, 3, 0, "Not now") : new(250, 2, 0, 0, "Taken") };
        await CollectAsync(bench, host);
        await bench.WhenEndedAsync();
        Assert.Equal(120, offered);
        Assert.Equal(60, bench.Queue.Recipients.Count(recipient => recipient is { State: RecipientState.Held, Attempts: 1 }));
    }

    [Fact(Timeout = Deadline)]
    public async Task Mail_that_arrives_meanwhile_is_part_of_it_up_to_the_bound()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site => site.Settings = """{"maxLateMessagesPerCollection": 5}""");
        await bench.ReceiveManyAsync(3);
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        var arrived = 0;
        var host = new SinkHost(bench.Time);
        // Every message that is taken brings another one: without a bound it would never end.
        host.BeforeFinalReply = () => bench.ReceiveManyAsync(1, first: 100 + arrived++);
        await CollectAsync(bench, host);
        await bench.WhenEndedAsync();
        Assert.Equal(3 + 5, host.Taken.Count);
        Assert.Equal(3, bench.Queue.Recipients.Count(recipient => recipient.State is RecipientState.Held));
        Assert.StartsWith("Took 8 of 8. More than 5 messages arrived meanwhile", Assert.Single(bench.Records.All).End, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task When_the_host_hears_quit_all_results_are_on_disk()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(2);
        await using var talk = await bench.HelloAsync("testserver");
        await talk.AskAsync("TURN", "250");
        await talk.SayAsync("220 sink.example\r\n");
        var content = false;
        while (await talk.LineAsync() is not "QUIT" and { } line)
        {
            if (content && line is not ".") continue;
            content = line is "DATA";
            await talk.SayAsync(content ? "354 go on\r\n" : line == "RCPT TO:<u2@test.com>" ? "450 later\r\n" : "250 ok\r\n");
        }
        Assert.Equal(RecipientState.Delivered, bench.Queue["u1@test.com"].State);
        Assert.Equal((RecipientState.Held, 1), (bench.Queue["u2@test.com"].State, bench.Queue["u2@test.com"].Attempts));
        Assert.Equal("Took 1 of 2.", Assert.Single(bench.Records.All).End);
        await talk.SayAsync("221 bye\r\n");
        await bench.WhenEndedAsync();
    }

    public enum BreakAt { Greeting, Refusal, Ehlo, Mail, Rcpt, Data, Content, FinalDot, SecondMail }

    [Theory(Timeout = Deadline)]
    [InlineData(BreakAt.Greeting, 0)]
    [InlineData(BreakAt.Refusal, 0)]
    [InlineData(BreakAt.Ehlo, 0)]
    [InlineData(BreakAt.Mail, 0)]
    [InlineData(BreakAt.Rcpt, 1)]
    [InlineData(BreakAt.Data, 1)]
    [InlineData(BreakAt.Content, 1)]
    [InlineData(BreakAt.FinalDot, 1)]
    [InlineData(BreakAt.SecondMail, 0)]
    public async Task A_connection_that_breaks_leaves_everything_unsettled_held(BreakAt at, int attemptsOfFirst)
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(3);
        await using (var talk = await bench.HelloAsync("testserver"))
        {
            await talk.AskAsync("TURN", "250");
            await BreakAsync(talk, at);
        }
        await bench.WhenEndedAsync();

        var taken = at is BreakAt.SecondMail ? 1 : 0;
        Assert.Equal(taken, bench.Queue.Recipients.Count(recipient => recipient.State is RecipientState.Delivered));
        var held = bench.Queue.Recipients.Where(recipient => recipient.State is RecipientState.Held).ToList();
        Assert.Equal(3 - taken, held.Count);
        Assert.Equal(attemptsOfFirst, held[0].Attempts);
        Assert.All(held.Skip(1), recipient => Assert.Equal(0, recipient.Attempts));
        var end = Assert.Single(bench.Records.All).End!;
        Assert.StartsWith(at is <= BreakAt.Ehlo ? "The host did not take over: " : "The connection ended after ", end, StringComparison.Ordinal);

        // Everything is offered again, the message without an answer as well.
        var host = new SinkHost(bench.Time);
        await CollectAsync(bench, host);
        Assert.Equal(3 - taken, host.Taken.Count);
    }

    static async Task BreakAsync(Talk host, BreakAt at)
    {
        if (at is BreakAt.Greeting) return;
        await host.SayAsync(at is BreakAt.Refusal ? "554 5.3.2 no\r\n" : "220 sink.example\r\n");
        await host.LineAsync();
        if (at is BreakAt.Ehlo or BreakAt.Refusal) return;
        await host.SayAsync("250 sink.example\r\n");
        await host.LineAsync();
        if (at is BreakAt.Mail) return;
        await host.SayAsync("250 ok\r\n");
        await host.LineAsync();
        if (at is BreakAt.Rcpt) return;
        await host.SayAsync("250 ok\r\n");
        await host.LineAsync();
        if (at is BreakAt.Data) return;
        await host.SayAsync("354 go on\r\n");
        await host.LineAsync();
        if (at is BreakAt.Content) return;
        while (await host.LineAsync() is not ".") { }
        if (at is BreakAt.FinalDot) return;
        await host.SayAsync("250 taken\r\n");
        await host.LineAsync();
    }

    [Fact(Timeout = Deadline)]
    public async Task A_message_that_breaks_every_connection_does_not_keep_the_others_waiting()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(5);
        for (var collection = 1; collection <= 2; collection++)
        {
            await using var talk = await bench.HelloAsync("testserver");
            await talk.AskAsync("TURN", "250");
            await talk.SayAsync("220 fragile.example\r\n");
            while (await talk.LineAsync() is { } line)
            {
                if (line == "body 1") break;
                if (line is ['E' or 'M' or 'R' or '.' or 'Q', ..] && !line.StartsWith("Received", StringComparison.Ordinal)) await talk.SayAsync("250 ok\r\n");
                if (line is "DATA") await talk.SayAsync("354 go on\r\n");
            }
            await talk.DisposeAsync();
            await bench.WhenEndedAsync(collection);
        }
        Assert.Equal("u1@test.com", Assert.Single(bench.Queue.Recipients, recipient => recipient.State is RecipientState.Held).Address);
        Assert.Equal(2, bench.Queue["u1@test.com"].Attempts);
    }

    [Fact(Timeout = Deadline)]
    public async Task When_the_server_stops_a_turned_session_ends_after_its_message()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(3);
        var stopped = Task.CompletedTask;
        var host = new SinkHost(bench.Time);
        host.BeforeFinalReply = () => stopped = bench.Collections.StopAsync(TimeSpan.FromSeconds(10));
        await CollectAsync(bench, host);
        await bench.WhenEndedAsync();
        await stopped;
        Assert.Single(host.Taken);
        Assert.Equal("Took 1 of 1. The server was stopped.", Assert.Single(bench.Records.All).End);
        Assert.Equal(2, bench.Queue.Recipients.Count(recipient => recipient.State is RecipientState.Held));
        await using var late = await bench.HelloAsync("testserver");
        await late.AskAsync("TURN", "451 4.3.2");
    }

    [Fact(Timeout = Deadline)]
    public async Task A_turned_session_that_is_asked_to_close_ends_after_its_message()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(3);
        var host = new SinkHost(bench.Time)
        {
            BeforeFinalReply = () =>
            {
                bench.LastSession.RequestClose(new(421, 4, 3, 2, "Closed by an administrator"));
                return Task.CompletedTask;
            },
        };
        await CollectAsync(bench, host);
        await bench.WhenEndedAsync();
        Assert.Single(host.Taken);
        Assert.Equal("Took 1 of 1. The session was to end: Closed by an administrator.", Assert.Single(bench.Records.All).End);
        Assert.Equal(2, bench.Queue.Recipients.Count(recipient => recipient.State is RecipientState.Held));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_slow_link_keeps_its_lease()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(2);
        var asked = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var host = new SinkHost(bench.Time)
        {
            BeforeFinalReply = () =>
            {
                asked.TrySetResult();
                return go.Task;
            },
        };
        var collecting = CollectAsync(bench, host);
        await asked.Task;
        for (var minute = 0; minute < 8; minute++) bench.Time.Advance(TimeSpan.FromMinutes(1));
        await using (var second = await bench.HelloAsync("testserver")) await second.AskAsync("TURN", "451");
        Assert.True(bench.Queue.Renewals > 1);
        go.SetResult();
        await collecting;
        await bench.WhenEndedAsync();
        Assert.Equal(2, host.Taken.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_result_is_on_disk_before_the_next_message_is_offered()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(10);
        var unsettled = 0;
        var host = new SinkHost(bench.Time)
        {
            OnSender = _ =>
            {
                unsettled = Math.Max(unsettled, bench.Queue.Recipients.Count(recipient => recipient.Attempts > 0) - bench.Queue.Settles);
                return null;
            },
        };
        await CollectAsync(bench, host);
        await bench.WhenEndedAsync();
        Assert.Equal((0, 10), (unsettled, bench.Queue.Settles));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_result_is_written_when_the_store_can_again_though_the_host_has_gone()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(2);
        await using (var talk = await bench.HelloAsync("testserver"))
        {
            await talk.AskAsync("TURN", "250");
            await BreakAsync(talk, BreakAt.FinalDot);
            bench.Queue.Trouble = new QueueFullException();
            await talk.SayAsync("250 taken\r\n");
        }
        bench.Queue.Trouble = null;
        var ended = bench.WhenEndedAsync();
        while (!ended.IsCompleted)
        {
            bench.Time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }
        Assert.Equal(RecipientState.Delivered, bench.Queue["u1@test.com"].State);
        Assert.Equal(RecipientState.Held, bench.Queue["u2@test.com"].State);
    }

    [Fact(Timeout = Deadline)]
    public async Task Trouble_of_the_store_answers_451()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveManyAsync(1);
        await using var talk = await bench.HelloAsync("testserver");
        bench.Queue.Trouble = new QueueUnavailableException();
        await talk.AskAsync("TURN", "451 4.3.0");
        await talk.AskAsync("ETRN test.com", "458 4.3.0");
        bench.Queue.Trouble = null;
        await talk.AskAsync("TURN", "250");
    }

    [Fact(Timeout = Deadline)]
    public async Task A_message_for_several_held_domains_is_kept_once_and_collected_for_each()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site => site.Domains.Add(MailBench.Held("second.example")));
        await bench.ReceiveAsync("x\r\n", "u@test.com", "u@second.example");
        Assert.Single(bench.Queue.Messages);
        var host = new SinkHost(bench.Time);
        await CollectAsync(bench, host, "ATRN test.com");
        await bench.WhenEndedAsync();
        Assert.Equal(1, bench.Queue.Contents);
        await CollectAsync(bench, host, "ATRN second.example");
        await bench.WhenEndedAsync(2);
        Assert.Equal([["u@test.com"], ["u@second.example"]], host.Taken.Select(taken => taken.To));
        Assert.Equal(0, bench.Queue.Contents);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_turned_session_without_8bitmime_gets_a_converted_message()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        await bench.ReceiveAsync("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nMany greetings, viele Gr\u00c3\u00bc\u00c3\u009fe\r\n",
            " BODY=8BITMIME", ["u@test.com"]);
        await using var talk = await bench.HelloAsync("testserver");
        await talk.AskAsync("TURN", "250");
        await talk.SayAsync("220 old.example\r\n");
        await talk.LineAsync();
        await talk.SayAsync("250 old.example\r\n");
        Assert.Equal("MAIL FROM:<a@sender.example>", await talk.LineAsync());
        await talk.SayAsync("250 ok\r\n");
        await talk.LineAsync();
        await talk.SayAsync("250 ok\r\n");
        Assert.Equal("DATA", await talk.LineAsync());
        await talk.SayAsync("354 go\r\n");
        var lines = new List<string>();
        while (await talk.LineAsync() is { } line and not ".") lines.Add(line);
        Assert.True(lines.Contains("Content-Transfer-Encoding: quoted-printable"), string.Join('\n', lines));
        Assert.Contains("Many greetings, viele Gr=C3=BC=C3=9Fe", lines);
        await talk.SayAsync("250 ok\r\n");
        await talk.LineAsync();
    }
}
