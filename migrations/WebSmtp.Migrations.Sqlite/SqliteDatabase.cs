using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Diagnostics;
using WebSmtp.Mta.Queue;
using WebSmtp.Storage;

namespace WebSmtp.Migrations.Sqlite;

/// <summary>
/// The queue and the settings in one file, of one process. Write-ahead log, flushed at every commit; pages of 8 KiB: with
/// larger ones a group of messages writes more bytes, with smaller ones more pages.
/// </summary>
public sealed class SqliteDatabase : DatabaseProvider
{
    const int PageBytes = 8 << 10;

    // Free pages up to this are kept for the mail to come; what a flood left behind is given back to the disk in pieces.
    const long FreePagesKept = (64 << 20) / PageBytes;
    const long FreePagesGivenBack = (16 << 20) / PageBytes;

    // From here on the log should begin anew. Twice as much is copied by the commit that comes upon it, whatever waits.
    const int LongLogBytes = 128 << 20;

    static readonly string ConnectionPragmas =
        $"""
        PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = {2 * LongLogBytes / PageBytes}; PRAGMA journal_size_limit = {2 * LongLogBytes};
        """;
    const string WriterPragmas = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;";

    // https://sqlite.org/rescode.html
    const int Full = 13, IoErrorWrite = 778, IoErrorFsync = 1034, IoErrorTruncate = 1546, IoErrorShmSize = 4874;
    const int NotUniqueKey = 1555, NotUnique = 2067;

    readonly string _path;
    readonly string _connection;

    SqliteDatabase(string path)
    {
        _path = Path.GetFullPath(path);
        _connection = new SqliteConnectionStringBuilder { DataSource = _path, ForeignKeys = true }.ConnectionString;
    }

    /// <summary>The database in a file, which is made at first use.</summary>
    public static SqliteDatabase For(string path) => new(path);

    public override string Name => "SQLite";
    public override string VersionQuery => "SELECT sqlite_version() AS \"Value\"";
    public override string SizeQuery => "SELECT page_count * page_size AS \"Value\" FROM pragma_page_count(), pragma_page_size()";
    public override bool OneWriter => true;

    public override void Configure(DbContextOptionsBuilder options) => options
        .UseSqlite(_connection, p => p.MigrationsAssembly(typeof(SqliteDatabase).Assembly.GetName().Name))
        .AddInterceptors(new PragmaInterceptor());

    public override async Task<DbConnection> OpenWriterAsync(CancellationToken stop)
    {
        var connection = new SqliteWriter(new SqliteConnectionStringBuilder(_connection) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(stop);
            await ExecuteAsync(connection, ConnectionPragmas + WriterPragmas, stop);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override void Flush(DbConnection writer) => ((SqliteWriter)writer).Flush();

    public override DatabaseTrouble Classify(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (DiskTrouble.IsFull(inner)) return DatabaseTrouble.Full;
            if (inner is not SqliteException sqlite) continue;
            if (sqlite.SqliteErrorCode == Full) return DatabaseTrouble.Full;
            return sqlite.SqliteExtendedErrorCode switch
            {
                IoErrorWrite or IoErrorFsync or IoErrorTruncate or IoErrorShmSize => DatabaseTrouble.Full,
                NotUniqueKey or NotUnique => DatabaseTrouble.Duplicate,
                _ => DatabaseTrouble.Other,
            };
        }
        return DatabaseTrouble.Other;
    }

    public override async Task<IDisposable?> ClaimAsync(CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var claim = Claim();
        try
        {
            if (!File.Exists(_path) || new FileInfo(_path).Length == 0) await CreateAsync(stop);
            return new Hold(claim, _connection);
        }
        catch
        {
            await claim.DisposeAsync();
            throw;
        }
    }

    /// <summary>An exclusive lock on a file beside the database, which the system gives back even when the process is killed.</summary>
    FileStream Claim()
    {
        try
        {
            return new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            throw new DataDirectoryInUseException(
                $"The data directory '{Path.GetDirectoryName(_path)}' is used by another process of WebSmtp. Stop that one, or choose another directory.",
                exception);
        }
    }

    /// <summary>These can only be chosen before there is a table.</summary>
    async Task CreateAsync(CancellationToken stop)
    {
        // It has mail and what logs people in; SQLite gives the files beside it the same rights.
        if (!OperatingSystem.IsWindows() && !File.Exists(_path))
        {
            const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (new FileStream(_path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Owner })) { }
        }
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder(_connection) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(stop);
        await ExecuteAsync(connection, $"PRAGMA page_size = {PageBytes}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;", stop);
    }

    /// <summary>EF Core's own lock is a row, which stays when the process is killed and is then waited for without end.</summary>
    public override async Task<bool> ClearAbandonedMigrationLockAsync(WebSmtpDb db, CancellationToken stop)
    {
        const string Table = "__EFMigrationsLock";
        if (await db.Database.SqlQuery<int>($"SELECT COUNT(*) AS \"Value\" FROM sqlite_master WHERE name = {Table}").SingleAsync(stop) == 0) return false;
        return await db.Database.ExecuteSqlAsync($"DELETE FROM \"__EFMigrationsLock\"", stop) > 0;
    }

    public override bool HasCheckpoints => true;

    public override async Task<bool> CheckpointAsync(DbConnection connection, CancellationToken stop)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(PASSIVE);";
        await using var counts = await command.ExecuteReaderAsync(stop);
        // Whether another checkpoint ran at that moment, pages in the log, and those of them that are copied.
        return await counts.ReadAsync(stop) && counts.GetInt64(1) * PageBytes >= LongLogBytes;
    }

    public override async Task<bool> TidyAsync(DbConnection writer, CancellationToken stop)
    {
        await CheckpointAsync(writer, stop);
        if (await ReadNumberAsync(writer, "PRAGMA freelist_count;", stop) <= FreePagesKept) return false;
        await ExecuteAsync(writer, $"PRAGMA incremental_vacuum({FreePagesGivenBack});", stop);
        return true;
    }

    static async Task ExecuteAsync(DbConnection connection, string sql, CancellationToken stop)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(stop);
    }

    static async Task<long> ReadNumberAsync(DbConnection connection, string sql, CancellationToken stop)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>When it ends, the last connections go first, so that SQLite puts the log into the file and removes it.</summary>
    sealed class Hold(FileStream claim, string connection) : IDisposable
    {
        public void Dispose()
        {
            using (var pooled = new SqliteConnection(connection)) SqliteConnection.ClearPool(pooled);
            claim.Dispose();
        }
    }

    sealed class PragmaInterceptor : DbConnectionInterceptor
    {
        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = ConnectionPragmas;
            command.ExecuteNonQuery();
        }

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default) =>
            ExecuteAsync(connection, ConnectionPragmas, cancellationToken);
    }
}

/// <summary>Lets <c>dotnet ef</c> run from this project alone, without starting the server.</summary>
public sealed class SqliteDesign : IDesignTimeDbContextFactory<WebSmtpDb>
{
    public WebSmtpDb CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<WebSmtpDb>();
        SqliteDatabase.For("design.db").Configure(options);
        return new(options.Options);
    }
}
