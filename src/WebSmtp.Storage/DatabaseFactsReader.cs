using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Storage;

sealed class DatabaseFactsReader(Database database) : IDatabaseFacts
{
    public Task<DatabaseFacts> ReadAsync(CancellationToken stop) => database.ReadAsync(async db =>
    {
        var provider = database.Provider;
        var version = await db.Database.SqlQueryRaw<string>(provider.VersionQuery).SingleAsync(stop);
        var bytes = await db.Database.SqlQueryRaw<long>(provider.SizeQuery).SingleAsync(stop);
        return new DatabaseFacts(provider.Name, version, bytes);
    }, stop);
}
