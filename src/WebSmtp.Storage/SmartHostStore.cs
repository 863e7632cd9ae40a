using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.SmartHosts;
using static WebSmtp.Storage.Configurations.NameWithoutCase;

namespace WebSmtp.Storage;

sealed class SmartHostStore(Database database) : ISmartHostStore
{
    public Task<IReadOnlyList<SmartHost>> ListAsync(CancellationToken stop) => database.ReadAsync<IReadOnlyList<SmartHost>>(
        async db => await db.SmartHosts.OrderBy(h => EF.Property<string>(h, Column)).ToListAsync(stop), stop);

    public async Task<bool> AddAsync(SmartHost host, CancellationToken stop)
    {
        try
        {
            await database.WriteAsync(db =>
            {
                db.Add(host).Property(Column).CurrentValue = Normalize(host.Name);
                return db.SaveChangesAsync(stop);
            }, stop);
            return true;
        }
        catch (DbUpdateException exception) when (database.Provider.Classify(exception) == DatabaseTrouble.Duplicate)
        {
            return false;
        }
    }

    public Task<bool> UpdateAsync(SmartHost host, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Entry(host).Property(Column).CurrentValue = Normalize(host.Name);
        return db.TryUpdateAsync(host, stop);
    }, stop);

    public Task DeleteAsync(int id, CancellationToken stop) => database.WriteAsync(db =>
        db.SmartHosts.Where(h => h.Id == id).ExecuteDeleteAsync(stop), stop);

    public Task SetTargetAsync(int id, SmartHostTarget target, CancellationToken stop) => database.WriteAsync(db =>
        db.SmartHosts.Where(h => h.Id == id).ExecuteUpdateAsync(set => set.SetProperty(h => h.Target, target), stop), stop);

    public Task<long> CountSentAsync(string route, DateOnly day, long add, CancellationToken stop) => database.WriteAsync(async db =>
    {
        var changed = await db.RouteUsage.Where(u => u.Route == route && u.Day == day)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.Messages, u => u.Messages + add), stop);
        if (changed == 0 && add != 0)
        {
            // Nobody asks for days that are over.
            await db.RouteUsage.Where(u => u.Route == route && u.Day < day).ExecuteDeleteAsync(stop);
            db.Add(new RouteUsage { Route = route, Day = day, Messages = add });
            await db.SaveChangesAsync(stop);
        }
        return await db.RouteUsage.Where(u => u.Route == route && u.Day == day).Select(u => u.Messages).SingleOrDefaultAsync(stop);
    }, stop);
}
