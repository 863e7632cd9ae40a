using System.Net;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Logging.Console;
using WebSmtp.Admin;
using WebSmtp.Api;
using WebSmtp.Listening;
using WebSmtp.Migrations.PostgreSql;
using WebSmtp.Migrations.Sqlite;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Alarms;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Pickup;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Statistics;
using WebSmtp.Mta.Submissions;
using WebSmtp.Mta.Trace;
using WebSmtp.Mta.Watching;
using WebSmtp.Network;
using WebSmtp.Smtp.Server;
using WebSmtp.Storage;

namespace WebSmtp.Composition;

/// <summary>Puts the parts together: the only place that knows all of them.</summary>
static class ServerBuilder
{
    static ForwardedHeadersOptions BehindProxies(ServerSettings settings)
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in settings.TrustedProxies) options.KnownIPNetworks.Add(proxy.Network);
        return options;
    }

    /// <summary>Nothing is opened or started yet. Throws <see cref="SettingsException"/>.</summary>
    public static (WebApplication App, ServerSettings Settings) Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var settings = ServerSettings.Read(builder.Configuration);
        MakeDirectory(settings.DataDirectory);
        builder.WebHost.UseUrls(settings.Urls);
        // So that "dotnet run" finds the static files without being in Development.
        builder.WebHost.UseStaticWebAssets();
        builder.Host.UseSystemd().UseWindowsService();
        ConfigureLogging(builder.Logging);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(25));
        builder.Services.AddSingleton(settings).AddSingleton(TimeProvider.System);
        AddStorage(builder.Services, settings);
        AddMta(builder.Services, settings);
        AddNetwork(builder.Services, settings);
        builder.Services.AddHostedService<MailServer>();
        builder.Services.AddApi();
        builder.Services.AddAdmin();

        var app = builder.Build();
        app.UseForwardedHeaders(BehindProxies(settings));
        app.MapApi();
        app.MapAdmin();
        return (app, settings);
    }

    static void MakeDirectory(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"The data directory '{path}' cannot be made: {e.Message} Choose another with WEBSMTP_DATA.");
        }
    }

    static void ConfigureLogging(ILoggingBuilder logging)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd HH:mm:ss ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Critical);
        // What stops the start is said once, on standard error.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Its warning that keys are not encrypted at rest: they are as private as the rest of the data directory.
        logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
    }

    static void AddStorage(IServiceCollection services, ServerSettings settings)
    {
        try
        {
            services.AddWebSmtpStorage(settings.IsEmbedded
                ? SqliteDatabase.For(Path.Combine(settings.DataDirectory, "websmtp.db"))
                : PostgreSqlDatabase.For(settings.Database));
        }
        catch (FormatException e)
        {
            throw new SettingsException($"WEBSMTP_DATABASE: {e.Message}");
        }
    }

    static void AddMta(IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton(new DataDirectory(settings.DataDirectory, settings.Mailroots));
        services.AddSingleton(provider => new MessageIds(provider.GetRequiredService<TimeProvider>(), node: 0));
        services.AddSingleton<EventStream>().AddSingleton<SiteRegistry>().AddSingleton<SessionRegistry>().AddSingleton<ActGate>();
        services.AddSingleton<SessionHistory>().AddSingleton<SessionOperations>().AddSingleton<SessionWatch>().AddSingleton<Conversations>();
        services.AddSingleton(new ConversationBudget()).AddSingleton<ProtocolLog>().AddSingleton<ProtocolFiles>();
        services.AddSingleton<Audit>();
        services.AddSingleton<SiteOperations>().AddSingleton<AccountOperations>().AddSingleton<AccessOperations>().AddSingleton<Passwords>();
        services.AddSingleton<Spool>().AddSingleton<HeldQuota>().AddSingleton<FreeSpace>().AddSingleton<MailSinkFactory>();
        services.AddSingleton<DropQuota>().AddSingleton<Submission>().AddSingleton<PickupWatch>();
        services.AddSingleton<QueueOperations>().AddSingleton<MessagePreviews>().AddSingleton<QueueUpkeep>().AddSingleton<ISiteExport, MailExport>();
        services.AddSingleton<QueueWork>().AddSingleton<Operations>().AddSingleton<TraceSearch>().AddSingleton<TraceUpkeep>().AddSingleton<RejectionLog>();
        services.AddSingleton<SenderReports>().AddSingleton<Settling>().AddSingleton<Outbound>().AddSingleton<SmartHostRegistry>().AddSingleton<RoutePlanner>();
        services.AddSingleton<SmartHostRules>().AddSingleton<SmartHostOperations>().AddSingleton<SmartHostTest>().AddSingleton<HostTlsOptions>();
        services.AddSingleton<SmartHostCredentials>().AddSingleton<OAuthTokens>().AddSingleton<RefreshTokens>();
        services.AddSingleton<RouteStates>().AddSingleton<RouteBudgets>().AddSingleton<RouteOperations>();
        services.AddSingleton<HeldMail>().AddSingleton<Collections>().AddSingleton<Scheduler>().AddSingleton<OwnListeners>();
        services.AddSingleton<Traffic>().AddSingleton<StatisticsQueries>().AddSingleton<StatisticsUpkeep>().AddSingleton<OverdueHosts>().AddSingleton<AlarmList>();
        services.AddSingleton<CollectorHosts>().AddSingleton<CollectorConversation>().AddSingleton<CollectorRunner>().AddSingleton<CollectorOperations>();
    }

    static void AddNetwork(IServiceCollection services, ServerSettings settings)
    {
        services.AddDataProtection().SetApplicationName("WebSmtp")
            .PersistKeysToFileSystem(Directory.CreateDirectory(Path.Combine(settings.DataDirectory, "keys")));
        services.AddSingleton<ISecretProtector, SecretProtector>();
        services.AddSingleton(provider => ServerCertificate.LoadOrMake(settings.DataDirectory, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SessionOptionsFactory>().AddSingleton<SmtpConnections>();
        services.AddSingleton<Func<SiteSnapshot, SiteEndpoint, IPAddress, ServerSessionOptions>>(provider => provider.GetRequiredService<SessionOptionsFactory>().For);
        services.AddSingleton<Simulator>();
        services.AddSingleton<IEndpointBinder, SocketBinder>();
        services.AddSingleton<IDialer, TcpDialer>().AddSingleton<ITokenEndpoint, TokenEndpoint>();
        services.AddSingleton(provider => new DnsRouteResolver(settings.DnsServers, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IMailRouteResolver>(provider => provider.GetRequiredService<DnsRouteResolver>());
        services.AddSingleton<IDnsRecords>(provider => provider.GetRequiredService<DnsRouteResolver>());
        services.AddSingleton<IPolicySource, PolicySource>().AddSingleton<DomainDnsCheck>();
    }
}
