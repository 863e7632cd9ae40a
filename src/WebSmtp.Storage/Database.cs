using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Storage;

/// <summary>
/// Gives out contexts, and lets writers take turns where the database knows only one: the queue's pipeline and the
/// stores of everything else then never wait inside SQLite, where waiting means polling. Thread-safe.
/// </summary>
sealed class Database(IDbContextFactory<WebSmtpDb> databases, DatabaseProvider provider) : IDisposable
{
    readonly SemaphoreSlim? _turn = provider.OneWriter ? new(1, 1) : null;

    public DatabaseProvider Provider => provider;

    public Task<WebSmtpDb> ReadAsync(CancellationToken stop) => databases.CreateDbContextAsync(stop);

    /// <summary>Runs a write that is not the queue's, in one transaction.</summary>
    public async Task<T> WriteAsync<T>(Func<WebSmtpDb, Task<T>> write, CancellationToken stop)
    {
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

    public void Dispose() => _turn?.Dispose();

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
