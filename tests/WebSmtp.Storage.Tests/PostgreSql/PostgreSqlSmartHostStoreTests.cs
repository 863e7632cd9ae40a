using WebSmtp.Migrations.PostgreSql;

namespace WebSmtp.Storage.Tests.PostgreSql;

public sealed class PostgreSqlSmartHostStoreTests(PostgreSqlServer server) : SmartHostStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}
