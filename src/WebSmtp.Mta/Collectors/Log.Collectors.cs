using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Collectors;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(3201, LogLevel.Information, "Collector {Collector} of site {Site} ({SiteId}) was {Act} by {By} from {From}")]
    public static partial void CollectorChanged(ILogger log, string collector, string site, int siteId, string act, string by, string from);

    [LoggerMessage(3202, LogLevel.Information, "Collector {Collector} of site {SiteId} runs: {By}")]
    public static partial void CollectorRuns(ILogger log, string collector, int siteId, string by);

    [LoggerMessage(3203, LogLevel.Information, "Collector {Collector} of site {SiteId} ended, {Result}: {End} Messages {Messages}, bytes {Bytes}")]
    public static partial void CollectorEnded(ILogger log, string collector, int siteId, CollectorResult result, string end, long messages, long bytes);

    [LoggerMessage(3204, LogLevel.Error, "Collector {Collector} of site {SiteId} broke off")]
    public static partial void CollectorTrouble(ILogger log, Exception trouble, string collector, int siteId);

    [LoggerMessage(3205, LogLevel.Error, "The collectors could not be looked after; they are looked at again in a minute")]
    public static partial void CollectorsTrouble(ILogger log, Exception trouble);
}
