using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Smtp;

namespace WebSmtp.Storage;

/// <summary>The whole database. One model for SQLite and PostgreSQL; what must differ is in <see cref="DatabaseProvider"/>.</summary>
public sealed class WebSmtpDb(DbContextOptions<WebSmtpDb> options) : DbContext(options)
{
    internal DbSet<Site> Sites => Set<Site>();
    internal DbSet<MailDomain> Domains => Set<MailDomain>();
    internal DbSet<TurnMapping> TurnMappings => Set<TurnMapping>();
    internal DbSet<EtrnName> EtrnNames => Set<EtrnName>();
    internal DbSet<ServiceState> ServiceState => Set<ServiceState>();
    internal DbSet<Account> Accounts => Set<Account>();
    internal DbSet<AdminUser> AdminUsers => Set<AdminUser>();
    internal DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    internal DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();
    internal DbSet<CollectionRecord> Collections => Set<CollectionRecord>();
    internal DbSet<CollectionTranscript> CollectionTranscripts => Set<CollectionTranscript>();
    internal DbSet<Message> Messages => Set<Message>();
    internal DbSet<Recipient> Recipients => Set<Recipient>();
    internal DbSet<Content> Contents => Set<Content>();
    internal DbSet<Destination> Destinations => Set<Destination>();
    internal DbSet<TraceEvent> TraceEvents => Set<TraceEvent>();
    internal DbSet<Rejection> Rejections => Set<Rejection>();
    internal DbSet<TraceKey> TraceKeys => Set<TraceKey>();
    internal DbSet<StoppedDestination> StoppedDestinations => Set<StoppedDestination>();
    internal DbSet<SmartHost> SmartHosts => Set<SmartHost>();
    internal DbSet<RouteUsage> RouteUsage => Set<RouteUsage>();
    internal DbSet<Collector> Collectors => Set<Collector>();
    internal DbSet<CollectorRun> CollectorRuns => Set<CollectorRun>();
    internal DbSet<TrafficMinute> Traffic => Set<TrafficMinute>();
    internal DbSet<BacklogMinute> Backlog => Set<BacklogMinute>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcInstant>();
        AsText<Role>();
        AsText<Door>();
        AsText<DesiredState>();
        AsText<DomainKind>();
        AsText<CollectionMethod>();
        AsText<BodyType>();
        AsText<DsnReturn>();
        AsText<RecipientState>();
        AsText<HostTls>();
        AsText<CollectorResult>();

        void AsText<T>() where T : struct, Enum =>
            configurationBuilder.Properties<T>().HaveConversion<EnumText<T>>().HaveMaxLength(16);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(WebSmtpDb).Assembly);

        // Text compares by bytes on both databases, whatever the locale of a PostgreSQL server is: cursors and ranges
        // of names depend on it. SQLite does so by itself.
        if (Database.ProviderName == DatabaseProvider.PostgreSqlName)
        {
            foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(e => e.GetProperties()))
            {
                if ((property.GetValueConverter()?.ProviderClrType ?? property.ClrType) == typeof(string)) property.SetCollation("C");
            }
        }
    }
}

/// <summary>A fact about the service as a whole, by name.</summary>
sealed class ServiceState
{
    public const string ServiceVersion = "smtpServiceVersion";
    public const string LastSiteId = "lastSiteId";
    public const string Probe = "probe";
    public const string AuditDays = "auditDays";
    public const string IndexedUpTo = "traceIndexedUpTo";

    public required string Name { get; set; }
    public required string Value { get; set; }
}

/// <summary>The bytes of a small message, apart from its row so that lists do not read them.</summary>
sealed class Content
{
    public long MessageId { get; set; }
    public required byte[] Data { get; set; }
}
