using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Administration;
using static WebSmtp.Storage.Configurations.NameWithoutCase;

namespace WebSmtp.Storage;

sealed class AccessStore(Database database) : IAccessStore
{
    public Task<AdminUser?> FindUserAsync(string username, CancellationToken stop)
    {
        var name = Normalize(username);
        return database.ReadAsync(db => db.AdminUsers.SingleOrDefaultAsync(u => EF.Property<string>(u, Column) == name, stop), stop);
    }

    public Task<bool> AnyUserAsync(CancellationToken stop) => database.ReadAsync(db => db.AdminUsers.AnyAsync(stop), stop);

    public async Task<bool> AddUserAsync(AdminUser user, CancellationToken stop)
    {
        try
        {
            await database.WriteAsync(db =>
            {
                db.Add(user).Property(Column).CurrentValue = Normalize(user.Username);
                return db.SaveChangesAsync(stop);
            }, stop);
            return true;
        }
        catch (DbUpdateException exception) when (database.Provider.Classify(exception) == DatabaseTrouble.Duplicate)
        {
            return false;
        }
    }

    public Task<IReadOnlyList<AdminUser>> ListUsersAsync(string? afterUsername, int limit, CancellationToken stop)
    {
        var after = Normalize(afterUsername ?? "");
        return database.ReadAsync<IReadOnlyList<AdminUser>>(async db => await db.AdminUsers
            .Where(u => string.Compare(EF.Property<string>(u, Column), after) > 0)
            .OrderBy(u => EF.Property<string>(u, Column)).Take(limit).ToListAsync(stop), stop);
    }

    public Task<long> CountUsersAsync(CancellationToken stop) => database.ReadAsync(db => db.AdminUsers.LongCountAsync(stop), stop);

    public Task<long> CountAdministratorsAsync(CancellationToken stop) =>
        database.ReadAsync(db => db.AdminUsers.LongCountAsync(u => u.Role == Role.Administrator, stop), stop);

    public Task DeleteUserAsync(int id, CancellationToken stop) =>
        database.WriteAsync(db => db.AdminUsers.Where(u => u.Id == id).ExecuteDeleteAsync(stop), stop);

    public Task SetLastLogInAsync(int id, DateTimeOffset at, CancellationToken stop) => database.WriteAsync(db =>
        db.AdminUsers.Where(u => u.Id == id).ExecuteUpdateAsync(set => set.SetProperty(u => u.LastLogInAt, at), stop), stop);

    public Task<bool> UpdateUserAsync(AdminUser user, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Entry(user).Property(Column).CurrentValue = Normalize(user.Username);
        return db.TryUpdateAsync(user, stop);
    }, stop);

    public Task<ApiKey?> FindKeyAsync(byte[] keyHash, CancellationToken stop) =>
        database.ReadAsync(db => db.ApiKeys.SingleOrDefaultAsync(k => k.KeyHash == keyHash, stop), stop);

    public Task AddKeyAsync(ApiKey key, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Add(key);
        return db.SaveChangesAsync(stop);
    }, stop);

    public Task<IReadOnlyList<ApiKey>> ListKeysAsync(int afterId, int limit, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<ApiKey>>(async db =>
            await db.ApiKeys.Where(k => k.Id > afterId).OrderBy(k => k.Id).Take(limit).ToListAsync(stop), stop);

    public Task<long> CountKeysAsync(CancellationToken stop) => database.ReadAsync(db => db.ApiKeys.LongCountAsync(stop), stop);

    public Task<ApiKey?> FindKeyAsync(int id, CancellationToken stop) =>
        database.ReadAsync(db => db.ApiKeys.SingleOrDefaultAsync(k => k.Id == id, stop), stop);

    public Task DeleteKeyAsync(int id, CancellationToken stop) =>
        database.WriteAsync(db => db.ApiKeys.Where(k => k.Id == id).ExecuteDeleteAsync(stop), stop);

    public Task SetLastUseAsync(int id, DateTimeOffset at, CancellationToken stop) => database.WriteAsync(db =>
        db.ApiKeys.Where(k => k.Id == id).ExecuteUpdateAsync(set => set.SetProperty(k => k.LastUsedAt, at), stop), stop);
}
