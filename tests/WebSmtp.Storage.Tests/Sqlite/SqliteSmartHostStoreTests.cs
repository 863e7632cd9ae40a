namespace WebSmtp.Storage.Tests.Sqlite;

public sealed class SqliteSmartHostStoreTests(SqliteFiles files) : SmartHostStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}
