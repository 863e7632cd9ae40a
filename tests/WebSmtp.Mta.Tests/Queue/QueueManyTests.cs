using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Queue;

/// <summary>Acts on all that match, and on whole destinations.</summary>
public sealed class QueueManyTests
{
    const int Deadline = 60_000;
    static readonly Actor Operator = new("anna", Role.Operator, "203.0.113.4");
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static MailBench Begin()
    {
        var bench = new MailBench(Stop);
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true }));
        return bench;
    }

    static async Task<OperationView> EndAsync(MailBench bench, Result<OperationView> started)
    {
        Assert.Null(started.Problem?.Detail);
        await bench.Operations.WhenEndedAsync(started.Value!.Id);
        return bench.Operations.Find(started.Value.Id)!;
    }

    /// <summary>Freezing 450 messages, paused after the first page.</summary>
    static async Task<string> BeginAndPauseAsync(MailBench bench)
    {
        await bench.ReceiveManyAsync(450);
        string? id = null;
        using var begun = new ManualResetEventSlim();
        bench.Queue.Changing = () =>
        {
            begun.Wait(Stop);
            bench.Queue.Changing = null;
            Assert.Null(bench.Operations.Pause(id!, true, Operator));
        };
        id = bench.QueueOperations.Start(new(QueueAct.Freeze), new(1), Operator).Value!.Id;
        begun.Set();
        while (bench.Operations.Find(id)!.Done == 0) await Task.Yield();
        return id;
    }

    static int Count(MailBench bench, string domain, RecipientState state) => bench.Queue.Recipients.Count(one => one.Domain == domain && one.State == state);

    [Fact(Timeout = Deadline)]
    public async Task All_that_match_are_done_page_by_page_and_others_are_left_alone()
    {
        await using var bench = Begin();
        await bench.ReceiveManyAsync(450);
        await bench.ReceiveAsync("both\r\n", "x@test.com", "y@away.example");
        await bench.ReceiveManyAsync(3, "away.example");
        var progress = new List<OperationEvent>();
        var seen = new TaskCompletionSource();
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var watch = Task.Run(async () =>
        {
            await foreach (var what in bench.Events.ReadAsync(watching.Token))
            {
                if (what is not OperationEvent one) continue;
                progress.Add(one);
                if (one.State is not OperationState.Running) seen.SetResult();
            }
        }, Stop);
        while (!bench.Events.HasReaders) await Task.Yield();

        var ended = await EndAsync(bench, bench.QueueOperations.Start(new(QueueAct.Freeze), new(1, "test.com"), Operator));

        Assert.Equal((OperationState.Done, 451, 451, 0), (ended.State, ended.Done, ended.Total, ended.Failed));
        Assert.Equal(("freeze", "anna", 1, bench.Time.GetUtcNow()), (ended.What, ended.By, ended.SiteId, ended.EndedAt));
        Assert.Equal((451, 0, 4), (Count(bench, "test.com", RecipientState.Frozen), Count(bench, "test.com", RecipientState.Held), Count(bench, "away.example", RecipientState.Queued)));
        await seen.Task.WaitAsync(Stop);
        await watching.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        Assert.Equal([0, 200, 400, 451, 451], progress.Select(one => one.Done));
        Assert.All(progress, one => Assert.Equal(451, one.Total));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_site_that_is_gone_by_now_keeps_nothing_from_the_others()
    {
        await using var bench = Begin();
        await bench.ReceiveManyAsync(3);
        var ended = await EndAsync(bench, bench.QueueOperations.Start(new(QueueAct.Freeze), [new(99), new(1, "test.com")], "all", Operator));
        Assert.Equal((OperationState.Done, 3, 0), (ended.State, ended.Done, ended.Failed));
        Assert.Equal("There is no site 99.", bench.QueueOperations.Start(new(QueueAct.Freeze), [new(99)], "all", Operator).Problem!.Detail);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_on_its_way_is_counted_as_failed_with_the_reason()
    {
        await using var bench = Begin();
        await bench.ReceiveManyAsync(3, "away.example");
        await bench.Queue.LeaseDueAsync(new("n0/x", bench.Time.GetUtcNow().AddMinutes(5)), [1], bench.Time.GetUtcNow(), 1, [], Stop);

        foreach (var act in (QueueAct[])[QueueAct.Freeze, QueueAct.Bounce])
        {
            var ended = await EndAsync(bench, bench.QueueOperations.Start(new(act), new(1, "away.example"), Operator));
            Assert.Equal((OperationState.Done, 2, 1), (ended.State, ended.Done, ended.Failed));
            Assert.Contains("being delivered", ended.Reason, StringComparison.Ordinal);
            Assert.Equal(ended.Reason, Assert.Single(ended.Failures).Reason);
        }
        Assert.Equal(2, Count(bench, "away.example", RecipientState.Failed));
        // The one that is left, and the reports of the two.
        Assert.Equal(3, bench.Queue.Contents);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_cancelled_operation_ends_after_the_page_that_it_is_at()
    {
        await using var bench = Begin();
        await bench.ReceiveManyAsync(450);
        string? id = null;
        using var begun = new ManualResetEventSlim();
        bench.Queue.Changing = () =>
        {
            begun.Wait(Stop);
            bench.Operations.Cancel(id!, Operator);
        };
        var started = bench.QueueOperations.Start(new(QueueAct.Freeze), new(1), Operator).Value!;
        id = started.Id;
        Assert.Equal(ProblemKind.Forbidden, bench.Operations.Cancel(id, new("eve", Role.Viewer, "local"))!.Kind);
        begun.Set();
        await bench.Operations.WhenEndedAsync(id);

        var ended = bench.Operations.Find(id)!;
        Assert.Equal((OperationState.Cancelled, 200, 450), (ended.State, ended.Done, ended.Total));
        Assert.Equal((200, 250), (Count(bench, "test.com", RecipientState.Frozen), Count(bench, "test.com", RecipientState.Held)));
        Assert.Equal(ProblemKind.Conflict, bench.Operations.Cancel(id, Operator)!.Kind);
        Assert.Equal(ProblemKind.NotFound, bench.Operations.Cancel("0000000000000", Operator)!.Kind);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_paused_operation_waits_after_the_page_that_it_is_at_and_goes_on()
    {
        await using var bench = Begin();
        var id = await BeginAndPauseAsync(bench);
        Assert.Equal(ProblemKind.Forbidden, bench.Operations.Pause(id, true, new("eve", Role.Viewer, "local"))!.Kind);
        Assert.Equal((OperationState.Paused, 200), (bench.Operations.Find(id)!.State, bench.Operations.Find(id)!.Done));

        Assert.Null(bench.Operations.Pause(id, false, Operator));
        await bench.Operations.WhenEndedAsync(id);

        Assert.Equal((OperationState.Done, 450), (bench.Operations.Find(id)!.State, bench.Operations.Find(id)!.Done));
        Assert.Equal(ProblemKind.Conflict, bench.Operations.Pause(id, true, Operator)!.Kind);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_not_frozen_is_not_counted_as_released()
    {
        await using var bench = Begin();
        await bench.ReceiveAsync("Subject: one\r\n\r\n", "u@away.example");
        await bench.ReceiveAsync("Subject: two\r\n\r\n", "v@away.example");
        var frozen = new MessageId(bench.Queue.Messages[0].Id);
        Assert.NotNull((await bench.QueueOperations.ActAsync(frozen, new(QueueAct.Freeze), null, Operator, Stop)).Value);

        var ended = await EndAsync(bench, bench.QueueOperations.Start(new(QueueAct.Release), new(1, "away.example"), Operator));

        Assert.Equal((1, 1, "It is not frozen."), (ended.Done, ended.Failed, ended.Reason));
        Assert.Contains("not frozen", (await bench.QueueOperations.ActAsync(frozen, new(QueueAct.Release), null, Operator, Stop)).Problem!.Detail, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_a_stop_of_the_program_cuts_off_is_in_the_audit_record_with_how_far_it_had_come()
    {
        await using var bench = Begin();
        await bench.Audit.StartAsync(Stop);
        var id = await BeginAndPauseAsync(bench);

        await bench.Operations.StopAsync();
        await bench.Audit.StopAsync();

        var entry = Assert.Single(bench.AuditRecord.Entries, one => one.Action == "cut off");
        Assert.Equal($"operations/{id}", entry.Subject);
        var after = System.Text.Json.Nodes.JsonNode.Parse(entry.After!)!;
        Assert.Equal((200, 450, Operator.Name), (after["done"]!.GetValue<long>(), after["total"]!.GetValue<long>(), after["by"]!.GetValue<string>()));
    }

    [Fact(Timeout = Deadline)]
    public async Task Export_writes_copies_and_the_messages_go_on_waiting()
    {
        await using var bench = Begin();
        await bench.ReceiveManyAsync(3);

        var ended = await EndAsync(bench, bench.QueueOperations.Start(new(QueueAct.Export), new(1, "test.com"), Operator));

        Assert.Equal((OperationState.Done, 3, 0), (ended.State, ended.Done, ended.Failed));
        var files = Directory.GetFiles(ended.Folder!, "*.eml");
        Assert.Equal(3, files.Length);
        Assert.All(files, file => Assert.StartsWith("x-sender: ", File.ReadAllText(file), StringComparison.Ordinal));
        Assert.Equal(3, Count(bench, "test.com", RecipientState.Held));
    }

    [Fact(Timeout = Deadline)]
    public async Task An_operation_that_cannot_go_on_says_so_and_is_listed_for_an_hour()
    {
        await using var bench = Begin();
        await bench.ReceiveAsync("x\r\n", "u@test.com");
        bench.Queue.Trouble = new QueueFullException("full");

        var ended = await EndAsync(bench, bench.QueueOperations.Start(new(QueueAct.Freeze), new(1), Operator));

        Assert.Equal(OperationState.Failed, ended.State);
        Assert.Contains("disk is full", ended.Reason, StringComparison.Ordinal);
        bench.Time.Advance(TimeSpan.FromHours(1));
        Assert.Single(bench.Operations.List());
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(bench.Operations.List());
        Assert.Null(bench.Operations.Find(ended.Id));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_stopped_destination_is_neither_tried_nor_collected_until_it_is_released()
    {
        await using var bench = Begin();
        await bench.ReceiveAsync("x\r\n", "before@away.example", "before@test.com");
        foreach (var domain in (string[])["AWAY.example", "test.com"])
            Assert.Equal(OperationState.Done, (await EndAsync(bench, await bench.QueueOperations.HoldAsync(1, domain, Operator, Stop))).State);
        Assert.All(bench.Queue.Recipients, one => Assert.Equal(RecipientState.Frozen, one.State));

        await bench.ReceiveAsync("x\r\n", "after@away.example", "after@test.com");
        Assert.Empty(await bench.Queue.LeaseDueAsync(new("n0/x", bench.Time.GetUtcNow().AddMinutes(5)), [1], bench.Time.GetUtcNow(), 9, [], Stop));
        await using (var talk = await bench.HelloAsync("testserver")) await talk.AskAsync("TURN", "453");
        Assert.All(bench.Queue.Recipients, one => Assert.Equal(RecipientState.Frozen, one.State));

        // One by one does not undo it.
        var id = new MessageId(bench.Queue.Messages[0].Id);
        Assert.Contains("is stopped", (await bench.QueueOperations.ActAsync(id, new(QueueAct.Release), null, Operator, Stop)).Problem!.Detail, StringComparison.Ordinal);
        Assert.Equal(ProblemKind.Conflict, (await bench.QueueOperations.RetryAsync(1, "away.example", Operator, Stop)).Problem!.Kind);

        foreach (var domain in (string[])["away.example", "test.com"])
        {
            var released = await EndAsync(bench, await bench.QueueOperations.ReleaseAsync(1, domain, Operator, Stop));
            Assert.Equal((2, 0), (released.Done, released.Failed));
        }
        Assert.Equal((2, 2), (Count(bench, "away.example", RecipientState.Queued), Count(bench, "test.com", RecipientState.Held)));
        Assert.Contains("not stopped", (await bench.QueueOperations.ReleaseAsync(1, "test.com", Operator, Stop)).Problem!.Detail, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_cannot_be_is_refused_before_anything_begins()
    {
        await using var bench = Begin();
        Assert.Equal(ProblemKind.Forbidden, bench.QueueOperations.Start(new(QueueAct.Freeze), new(1), new("eve", Role.Viewer, "local")).Problem!.Kind);
        Assert.Equal(ProblemKind.NotFound, bench.QueueOperations.Start(new(QueueAct.Freeze), new(9), Operator).Problem!.Kind);
        Assert.Equal(["smartHost"], bench.QueueOperations.Start(new(QueueAct.Redirect, new(SmartHost: "x")), new(1), Operator).Problem!.Errors.Keys);
        Assert.Equal(ProblemKind.NotFound, (await bench.QueueOperations.HoldAsync(9, "test.com", Operator, Stop)).Problem!.Kind);
        Assert.Empty(bench.Operations.List());
    }
}
