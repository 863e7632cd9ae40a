using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Administration;
using static WebSmtp.Storage.Configurations.NameWithoutCase;

namespace WebSmtp.Storage;

sealed class AccessStore(Database database) : IAccessStore
{
    public async Task<AdminUser?> FindUserAsync(string username, CancellationToken stop)
    {
        var name = Normalize(username);
        await using var reader = await database.ReadAsync(stop);
        var db = reader.Db;
        return await db.AdminUsers.SingleOrDefaultAsync(u => EF.Property<string>(u, Column) == name, stop);
    }

    public async Task<bool> AnyUserAsync(CancellationToken stop)
    {
        await using var reader = await database.ReadAsync(stop);
        var db = reader.Db;
        return await db.AdminUsers.AnyAsync(stop);
    }

    public Task AddUserAsync(AdminUser user, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Add(user).Property(Column).CurrentValue = Normalize(user.Username);
        return db.SaveChangesAsync(stop);
    }, stop);

    public Task<bool> UpdateUserAsync(AdminUser user, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Entry(user).Property(Column).CurrentValue = Normalize(user.Username);
        return db.TryUpdateAsync(user, stop);
    }, stop);

    public async Task<ApiKey?> FindKeyAsync(byte[] keyHash, CancellationToken stop)
    {
        await using var reader = await database.ReadAsync(stop);
        var db = reader.Db;
        return await db.ApiKeys.SingleOrDefaultAsync(k => k.KeyHash == keyHash, stop);
    }

    public Task AddKeyAsync(ApiKey key, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Add(key);
        return db.SaveChangesAsync(stop);
    }, stop);
}
