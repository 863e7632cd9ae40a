using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using WebSmtp.Migrations.Sqlite;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Trace;
using WebSmtp.Storage.Queue;

namespace WebSmtp.Storage.Tests.Sqlite;

/// <summary>What the program does all day must cost the same in a long queue: nothing walks through a whole table, or sorts one.</summary>
public sealed class QueryPlanTests(SqliteFiles files)
{
    const int DeadlineMilliseconds = 120_000;
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Queries_of_the_queue_use_indexes()
    {
        var watched = new WatchedSqlite(files.New());
        await using var database = await TestDatabase.OpenAsync(watched);
        var queue = database.Queue;
        await queue.CommitAsync(new()
        {
            Id = 1,
            SiteId = 1,
            ReceivedAt = TestDatabase.Start,
            ClientAddress = "::1",
            HeloName = "x",
            Protocol = "SMTP",
            MailFrom = "",
            ContentPath = "x",
            Recipients =
            [
                new() { Address = "a@b.example", Domain = "b.example", State = RecipientState.Held },
                new() { Address = "a@c.example", Domain = "c.example", State = RecipientState.Queued, DueAt = TestDatabase.Start },
            ],
        }, null);
        watched.Queries.Clear();

        var lease = new Lease("n/a", TestDatabase.Start.AddHours(1));
        await queue.NextDueAsync([1, 2], Stop);
        await queue.LeaseHeldAsync(lease, 1, ["b.example"], 10, Stop);
        await queue.LeaseDueAsync(lease, [1, 2], TestDatabase.Start, 10, Stop);
        await queue.LeaseDueAsync(lease, [1, 2], TestDatabase.Start, 10, [(1, "full.example")], Stop);
        await queue.MoveDueAsync(1, TestDatabase.Start, new(TestDatabase.Start.AddMinutes(1)));
        await queue.ReleaseAsync("n/a");
        await queue.ListAsync(new(1), null, 10, Stop);
        await queue.ListAsync(new(1, History: true), null, 10, Stop);
        await queue.ListAsync(new(1, Domain: "b.example"), null, 10, Stop);
        await queue.ListAsync(new(1, State: RecipientState.Held), null, 10, Stop);
        await queue.ListDestinationsAsync(1, null, 10, Stop);
        await queue.FindSubdomainsAsync(1, "example", Stop);
        await queue.FindDestinationAsync(1, "b.example", Stop);
        await queue.CountLiveAsync(1, Stop);
        await queue.CountFrozenAsync(1, "b.example", Stop);
        await queue.FindOrphansAsync(["x", "y"], Stop);
        await queue.TraceAsync(new(1), Stop);
        await queue.ReadContentAsync(new(1), Stop);
        await queue.ReroutedAsync(1, "b.example", hold: false, TestDatabase.Start);
        await queue.LeaseOverdueAsync(lease, 1, "b.example", TestDatabase.Start, 10, Stop);
        await queue.PurgeHistoryAsync(TestDatabase.Start, 10);
        await queue.MoveSiteAsync(1, 2);
        await queue.WalkAsync(new(1, "b.example"), new(0), 10, Stop);
        await queue.WalkAsync(new(1, State: RecipientState.Frozen), new(0), 10, Stop);
        await queue.CountAsync(new(1, "b.example", RecipientState.Queued), Stop);
        await queue.FindStoppedAsync(1, "b.example", Stop);
        var trace = database.Get<ITraceStore>();
        await trace.IndexAsync(TestDatabase.Start, Stop);
        await trace.FindMessagesAsync(new(), long.MaxValue, 10, Stop);
        await trace.FindMessagesAsync(new(1, Recipient: "a@b.example", From: TestDatabase.Start), long.MaxValue, 10, Stop);
        await trace.FindMessagesAsync(new(Sender: "a@b.example"), long.MaxValue, 10, Stop);
        await trace.FindRejectionsAsync(new(1, HeaderMessageId: "<a@b.example>"), long.MaxValue, 10, Stop);
        await trace.PurgeAsync(TestDatabase.Start, 10, Stop);

        Assert.True(watched.Queries.Count > 20);
        await using var connection = await watched.OpenWriterAsync(Stop);
        foreach (var (text, parameters) in watched.Queries) await AssertIndexedAsync(connection, text, parameters);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Hot_statements_use_indexes()
    {
        var provider = files.New();
        await using var database = await TestDatabase.OpenAsync(provider);
        await using var connection = await provider.OpenWriterAsync(Stop);
        foreach (var statement in HotStatements.All)
        {
            await AssertIndexedAsync(connection, statement.Text, statement.Parameters.ToDictionary(p => "@" + p, _ => (object)DBNull.Value));
        }
    }

    static async Task AssertIndexedAsync(DbConnection connection, string text, Dictionary<string, object> parameters)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + text;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }
        await using var reader = await command.ExecuteReaderAsync(Stop);
        var plan = new List<string>();
        while (await reader.ReadAsync(Stop)) plan.Add(reader.GetString(3));
        // "SCAN json_each" walks through a parameter, "SCAN m0" through the rows of a subquery, "SCAN CONSTANT ROW" through one.
        Assert.DoesNotContain(plan, step => step == "USE TEMP B-TREE FOR ORDER BY" || step.StartsWith("SCAN", StringComparison.Ordinal) && !step.Contains("VIRTUAL TABLE", StringComparison.Ordinal) &&
            !step.Contains("CONSTANT ROW", StringComparison.Ordinal) && !step.Contains("USING", StringComparison.Ordinal) && !IsSubquery(step, text));
    }

    static bool IsSubquery(string step, string text) => !text.Contains($"\" AS \"{step.Split(' ')[1]}\"", StringComparison.Ordinal);

    sealed class WatchedSqlite(SqliteDatabase inner) : ChangedSqlite(inner)
    {
        public List<(string Text, Dictionary<string, object> Parameters)> Queries { get; } = [];

        public override void Configure(DbContextOptionsBuilder options)
        {
            base.Configure(options);
            options.AddInterceptors(new Watch(Queries));
        }

        sealed class Watch(List<(string, Dictionary<string, object>)> queries) : DbCommandInterceptor
        {
            public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
                DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
            {
                lock (queries) queries.Add((command.CommandText, command.Parameters.Cast<DbParameter>().ToDictionary(p => p.ParameterName, p => p.Value!)));
                return ValueTask.FromResult(result);
            }
        }
    }
}
