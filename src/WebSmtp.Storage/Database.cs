using System.Collections.Concurrent;
using System.Data;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Storage;

/// <summary>
/// Keeps connections open to read on (with SQLite opening one costs more than most queries), and lets writers take turns
/// where the database knows only one: the queue's pipeline and the stores of everything else then never wait inside
/// SQLite, where waiting means polling. Thread-safe.
/// </summary>
sealed class Database(IDbContextFactory<WebSmtpDb> databases, DatabaseProvider provider) : IAsyncDisposable
{
    const int MaxIdleReaders = 16;

    readonly ConcurrentQueue<WebSmtpDb> _idle = [];
    readonly SemaphoreSlim? _turn = provider.OneWriter ? new(1, 1) : null;

    public DatabaseProvider Provider => provider;

    /// <summary>Runs queries, which track nothing. Once more on a new connection, when the one that was kept had been cut.</summary>
    public async Task<T> ReadAsync<T>(Func<WebSmtpDb, Task<T>> read, CancellationToken stop)
    {
        await Threads.LeaveSocketsAsync();
        if (_idle.TryDequeue(out var kept))
        {
            try
            {
                return await read(kept);
            }
            catch (Exception) when (!IsOpen(kept))
            {
                await DropIdleAsync();
            }
            finally
            {
                await ReturnAsync(kept);
            }
        }
        var db = await databases.CreateDbContextAsync(stop);
        try
        {
            db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
            await db.Database.OpenConnectionAsync(stop);
            return await read(db);
        }
        finally
        {
            await ReturnAsync(db);
        }
    }

    static bool IsOpen(WebSmtpDb db) => db.Database.GetDbConnection().State == ConnectionState.Open;

    async ValueTask ReturnAsync(WebSmtpDb db)
    {
        if (_idle.Count < MaxIdleReaders && IsOpen(db)) _idle.Enqueue(db); else await db.DisposeAsync();
    }

    async ValueTask DropIdleAsync()
    {
        while (_idle.TryDequeue(out var db)) await db.DisposeAsync();
    }

    /// <summary>Runs a write that is not the queue's, in one transaction.</summary>
    public async Task<T> WriteAsync<T>(Func<WebSmtpDb, Task<T>> write, CancellationToken stop)
    {
        await Threads.LeaveSocketsAsync();
        using var turn = await TakeTurnAsync(stop);
        await using var db = await databases.CreateDbContextAsync(stop);
        await using var transaction = await db.Database.BeginTransactionAsync(stop);
        var result = await write(db);
        await transaction.CommitAsync(stop);
        return result;
    }

    public Task WriteAsync(Func<WebSmtpDb, Task> write, CancellationToken stop) => WriteAsync(async db =>
    {
        await write(db);
        return true;
    }, stop);

    public async ValueTask<Turn> TakeTurnAsync(CancellationToken stop)
    {
        if (_turn is not null) await _turn.WaitAsync(stop);
        return new(_turn);
    }

    public async ValueTask DisposeAsync()
    {
        await DropIdleAsync();
        _turn?.Dispose();
    }

    /// <summary>The right to write, until disposed of.</summary>
    public readonly struct Turn(SemaphoreSlim? turn) : IDisposable
    {
        public void Dispose() => turn?.Release();
    }
}

static class Versions
{
    /// <summary>
    /// Writes an entity's own row, and nothing that hangs on it, when its version is still the stored one; raises the
    /// version then. False when the row is gone or was changed meanwhile.
    /// </summary>
    public static async Task<bool> TryUpdateAsync<T>(this WebSmtpDb db, T entity, CancellationToken stop) where T : class
    {
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        var entry = db.Entry(entity);
        entry.State = EntityState.Modified;
        var version = entry.Property<long>(nameof(Site.Version));
        version.OriginalValue = version.CurrentValue;
        version.CurrentValue++;
        try
        {
            await db.SaveChangesAsync(stop);
            return true;
        }
        catch (DbUpdateException exception)
        {
            version.CurrentValue--;
            if (exception is DbUpdateConcurrencyException) return false;
            throw;
        }
        finally
        {
            entry.State = EntityState.Detached;
            db.ChangeTracker.AutoDetectChangesEnabled = true;
        }
    }
}
