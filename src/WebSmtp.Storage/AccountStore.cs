using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Accounts;
using static WebSmtp.Storage.Configurations.NameWithoutCase;

namespace WebSmtp.Storage;

sealed class AccountStore(Database database) : IAccountStore
{
    public Task<Account?> FindAsync(string username, CancellationToken stop)
    {
        var name = Normalize(username);
        return database.ReadAsync(db => db.Accounts.SingleOrDefaultAsync(a => EF.Property<string>(a, Column) == name, stop), stop);
    }

    public Task<IReadOnlyList<Account>> ListAsync(string? afterUsername, int limit, CancellationToken stop)
    {
        var after = Normalize(afterUsername ?? "");
        return database.ReadAsync<IReadOnlyList<Account>>(async db => await db.Accounts
            .Where(a => string.Compare(EF.Property<string>(a, Column), after) > 0)
            .OrderBy(a => EF.Property<string>(a, Column)).Take(limit).ToListAsync(stop), stop);
    }

    public Task<long> CountAsync(CancellationToken stop) => database.ReadAsync(db => db.Accounts.LongCountAsync(stop), stop);

    public Task<IReadOnlyDictionary<string, int>> FindIdsAsync(IReadOnlyCollection<string> usernames, CancellationToken stop)
    {
        var names = usernames.Select(Normalize).Distinct(StringComparer.Ordinal).ToArray();
        return database.ReadAsync<IReadOnlyDictionary<string, int>>(async db => await db.Accounts
            .Where(a => EF.Parameter(names).Contains(EF.Property<string>(a, Column)))
            .ToDictionaryAsync(a => a.Username, a => a.Id, StringComparer.OrdinalIgnoreCase, stop), stop);
    }

    public Task<IReadOnlyDictionary<int, string>> NamesAsync(IReadOnlyCollection<int> ids, CancellationToken stop)
    {
        var wanted = ids.ToArray();
        return database.ReadAsync<IReadOnlyDictionary<int, string>>(async db => await db.Accounts
            .Where(a => EF.Parameter(wanted).Contains(a.Id)).ToDictionaryAsync(a => a.Id, a => a.Username, stop), stop);
    }

    public async Task<bool> AddAsync(Account account, CancellationToken stop)
    {
        try
        {
            await database.WriteAsync(db =>
            {
                db.Add(account).Property(Column).CurrentValue = Normalize(account.Username);
                return db.SaveChangesAsync(stop);
            }, stop);
            return true;
        }
        catch (DbUpdateException exception) when (database.Provider.Classify(exception) == DatabaseTrouble.Duplicate)
        {
            return false;
        }
    }

    public Task<bool> UpdateAsync(Account account, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Entry(account).Property(Column).CurrentValue = Normalize(account.Username);
        return db.TryUpdateAsync(account, stop);
    }, stop);

    public Task DeleteAsync(int id, CancellationToken stop) => database.WriteAsync(db =>
        db.Accounts.Where(a => a.Id == id).ExecuteDeleteAsync(stop), stop);
}
