namespace WebSmtp.Storage.Tests.Sqlite;

public sealed class SqliteQueueStoreTests(SqliteFiles files) : QueueStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteQueueListsTests(SqliteFiles files) : QueueListsContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteSiteStoreTests(SqliteFiles files) : SiteStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteAccountStoreTests(SqliteFiles files) : AccountStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteAccessStoreTests(SqliteFiles files) : AccessStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteCollectionStoreTests(SqliteFiles files) : CollectionStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteCollectorStoreTests(SqliteFiles files) : CollectorStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteQueueActsTests(SqliteFiles files) : QueueActsContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteQueueSchedulingTests(SqliteFiles files) : QueueSchedulingContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteTraceStoreTests(SqliteFiles files) : TraceStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteStatisticsStoreTests(SqliteFiles files) : StatisticsStoreContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}

public sealed class SqliteReportTests(SqliteFiles files) : ReportContract
{
    protected override Task<DatabaseProvider> NewAsync() => Task.FromResult<DatabaseProvider>(files.New());
}
