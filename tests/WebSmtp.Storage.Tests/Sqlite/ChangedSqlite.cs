using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Migrations.Sqlite;

namespace WebSmtp.Storage.Tests.Sqlite;

/// <summary>SQLite as it is, for a test to change what it needs to be otherwise.</summary>
abstract class ChangedSqlite(SqliteDatabase inner) : DatabaseProvider
{
    public override string Name => inner.Name;
    public override string VersionQuery => inner.VersionQuery;
    public override string SizeQuery => inner.SizeQuery;
    public override bool OneWriter => inner.OneWriter;
    public override void Configure(DbContextOptionsBuilder options) => inner.Configure(options);
    public override Task<DbConnection> OpenWriterAsync(CancellationToken stop) => inner.OpenWriterAsync(stop);
    public override void Flush(DbConnection writer) => inner.Flush(writer);
    public override DatabaseTrouble Classify(Exception exception) => inner.Classify(exception);
    public override Task<IDisposable?> ClaimAsync(CancellationToken stop) => inner.ClaimAsync(stop);
    public override Task<bool> ClearAbandonedMigrationLockAsync(WebSmtpDb db, CancellationToken stop) => inner.ClearAbandonedMigrationLockAsync(db, stop);
    public override bool HasCheckpoints => inner.HasCheckpoints;
    public override Task<bool> CheckpointAsync(DbConnection connection, CancellationToken stop) => inner.CheckpointAsync(connection, stop);
    public override Task<bool> TidyAsync(DbConnection writer, CancellationToken stop) => inner.TidyAsync(writer, stop);
}
