using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;
using Swashbuckle.AspNetCore.SwaggerGen;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Alarms;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sessions;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Statistics;
using WebSmtp.Mta.Submissions;
using WebSmtp.Mta.Trace;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Api;

/// <summary>The API's description of itself: <c>/swagger/v1/swagger.json</c>, and a page to try it at <c>/swagger</c>.</summary>
static class OpenApiDocument
{
    const string Version = "v1";

    public static void AddOpenApiDocument(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        services.AddSingleton<ISerializerDataContractResolver>(new JsonSerializerDataContractResolver(ApiJson.Options));
        services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(Version, new OpenApiInfo
            {
                Title = "WebSmtp",
                Version = Version,
                Description = "SMTP sites, their domains, accounts, queue and sessions. Give an API key with Authorize. "
                    + "Times are UTC, durations ISO 8601, sizes bytes; refusals are problem details (RFC 9457).",
                License = new OpenApiLicense { Name = "MIT" },
            });
            options.AddSecurityDefinition("bearer", new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key.",
            });
            // The web admin has endpoints of its own in the same program; only what carries a summary is for automation.
            options.DocInclusionPredicate((_, endpoint) =>
                endpoint.ActionDescriptor.EndpointMetadata.OfType<IEndpointSummaryMetadata>().Any());
            options.CustomSchemaIds(SchemaId);
            options.MapType<TimeSpan>(() => new OpenApiSchema { Type = JsonSchemaType.String, Format = "duration", Examples = ["PT15M"] });
            options.MapType<TimeSpan?>(() => new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null, Format = "duration", Examples = ["P30D"] });
            options.MapType<JsonNode>(() => new OpenApiSchema());
            options.IncludeXmlComments(typeof(OpenApiDocument).Assembly);
            options.SchemaFilter<RecordSchemas>();
            options.SchemaFilter<SettingSchemas>();
            options.OperationFilter<OperationDetails>();
        });
    }

    public static void MapOpenApiDocument(this IEndpointRouteBuilder app)
    {
        app.MapSwagger("/swagger/{documentName}/swagger.json", options => options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1).AllowAnonymous();
        app.MapSwaggerUI("swagger", options =>
        {
            options.SwaggerEndpoint("/swagger/v1/swagger.json", "WebSmtp v1");
            options.DocumentTitle = "WebSmtp REST API";
            options.EnablePersistAuthorization();
        }).AllowAnonymous();
    }

    /// <summary>The document of an application that runs.</summary>
    public static Task<string> RenderAsync(IServiceProvider services) =>
        services.GetRequiredService<ISwaggerProvider>().GetSwagger(Version).SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1);

    /// <summary>The document without a server: no port is opened, no data directory touched.</summary>
    public static async Task<string> RenderAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = Environments.Production });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IServer, NoServer>();
        // Only so that endpoints know them for services; nothing is ever asked of them.
        builder.Services.AddSingleton<SiteOperations>().AddSingleton<SiteRegistry>().AddSingleton<HeldMail>().AddSingleton<AccountOperations>()
            .AddSingleton<AccessOperations>().AddSingleton<Audit>().AddSingleton<EventStream>().AddSingleton<QueueOperations>().AddSingleton<SessionRegistry>().AddSingleton(TimeProvider.System)
            .AddSingleton<SmartHostOperations>().AddSingleton<Submission>()
            .AddSingleton<RoutePlanner>().AddSingleton<Operations>().AddSingleton<TraceSearch>()
            .AddSingleton<Simulator>().AddSingleton<RouteStates>().AddSingleton<RouteBudgets>().AddSingleton<RouteOperations>().AddSingleton<CollectorOperations>()
            .AddSingleton<StatisticsQueries>().AddSingleton<AlarmList>().AddSingleton<DomainDnsCheck>()
            .AddSingleton<SessionOperations>().AddSingleton<ProtocolLog>().AddSingleton<ProtocolFiles>().AddSingleton<Conversations>()
            .AddSingleton<IDatabaseFacts>(_ => throw new InvalidOperationException("There is no database here."))
            .AddSingleton<DataDirectory>(_ => throw new InvalidOperationException("There is no data here."))
            .AddSingleton<IQueueStore>(_ => throw new InvalidOperationException("There is no queue here."));
        builder.Services.AddApi();
        await using var app = builder.Build();
        app.MapApi();
        await app.StartAsync();
        var document = await RenderAsync(app.Services);
        await app.StopAsync();
        return document + "\n";
    }

    sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();
        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public void Dispose() { }
    }

    static string SchemaId(Type type)
    {
        var name = type.Name.Split('`')[0].Replace("Response", "", StringComparison.Ordinal).Replace("Document", "", StringComparison.Ordinal);
        return type.IsGenericType ? $"{name}Of{string.Concat(type.GetGenericArguments().Select(SchemaId))}" : name;
    }
}
