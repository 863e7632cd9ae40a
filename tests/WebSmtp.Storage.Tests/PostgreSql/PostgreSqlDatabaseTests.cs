using Microsoft.EntityFrameworkCore;
using Npgsql;
using WebSmtp.Migrations.PostgreSql;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Tests.PostgreSql;

public sealed class PostgreSqlDatabaseTests(PostgreSqlServer server)
{
    const int DeadlineMilliseconds = 120_000;
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static Message NewMessage(int i) => new()
    {
        Id = i,
        SiteId = 1,
        ReceivedAt = TestDatabase.Start,
        ClientAddress = "::1",
        HeloName = "x",
        Protocol = "SMTP",
        MailFrom = "",
        Size = 100,
        Recipients = [new() { Address = "a@b.example", Domain = "b.example", State = RecipientState.Held }],
    };

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        var uri = await server.NewAsync(migrated: false);
        await using (var database = await TestDatabase.OpenAsync(PostgreSqlDatabase.For(uri)))
        {
            await using var db = await database.ContextAsync();
            await db.Database.ExecuteSqlAsync($"INSERT INTO \"__EFMigrationsHistory\" VALUES ('99990101000000_FromTheFuture', '99.0.0')", Stop);
        }
        await Assert.ThrowsAsync<DatabaseTooNewException>(() => TestDatabase.OpenAsync(PostgreSqlDatabase.For(uri)));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Two_processes_share_the_queue_and_never_an_entry()
    {
        var uri = await server.NewAsync();
        await using var one = await TestDatabase.OpenAsync(PostgreSqlDatabase.For(uri));
        await using var two = await TestDatabase.OpenAsync(PostgreSqlDatabase.For(uri));
        await Task.WhenAll(Enumerable.Range(1, 400).Select(i => (i % 2 == 0 ? one : two).Queue.CommitAsync(NewMessage(i), new byte[100])));

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(claimant => Task.Run(async () =>
        {
            var queue = (claimant % 2 == 0 ? one : two).Queue;
            var mine = new List<LeasedMessage>();
            while (true)
            {
                var some = await queue.LeaseHeldAsync(new($"node{claimant % 2}/{claimant}", TestDatabase.Start.AddHours(1)), 1, ["b.example"], 9, Stop);
                if (some.Count == 0) return mine;
                await queue.SettleAsync([.. some.Select(l => new Settlement(
                    l.Recipients[0].Id, new(l.Message.Id), l.Recipients[0].Lease!, RecipientState.Delivered, null, "250 ok", "mx", true, new() { Event = "delivered" }))]);
                mine.AddRange(some);
            }
        })));
        var ids = taken.SelectMany(t => t).Select(l => l.Message.Id).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        // Who saw nothing but what others were about to take has gone: what they gave up on is taken now.
        var rest = await one.Queue.LeaseHeldAsync(new("node1/rest", TestDatabase.Start.AddHours(1)), 1, ["b.example"], 999, Stop);
        Assert.Equal(400, ids.Count + rest.Count);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_full_disk_refuses_mail_until_there_is_room()
    {
        var uri = await server.NewAsync();
        await using var database = await TestDatabase.OpenAsync(PostgreSqlDatabase.For(uri));
        await using var db = await database.ContextAsync();
        await db.Database.ExecuteSqlRawAsync(
            """
            CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql;
            CREATE TRIGGER full_disk BEFORE INSERT ON "Contents" FOR EACH ROW EXECUTE FUNCTION full_disk();
            """, Stop);
        await Assert.ThrowsAsync<QueueFullException>(() => database.Queue.CommitAsync(NewMessage(1), new byte[100]));
        var commits = Enumerable.Range(2, 20).Select(i => database.Queue.CommitAsync(NewMessage(i), new byte[100])).ToList();
        foreach (var commit in commits) await Assert.ThrowsAsync<QueueFullException>(() => commit);
        Assert.Equal(0, await database.Queue.CountLiveAsync(1, Stop));

        await db.Database.ExecuteSqlRawAsync("DROP TRIGGER full_disk ON \"Contents\"", Stop);
        await database.Queue.CommitAsync(NewMessage(1), new byte[100]);
        Assert.Equal(1, await database.Queue.CountLiveAsync(1, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Mail_goes_on_after_the_server_cut_all_connections()
    {
        var uri = await server.NewAsync();
        await using var database = await TestDatabase.OpenAsync(PostgreSqlDatabase.For(uri));
        await database.Queue.CommitAsync(NewMessage(1), new byte[100]);
        Assert.Equal(1, await database.Queue.CountLiveAsync(1, Stop));
        await server.ExecuteAsync("postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{uri[(uri.LastIndexOf('/') + 1)..]}'");
        await database.Queue.CommitAsync(NewMessage(2), new byte[100]);
        Assert.Equal(2, await database.Queue.CountLiveAsync(1, Stop));
    }

    [Theory]
    [InlineData("postgresql://user:pa%40ss@db.example:5433/mail", "db.example", 5433, "user", "pa@ss", "mail")]
    [InlineData("postgres://user@[::1]/mail", "::1", 5432, "user", null, "mail")]
    [InlineData("postgresql://db.example/mail?SSL%20Mode=Require", "db.example", 5432, null, null, "mail")]
    public void An_address_names_the_database(string uri, string host, int port, string? user, string? password, string name)
    {
        var options = new DbContextOptionsBuilder<WebSmtpDb>();
        PostgreSqlDatabase.For(uri).Configure(options);
        using var db = new WebSmtpDb(options.Options);
        var connection = new NpgsqlConnectionStringBuilder(db.Database.GetConnectionString());
        Assert.Equal((host, port, user, password, name), (connection.Host, connection.Port, connection.Username, connection.Password, connection.Database));
    }

    [Theory]
    [InlineData("mysql://user:secret@host/name")]
    [InlineData("postgresql://user:secret@host")]
    [InlineData("postgresql://user:secret@host/name?NoSuchThing=1")]
    [InlineData("secret")]
    public void A_bad_address_is_refused_without_telling_the_secret(string uri) =>
        Assert.DoesNotContain("secret", Assert.Throws<FormatException>(() => PostgreSqlDatabase.For(uri)).Message, StringComparison.Ordinal);
}
