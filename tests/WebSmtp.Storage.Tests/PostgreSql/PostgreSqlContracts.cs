using WebSmtp.Migrations.PostgreSql;

namespace WebSmtp.Storage.Tests.PostgreSql;

public sealed class PostgreSqlQueueStoreTests(PostgreSqlServer server) : QueueStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlQueueListsTests(PostgreSqlServer server) : QueueListsContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlSiteStoreTests(PostgreSqlServer server) : SiteStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlAccountStoreTests(PostgreSqlServer server) : AccountStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlAccessStoreTests(PostgreSqlServer server) : AccessStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlCollectionStoreTests(PostgreSqlServer server) : CollectionStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlCollectorStoreTests(PostgreSqlServer server) : CollectorStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlQueueActsTests(PostgreSqlServer server) : QueueActsContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlQueueSchedulingTests(PostgreSqlServer server) : QueueSchedulingContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlTraceStoreTests(PostgreSqlServer server) : TraceStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlStatisticsStoreTests(PostgreSqlServer server) : StatisticsStoreContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}

public sealed class PostgreSqlReportTests(PostgreSqlServer server) : ReportContract
{
    protected override async Task<DatabaseProvider> NewAsync() => PostgreSqlDatabase.For(await server.NewAsync());
}
