using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Queue;

public sealed class QueueOperationsTests
{
    static readonly Actor Viewer = new("eve", Role.Viewer, "local");
    static readonly Actor Operator = new("anna", Role.Operator, "203.0.113.4");

    [Fact(Timeout = 30_000)]
    public async Task Content_is_for_operators_and_deleting_waits_for_deliveries()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var bench = new MailBench(stop);
        await bench.ReceiveAsync(string.Concat(Enumerable.Repeat("line\r\n", 50_000)), "u@test.com");
        var operations = bench.QueueOperations;
        var message = Assert.Single((await operations.ListAsync(new(1), null, 10, stop)).Items);
        var id = new MessageId(message.Id);
        var path = bench.Spool.Full(message.ContentPath!);

        Assert.Equal(ProblemKind.Forbidden, (await operations.OpenContentAsync(id, Viewer, stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await operations.DeleteAsync(id, Viewer, stop))!.Kind);
        Assert.Equal(ProblemKind.NotFound, (await operations.OpenContentAsync(new(7), Operator, stop)).Problem!.Kind);
        await using (var content = (await operations.OpenContentAsync(id, Operator, stop)).Value!) Assert.Equal(message.Size, content.Length);

        await bench.Queue.LeaseHeldAsync(new("somebody", bench.Time.GetUtcNow().AddMinutes(5)), 1, ["test.com"], 1, stop);
        Assert.Equal(ProblemKind.Conflict, (await operations.DeleteAsync(id, Operator, stop))!.Kind);
        await bench.Queue.ReleaseAsync("somebody");
        Assert.Null(await operations.DeleteAsync(id, Operator, stop));
        Assert.False(File.Exists(path));
        Assert.Equal(RecipientState.Deleted, (await operations.FindAsync(id, stop))!.Recipients[0].State);
        Assert.Equal(ProblemKind.NotFound, (await operations.DeleteAsync(id, Operator, stop))!.Kind);
        Assert.Equal(ProblemKind.NotFound, (await operations.OpenContentAsync(id, Operator, stop)).Problem!.Kind);
    }
}
