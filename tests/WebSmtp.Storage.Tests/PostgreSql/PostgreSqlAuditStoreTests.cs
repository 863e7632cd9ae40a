using WebSmtp.Migrations.PostgreSql;

namespace WebSmtp.Storage.Tests.PostgreSql;

public sealed class PostgreSqlAuditStoreTests(PostgreSqlServer server) : AuditStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}
