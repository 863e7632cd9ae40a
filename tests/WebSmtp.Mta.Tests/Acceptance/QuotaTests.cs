namespace WebSmtp.Mta.Tests.Acceptance;

public sealed class QuotaTests
{
    const int Deadline = 60_000;

    [Fact(Timeout = Deadline)]
    public async Task A_held_domain_takes_so_many_messages_and_no_more()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.ConfigureRoute("test.com", route => route with { MaxMessages = 3 });
        await bench.ReceiveManyAsync(3);
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await talk.AskAsync("RCPT TO:<u@test.com>", "452 4.2.2");
        await talk.AskAsync("RCPT TO:<u@hub.example>", "250");
    }

    [Fact(Timeout = Deadline)]
    public async Task Many_sessions_at_once_do_not_overshoot()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.ConfigureRoute("test.com", route => route with { MaxMessages = 50 });
        var accepted = 0;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            await using var talk = await bench.HelloAsync();
            for (var n = 0; n < 10; n++)
            {
                if ((await talk.SendAsync("a@sender.example", ["u@test.com"], "x\r\n")).StartsWith("250", StringComparison.Ordinal)) Interlocked.Increment(ref accepted);
                else await talk.AskAsync("RSET", "250");
            }
        }));
        Assert.Equal(accepted, bench.Queue.Messages.Count);
        Assert.InRange(accepted, 1, 50);
        // Whoever comes alone finds the rest of the room.
        await using var last = await bench.HelloAsync();
        while (accepted < 50 && (await last.SendAsync("a@sender.example", ["u@test.com"], "x\r\n")).StartsWith("250", StringComparison.Ordinal)) accepted++;
        Assert.Equal(50, accepted);
        Assert.StartsWith("452 4.2.2", await last.SendAsync("a@sender.example", ["u@test.com"], "x\r\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_transaction_that_is_dropped_gives_its_place_back()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.ConfigureRoute("test.com", route => route with { MaxMessages = 1 });
        await using var first = await bench.HelloAsync();
        await using var second = await bench.HelloAsync();
        await first.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await first.AskAsync("RCPT TO:<u@test.com>", "250");
        await first.AskAsync("RCPT TO:<v@test.com>", "250");
        await second.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await second.AskAsync("RCPT TO:<u@test.com>", "452 4.2.2");
        await first.AskAsync("RSET", "250");
        await second.AskAsync("RCPT TO:<u@test.com>", "250");
        // A session that vanishes in the middle of its content as well.
        await second.AskAsync("DATA", "354");
        await second.DisposeAsync();
        bench.Queue.Trouble = null;
        await using var third = await bench.HelloAsync();
        await third.AskAsync("MAIL FROM:<a@sender.example>", "250");
        while (!(await third.AskAsync("RCPT TO:<u@test.com>")).StartsWith("250", StringComparison.Ordinal)) await Task.Yield();
    }

    [Fact(Timeout = Deadline)]
    public async Task Bytes_count_as_announced_and_as_they_are()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.ConfigureRoute("test.com", route => route with { MaxBytes = 4000 });
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example> SIZE=3900", "250");
        await talk.AskAsync("RCPT TO:<u@test.com>", "452 4.2.2");
        await talk.AskAsync("RSET", "250");
        var content = string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 30));
        Assert.StartsWith("250", await talk.SendAsync("a@sender.example", ["u@test.com"], content, " SIZE=3000"), StringComparison.Ordinal);
        // Not announced: found out when it is there.
        Assert.StartsWith("452 4.2.2", await talk.SendAsync("a@sender.example", ["u@test.com"], content), StringComparison.Ordinal);
        Assert.StartsWith("250", await talk.SendAsync("a@sender.example", ["u@test.com"], "x\r\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_wildcard_has_one_quota_for_all_below_it()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site =>
        {
            site.Domains.Add(MailBench.Held("*.branch.example"));
            site.Domains.Add(MailBench.Held("own.branch.example"));
        });
        bench.ConfigureRoute("*.branch.example", route => route with { MaxMessages = 2 });
        await bench.ReceiveManyAsync(3, "own.branch.example");
        await bench.ReceiveManyAsync(1, "a.branch.example");
        await bench.ReceiveManyAsync(1, "b.branch.example");
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await talk.AskAsync("RCPT TO:<u@c.branch.example>", "452 4.2.2");
        await talk.AskAsync("RCPT TO:<u@own.branch.example>", "250");
    }

    [Fact(Timeout = Deadline)]
    public async Task Trouble_while_looking_is_451()
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.ConfigureRoute("test.com", route => route with { MaxMessages = 2 });
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
        bench.Queue.Trouble = new Mta.Queue.QueueUnavailableException();
        await talk.AskAsync("RCPT TO:<u@test.com>", "451 4.3.0");
    }
}
