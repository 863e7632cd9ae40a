using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace WebSmtp.Storage;

/// <summary>
/// Makes the database ready at start: claims it for this process, refuses one that is newer than the program, migrates
/// an older one. The claim is given back when this is disposed of.
/// </summary>
public sealed class DatabaseSetup(
    IDbContextFactory<WebSmtpDb> databases, DatabaseProvider provider, TimeProvider time, ILogger<DatabaseSetup> log) : IDisposable
{
    /// <summary>More than any migration needs; so that a lock that nobody gives back is not waited for silently and for ever.</summary>
    static readonly TimeSpan MigrationLimit = TimeSpan.FromMinutes(10);

    IDisposable? _claim;

    /// <summary>
    /// To be called once, before anything else of the storage is used. Throws <see cref="DataDirectoryInUseException"/>,
    /// <see cref="DatabaseTooNewException"/>, <see cref="TimeoutException"/>, or what the database said.
    /// </summary>
    public async Task OpenAsync(CancellationToken stop)
    {
        _claim = await provider.ClaimAsync(stop);
        await using var db = await databases.CreateDbContextAsync(stop);
        var known = db.Database.GetMigrations().ToHashSet(StringComparer.Ordinal);
        var applied = (await db.Database.GetAppliedMigrationsAsync(stop)).ToHashSet(StringComparer.Ordinal);
        if (applied.FirstOrDefault(m => !known.Contains(m)) is { } unknown)
        {
            throw new DatabaseTooNewException(
                $"The database was made by a newer version of WebSmtp: this one does not know its migration '{unknown}'. " +
                "Start the newer version, or restore a backup made before the upgrade.");
        }
        if (applied.Count == known.Count) return;

        if (await provider.ClearAbandonedMigrationLockAsync(db, stop)) Log.AbandonedMigrationLock(log);
        await MigrateAsync(db, stop);
        Log.Migrated(log, applied.Count, known.Count);
    }

    async Task MigrateAsync(WebSmtpDb db, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(MigrationLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        db.Database.SetCommandTimeout(MigrationLimit);
        try
        {
            await db.Database.MigrateAsync(either.Token);
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"The database could not be migrated within {MigrationLimit.TotalMinutes:0} minutes; another process may hold its migration lock.",
                exception);
        }
    }

    public void Dispose() => _claim?.Dispose();
}
