using Microsoft.AspNetCore.Mvc;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>The REST API: <c>/api/v1</c>, health, and its own description under <c>/swagger</c>.</summary>
static class ApiEndpoints
{
    /// <summary>Bytes of a request body; every document of the API is far smaller.</summary>
    const int MaxBodyBytes = 1024 * 1024;

    static readonly string[] AllMethods = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.AddApiAuthentication();
        services.AddOpenApiDocument();
        services.AddSingleton(ServiceFacts.OfThisProcess);
        services.AddSingleton(LocalKey.New());
        services.AddSingleton<ServiceStatus>();
        return services;
    }

    /// <summary>
    /// Adds the endpoints, and problem details for every bare refusal below <c>/api</c>. The program maps this before what
    /// else it has, so that authentication that breaks down is among what is answered for.
    /// </summary>
    public static void MapApi(this WebApplication app)
    {
        app.UseProblems("/api");
        var api = app.MapGroup("/api/v1").WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));
        api.AddEndpointFilter(Authentication.RefuseForgeries);
        api.AddEndpointFilterFactory(QueryNames.RefuseUnknown);
        ServiceEndpoints.Map(api);
        SiteEndpoints.Map(api);
        DomainEndpoints.Map(api);
        DomainDnsEndpoints.Map(api);
        EtrnNameEndpoints.Map(api);
        CollectorEndpoints.Map(api);
        AccountEndpoints.Map(api);
        UserEndpoints.Map(api);
        KeyEndpoints.Map(api);
        AuditEndpoints.Map(api);
        EventEndpoints.Map(api);
        SmartHostEndpoints.Map(api);
        QueueEndpoints.Map(api);
        MessageEndpoints.Map(api);
        SubmissionEndpoints.Map(api);
        QueueWorkEndpoints.Map(api);
        OperationEndpoints.Map(api);
        TraceEndpoints.Map(api);
        SessionEndpoints.Map(api);
        LogEndpoints.Map(api);
        MessageConversationEndpoints.Map(api);
        CollectionEndpoints.Map(api);
        SimulationEndpoints.Map(api);
        RouteEndpoints.Map(api);
        StatisticsEndpoints.Map(api);
        MapOtherMethods(app);
        HealthEndpoints.Map(app);
        app.MapOpenApiDocument();
    }

    /// <summary>Says 405 itself, with what is allowed: the web admin's catch-all routes would have a say in it otherwise.</summary>
    static void MapOtherMethods(IEndpointRouteBuilder app)
    {
        var routes = app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .ToLookup(route => route.RoutePattern.RawText!, route => route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods);
        foreach (var route in routes)
        {
            string[] allowed = [.. route.SelectMany(methods => methods).Order(StringComparer.Ordinal)];
            app.MapMethods(route.Key, AllMethods.Except(allowed, StringComparer.Ordinal), (HttpContext context) =>
            {
                context.Response.Headers.Allow = string.Join(", ", allowed);
                return Problems.Answer(StatusCodes.Status405MethodNotAllowed, $"This method cannot be used here; {context.Response.Headers.Allow} can.");
            }).ExcludeFromDescription();
        }
    }

    /// <summary>Who may call it, what it does, and the refusals that it has beside 400, 401 and 403.</summary>
    public static RouteHandlerBuilder Describe(
        this RouteHandlerBuilder route, Role role, string tag, string summary, string description, params int[] refusals)
    {
        route.RequireAuthorization(Authentication.Policy(role)).WithMetadata(new NeededRole(role))
            .WithTags(tag).WithSummary(summary).WithDescription($"{description} Role: {role.ToString().ToLowerInvariant()}.");
        foreach (var status in refusals.Union([400, 401, 403])) route.Produces<ProblemResponse>(status, Problems.ContentType);
        return route;
    }

    /// <summary>An answer as JSON, with the ETag where the resource is a single one.</summary>
    public static IResult Show<T>(this HttpContext context, T body, string? tag = null, int status = StatusCodes.Status200OK)
    {
        if (tag is not null) context.Response.Headers.ETag = tag;
        return TypedResults.Json(body, ApiJson.Options, statusCode: status);
    }

    /// <summary>The answer to a POST or PUT that made something.</summary>
    public static IResult ShowCreated<T>(this HttpContext context, string location, T body, string tag)
    {
        context.Response.Headers.Location = location;
        return context.Show(body, tag, StatusCodes.Status201Created);
    }
}
