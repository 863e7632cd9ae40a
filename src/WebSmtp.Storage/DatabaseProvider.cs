using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace WebSmtp.Storage;

/// <summary>Why a statement failed, as far as anyone acts on it.</summary>
public enum DatabaseTrouble
{
    Other,

    /// <summary>No room for what was written.</summary>
    Full,

    /// <summary>A unique name or number is there already.</summary>
    Duplicate,
}

/// <summary>
/// All that is different between the databases. Implemented beside the migrations, the only projects that reference a
/// database's own package.
/// </summary>
public abstract class DatabaseProvider
{
    /// <summary>The name that EF Core gives to the PostgreSQL provider.</summary>
    internal const string PostgreSqlName = "Npgsql.EntityFrameworkCore.PostgreSQL";

    /// <summary>For people: <c>SQLite</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Queries of one row with one column, <c>Value</c>: the version as text, and the bytes that it takes.</summary>
    public abstract string VersionQuery { get; }
    public abstract string SizeQuery { get; }

    /// <summary>Chooses the database and its migrations.</summary>
    public abstract void Configure(DbContextOptionsBuilder options);

    /// <summary>Opens a connection for the queue's writer: never shared, not from a pool.</summary>
    public abstract Task<DbConnection> OpenWriterAsync(CancellationToken stop);

    /// <summary>Makes what the writer's connection committed survive a power loss, where a commit does not do that by itself.</summary>
    public virtual void Flush(DbConnection writer)
    {
    }

    public abstract DatabaseTrouble Classify(Exception exception);

    /// <summary>True when only one connection may write at a time, so that all writers take turns.</summary>
    public abstract bool OneWriter { get; }

    /// <summary>Appended to a subquery that picks rows to lease: leaves out those that another node is about to take.</summary>
    public virtual string SkipLocked => "";

    /// <summary>
    /// Makes sure that this process may use the database, and that it is there, before anything reads it. What is
    /// returned is held until the program ends. Throws <see cref="DataDirectoryInUseException"/>.
    /// </summary>
    public virtual Task<IDisposable?> ClaimAsync(CancellationToken stop) => Task.FromResult<IDisposable?>(null);

    /// <summary>Removes the lock that a process left when it was killed while migrating; true when there was one. Called by the holder of the claim.</summary>
    public virtual Task<bool> ClearAbandonedMigrationLockAsync(WebSmtpDb db, CancellationToken stop) => Task.FromResult(false);

    /// <summary>True when commits go into a write-ahead log that this program has to checkpoint.</summary>
    public virtual bool HasCheckpoints => false;

    /// <summary>
    /// Copies what is in the write-ahead log to where it belongs, while others read and write. True: the log is long, and should
    /// be copied to its end while nobody writes, so that it begins anew.
    /// </summary>
    public virtual Task<bool> CheckpointAsync(DbConnection connection, CancellationToken stop) => Task.FromResult(false);

    /// <summary>A bounded piece of housekeeping on the writer's connection while nothing waits; true when there is more to do.</summary>
    public virtual Task<bool> TidyAsync(DbConnection writer, CancellationToken stop) => Task.FromResult(false);
}

/// <summary>Another process uses the data directory.</summary>
public sealed class DataDirectoryInUseException : Exception
{
    public DataDirectoryInUseException() { }
    public DataDirectoryInUseException(string message) : base(message) { }
    public DataDirectoryInUseException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>The database was made by a newer version of the program.</summary>
public sealed class DatabaseTooNewException : Exception
{
    public DatabaseTooNewException() { }
    public DatabaseTooNewException(string message) : base(message) { }
    public DatabaseTooNewException(string message, Exception inner) : base(message, inner) { }
}
