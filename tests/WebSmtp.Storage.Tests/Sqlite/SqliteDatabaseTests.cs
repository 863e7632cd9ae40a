using System.Data.Common;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Migrations.Sqlite;
using WebSmtp.Mta.Queue;
using WebSmtp.Storage.Queue;

namespace WebSmtp.Storage.Tests.Sqlite;

public sealed class SqliteDatabaseTests(SqliteFiles files)
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
        Size = 100_000,
        Recipients = [new() { Address = "a@b.example", Domain = "b.example", State = RecipientState.Held }],
    };

    static async Task<long> PragmaAsync(DbConnection connection, string pragma)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {pragma};";
        return Convert.ToInt64(await command.ExecuteScalarAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_file_has_large_pages_and_every_writer_flushes()
    {
        var provider = files.New();
        await using var database = await TestDatabase.OpenAsync(provider);
        await using var db = await database.ContextAsync();
        await db.Database.OpenConnectionAsync(Stop);
        await using var writer = await provider.OpenWriterAsync(Stop);
        foreach (var connection in new[] { db.Database.GetDbConnection(), writer })
        {
            Assert.Equal(8192, await PragmaAsync(connection, "page_size"));
            Assert.Equal(2, await PragmaAsync(connection, "auto_vacuum"));
            // Of the writer each commit is flushed apart.
            Assert.Equal(connection == writer ? 1 : 2, await PragmaAsync(connection, "synchronous"));
            Assert.Equal(1, await PragmaAsync(connection, "foreign_keys"));
            Assert.InRange(await PragmaAsync(connection, "wal_autocheckpoint"), 1000, 40_000);
        }
        await using var command = writer.CreateCommand();
        command.CommandText = "PRAGMA journal_mode;";
        Assert.Equal("wal", await command.ExecuteScalarAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_writer_stores_values_as_the_provider_does()
    {
        byte[] some = [0, 1, 255];
        object?[] values =
        [
            null, DBNull.Value, "", "plain", "größer 😀", new string('ü', 256), new string('x', 257), "a\0b", true, false, 0, -7, int.MaxValue, long.MinValue,
            TestDatabase.Start.UtcDateTime, TestDatabase.Start.UtcDateTime.AddTicks(1), TestDatabase.Start.UtcDateTime.AddMilliseconds(120),
            ReadOnlyMemory<byte>.Empty, new ReadOnlyMemory<byte>(some, 1, 2),
        ];
        var provider = files.New();
        await using var database = await TestDatabase.OpenAsync(provider);
        await using var writer = await provider.OpenWriterAsync(Stop);
        foreach (var (table, prepared) in new[] { ("a", true), ("b", false) })
        {
            await using var make = writer.CreateCommand();
            make.CommandText = $"CREATE TABLE {table} (Id INTEGER PRIMARY KEY, Value)";
            await make.ExecuteNonQueryAsync(Stop);
            await using var insert = writer.CreateCommand();
            insert.CommandText = $"INSERT INTO {table} (Id, Value) VALUES (@Id, @Value)";
            foreach (var name in new[] { "@Value", "@Id" })
            {
                var parameter = insert.CreateParameter();
                parameter.ParameterName = name;
                insert.Parameters.Add(parameter);
            }
            if (prepared) insert.Prepare();
            foreach (var (id, value) in values.Index())
            {
                insert.Parameters["@Id"].Value = id;
                insert.Parameters["@Value"].Value = !prepared && value is ReadOnlyMemory<byte> bytes ? bytes.ToArray() : value ?? DBNull.Value;
                Assert.Equal(1, await insert.ExecuteNonQueryAsync(Stop));
            }
            insert.Parameters["@Id"].Value = 0;
            var twice = await Assert.ThrowsAsync<SqliteException>(() => insert.ExecuteNonQueryAsync(Stop));
            Assert.Equal(DatabaseTrouble.Duplicate, provider.Classify(twice));
        }
        await using var compare = writer.CreateCommand();
        compare.CommandText = "SELECT count(*) FROM a JOIN b USING (Id) WHERE a.Value IS b.Value AND typeof(a.Value) = typeof(b.Value)";
        Assert.Equal((long)values.Length, await compare.ExecuteScalarAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Threads_that_serve_sockets_do_not_wait_for_the_database()
    {
        await using var opened = await TestDatabase.OpenAsync(files.New());
        var database = opened.Get<Database>();
        Func<Func<WebSmtpDb, Task<bool>>, Task<bool>>[] ways = [look => database.ReadAsync(look, Stop), look => database.WriteAsync(look, Stop)];
        foreach (var way in ways)
        {
            var begun = new TaskCompletionSource<Task<bool>>();
            new Thread(() => begun.SetResult(way(_ => Task.FromResult(Thread.CurrentThread.IsThreadPoolThread)))).Start();
            Assert.True(await await begun.Task);
        }
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Only_its_owner_may_read_the_database_and_its_log()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes; the directory's rights are inherited.");
        var path = files.NewPath();
        await using var database = await TestDatabase.OpenAsync(SqliteDatabase.For(path));
        foreach (var file in new[] { path, path + "-wal" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_was_committed_is_there_after_the_program_ended()
    {
        var path = files.NewPath();
        await using (var first = await TestDatabase.OpenAsync(SqliteDatabase.For(path))) await first.Queue.CommitAsync(NewMessage(1), "content"u8.ToArray());
        Assert.False(File.Exists(path + "-wal"));
        await using var second = await TestDatabase.OpenAsync(SqliteDatabase.For(path));
        Assert.Equal("content"u8.ToArray(), (await second.Queue.ReadContentAsync(new(1), Stop))!.Value.ToArray());
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_second_process_on_the_same_data_directory_is_refused()
    {
        var path = files.NewPath();
        await using (await TestDatabase.OpenAsync(SqliteDatabase.For(path)))
        {
            var refusal = await Assert.ThrowsAsync<DataDirectoryInUseException>(() => TestDatabase.OpenAsync(SqliteDatabase.For(path)));
            Assert.Contains(Path.GetDirectoryName(path)!, refusal.Message, StringComparison.Ordinal);
            using var other = Process.Start("flock", ["--nonblock", path + ".lock", "true"]);
            await other.WaitForExitAsync(Stop);
            Assert.Equal(1, other.ExitCode);
        }
        await using var next = await TestDatabase.OpenAsync(SqliteDatabase.For(path));
        Assert.True(await next.Queue.ProbeAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_database_of_a_newer_version_is_refused_and_not_touched()
    {
        var path = files.NewPath();
        await using (var database = await TestDatabase.OpenAsync(SqliteDatabase.For(path)))
        {
            await using var db = await database.ContextAsync();
            await db.Database.ExecuteSqlAsync($"INSERT INTO \"__EFMigrationsHistory\" VALUES ('99990101000000_FromTheFuture', '99.0.0')", Stop);
        }
        var refusal = await Assert.ThrowsAsync<DatabaseTooNewException>(() => TestDatabase.OpenAsync(SqliteDatabase.For(path)));
        Assert.Contains("FromTheFuture", refusal.Message, StringComparison.Ordinal);
        // What was claimed was given back.
        await Assert.ThrowsAsync<DatabaseTooNewException>(() => TestDatabase.OpenAsync(SqliteDatabase.For(path)));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_lock_of_a_process_killed_while_migrating_is_removed()
    {
        var path = files.NewPath();
        var provider = SqliteDatabase.For(path);
        using (await provider.ClaimAsync(Stop))
        {
            await using var connection = await provider.OpenWriterAsync(Stop);
            await using var command = connection.CreateCommand();
            command.CommandText =
                """
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01 00:00:00+00:00');
                """;
            await command.ExecuteNonQueryAsync(Stop);
        }
        await using var database = await TestDatabase.OpenAsync(provider);
        Assert.True(await database.Queue.ProbeAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_full_disk_refuses_mail_until_there_is_room()
    {
        var provider = new SmallDisk(files.New());
        await using var database = await TestDatabase.OpenAsync(provider);
        await database.Queue.CommitAsync(NewMessage(1), new byte[100_000]);
        await provider.LimitAsync(pages: 1);

        for (var round = 0; round < 3; round++)
        {
            var commits = Enumerable.Range(10, 20).Select(i => database.Queue.CommitAsync(NewMessage(i), new byte[100_000])).ToList();
            foreach (var commit in commits) await Assert.ThrowsAsync<QueueFullException>(() => commit);
        }
        Assert.Equal(1, await database.Queue.CountLiveAsync(1, Stop));
        Assert.Single(await database.Queue.LeaseHeldAsync(new("n/a", TestDatabase.Start.AddHours(1)), 1, ["b.example"], 5, Stop));

        await provider.LimitAsync(pages: 1_000_000);
        await Task.WhenAll(Enumerable.Range(10, 20).Select(i => database.Queue.CommitAsync(NewMessage(i), new byte[100_000])));
        Assert.Equal(21, await database.Queue.CountLiveAsync(1, Stop));
        Assert.Equal(21, (await database.Queue.FindDestinationAsync(1, "b.example", Stop))!.Messages);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_writer_recovers_when_its_connection_is_lost()
    {
        var provider = new SmallDisk(files.New());
        await using var database = await TestDatabase.OpenAsync(provider);
        await database.Queue.CommitAsync(NewMessage(1), null);
        await provider.Writer!.DisposeAsync();
        await database.Queue.CommitAsync(NewMessage(2), null);
        Assert.Equal(2, await database.Queue.CountLiveAsync(1, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task An_idle_writer_gives_free_pages_back_to_the_disk()
    {
        var path = files.NewPath();
        await using var database = await TestDatabase.OpenAsync(SqliteDatabase.For(path));
        await Task.WhenAll(Enumerable.Range(1, 1000).Select(i => database.Queue.CommitAsync(NewMessage(i), new byte[100_000])));
        await Task.WhenAll(Enumerable.Range(1, 1000).Select(i => database.Queue.DeleteAsync(new(i), "test")));
        await using var db = await database.ContextAsync();
        await db.Database.OpenConnectionAsync(Stop);
        var before = await PragmaAsync(db.Database.GetDbConnection(), "freelist_count");
        Assert.True(before > 10_000);
        while (await PragmaAsync(db.Database.GetDbConnection(), "freelist_count") > 8192)
        {
            database.Clock.Advance(CommitPipeline.IdleBeforeTidying);
            await Task.Yield();
        }
        await database.Queue.CommitAsync(NewMessage(2000), new byte[1000]);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_log_begins_anew_while_mail_comes_in_without_a_pause()
    {
        var path = files.NewPath();
        await using var database = await TestDatabase.OpenAsync(SqliteDatabase.For(path));
        var content = new byte[1 << 20];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async sender =>
        {
            for (var i = 1; i <= 60; i++) await database.Queue.CommitAsync(NewMessage(sender * 1000 + i), content);
        }));
        // 480 MiB were written; a commit would copy them all by itself from 256 MiB on.
        Assert.InRange(new FileInfo(path + "-wal").Length, 1, 255 << 20);
        Assert.Equal(content.Length, (await database.Queue.ReadContentAsync(new(7060), Stop))!.Value.Length);
        Assert.Equal(480, await database.Queue.CountLiveAsync(1, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_is_in_the_log_is_copied_while_somebody_reads_an_old_state()
    {
        var provider = SqliteDatabase.For(files.NewPath());
        await using var database = await TestDatabase.OpenAsync(provider);
        await using var db = await database.ContextAsync();
        await db.Database.OpenConnectionAsync(Stop);
        await db.Database.ExecuteSqlAsync($"BEGIN", Stop);
        Assert.Equal(0, await db.Messages.CountAsync(Stop));
        await Task.WhenAll(Enumerable.Range(1, 150).Select(i => database.Queue.CommitAsync(NewMessage(i), new byte[1 << 20])));
        await using var connection = await provider.OpenWriterAsync(Stop);
        Assert.True(await provider.CheckpointAsync(connection, Stop));
        Assert.Equal(0, await db.Messages.CountAsync(Stop));
        await db.Database.ExecuteSqlAsync($"COMMIT", Stop);
        Assert.Equal(150, await db.Messages.CountAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task After_the_end_a_change_is_refused()
    {
        var database = await TestDatabase.OpenAsync(files.New());
        var queue = database.Queue;
        await database.DisposeAsync();
        await Assert.ThrowsAsync<QueueUnavailableException>(() => queue.CommitAsync(NewMessage(1), null));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Nothing_is_answered_before_it_is_flushed()
    {
        var provider = new SlowDisk(files.New());
        await using var database = await TestDatabase.OpenAsync(provider);
        await database.Queue.CommitAsync(NewMessage(1), null);
        var flushing = new TaskCompletionSource();
        using var flushed = new ManualResetEventSlim();
        provider.Flushing = () =>
        {
            flushing.TrySetResult();
            flushed.Wait(Stop);
        };

        var commit = Task.Run(() => database.Queue.CommitAsync(NewMessage(2), null), Stop);
        await flushing.Task.WaitAsync(Stop);
        // It is written, and it may be lost.
        Assert.Equal(2, await database.Queue.CountLiveAsync(1, Stop));
        Assert.False(commit.IsCompleted);
        flushed.Set();
        await commit;
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task What_could_not_be_flushed_is_there_once_when_it_can()
    {
        var provider = new SlowDisk(files.New());
        await using var database = await TestDatabase.OpenAsync(provider);
        var flushes = 0;
        provider.Flushing = () =>
        {
            if (++flushes == 1) throw new IOException("The disk does not answer.", 5);
        };
        await Task.WhenAll(Enumerable.Range(1, 5).Select(i => database.Queue.CommitAsync(NewMessage(i), null)));
        Assert.Equal(5, await database.Queue.CountLiveAsync(1, Stop));

        provider.Flushing = () => throw new IOException("No room.", 28);
        await Assert.ThrowsAsync<QueueFullException>(() => database.Queue.CommitAsync(NewMessage(6), null));
    }

    /// <summary>A disk that takes its time for what is to last.</summary>
    sealed class SlowDisk(SqliteDatabase inner) : ChangedSqlite(inner)
    {
        public Action? Flushing { get; set; }

        public override void Flush(DbConnection writer)
        {
            Flushing?.Invoke();
            base.Flush(writer);
        }
    }

    /// <summary>SQLite's own limit of pages gives the error of a full disk, when and where the test wants it.</summary>
    sealed class SmallDisk(SqliteDatabase inner) : ChangedSqlite(inner)
    {
        public DbConnection? Writer { get; private set; }
        public override async Task<DbConnection> OpenWriterAsync(CancellationToken stop) => Writer = await base.OpenWriterAsync(stop);
        public Task<long> LimitAsync(int pages) => PragmaAsync(Writer!, $"max_page_count = {pages}");
    }
}
