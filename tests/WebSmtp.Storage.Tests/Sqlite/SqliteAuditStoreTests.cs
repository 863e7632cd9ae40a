namespace WebSmtp.Storage.Tests.Sqlite;

public sealed class SqliteAuditStoreTests(SqliteFiles files) : AuditStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}
