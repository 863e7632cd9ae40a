using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Debug, "{MessageId} delivered to {Recipient} at {RemoteMta}: {Reply}")]
    public static partial void Delivered(ILogger log, string messageId, string recipient, Delivery.RemoteHost? remoteMta, string reply);

    [LoggerMessage(3002, LogLevel.Information, "{MessageId} deferred for {Recipient} at {RemoteMta}: {Reply}; next try {DueAt}")]
    public static partial void Deferred(ILogger log, string messageId, string recipient, Delivery.RemoteHost? remoteMta, string reply, DateTimeOffset? dueAt);

    [LoggerMessage(3003, LogLevel.Warning, "{MessageId} failed for {Recipient} at {RemoteMta}: {Reply}")]
    public static partial void Failed(ILogger log, string messageId, string recipient, Delivery.RemoteHost? remoteMta, string reply);

    [LoggerMessage(3004, LogLevel.Information, "No connection to {Host} for {Domain}: {Reason}")]
    public static partial void HostFailed(ILogger log, string host, string domain, string reason);

    [LoggerMessage(3005, LogLevel.Error, "Due mail could not be looked for; trying again")]
    public static partial void SchedulerTrouble(ILogger log, Exception trouble);

    [LoggerMessage(3006, LogLevel.Error, "Delivery to {Domain} of site {Site} broke off")]
    public static partial void DeliveryTrouble(ILogger log, Exception trouble, string domain, int site);

    [LoggerMessage(3007, LogLevel.Error, "{MessageId} could not be written to {Folder}")]
    public static partial void DropTrouble(ILogger log, Exception trouble, string messageId, string folder);

    [LoggerMessage(3008, LogLevel.Warning, "{MessageId} could not be converted for a host that takes less")]
    public static partial void NotConverted(ILogger log, Exception trouble, string messageId);

    [LoggerMessage(3009, LogLevel.Information, "{Count} messages of site {Site} exported to {Folder}")]
    public static partial void Exported(ILogger log, long count, int site, string folder);

    [LoggerMessage(3010, LogLevel.Error, "Route {Route} is on hold, and its mail waits: {Reason}")]
    public static partial void RouteOnHold(ILogger log, string route, string reason);

    [LoggerMessage(3011, LogLevel.Warning, "Route {Route} is {Condition} until {Until}: {Reason}")]
    public static partial void RouteTrouble(ILogger log, string route, Delivery.RouteCondition condition, string reason, DateTimeOffset until);

    [LoggerMessage(3013, LogLevel.Information, "Route {Route} is tried now: {By}")]
    public static partial void RouteTriedNow(ILogger log, string route, string by);

    [LoggerMessage(3012, LogLevel.Information, "Route {Route} works again; it was {Condition}")]
    public static partial void RouteWorks(ILogger log, string route, Delivery.RouteCondition condition);
}
