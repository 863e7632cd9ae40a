using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Statistics;
using WebSmtp.Mta.Trace;
using WebSmtp.Storage.Queue;

namespace WebSmtp.Storage;

public static class StorageServices
{
    /// <summary>
    /// Adds the stores on the given database. <see cref="DatabaseSetup.OpenAsync"/> must be called before they are used;
    /// disposing of the container commits what still waits and gives the database back.
    /// </summary>
    public static IServiceCollection AddWebSmtpStorage(this IServiceCollection services, DatabaseProvider provider)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider);
        services.AddDbContextFactory<WebSmtpDb>(options =>
        {
            provider.Configure(options);
            options.ConfigureWarnings(w => w.Log((RelationalEventId.CommandExecuted, LogLevel.Debug)));
        });
        services.AddSingleton<DatabaseSetup>();
        services.AddSingleton<Database>();
        services.AddSingleton<CommitPipeline>();
        services.AddSingleton<IQueueStore, QueueStore>();
        services.AddSingleton<ITraceStore, TraceStore>();
        services.AddSingleton<ISiteStore, SiteStore>();
        services.AddSingleton<IAccountStore, AccountStore>();
        services.AddSingleton<IAccessStore, AccessStore>();
        services.AddSingleton<IAuditStore, AuditStore>();
        services.AddSingleton<IDatabaseFacts, DatabaseFactsReader>();
        services.AddSingleton<ICollectionStore, CollectionStore>();
        services.AddSingleton<ISmartHostStore, SmartHostStore>();
        services.AddSingleton<ICollectorStore, CollectorStore>();
        services.AddSingleton<IStatisticsStore, StatisticsStore>();
        return services;
    }
}
