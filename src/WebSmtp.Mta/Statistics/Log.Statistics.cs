using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(4101, LogLevel.Warning, "What was counted could not be written down; it is tried again in a minute")]
    public static partial void StatisticsFailed(ILogger log, Exception trouble);

    [LoggerMessage(4102, LogLevel.Warning, "Nobody has collected the mail of {Domain} at site {SiteId} since {Last:u}; usually it is every {Usual}. Messages that wait: {Messages}")]
    public static partial void HostOverdue(ILogger log, string domain, int siteId, DateTimeOffset last, TimeSpan usual, long messages);

    [LoggerMessage(4103, LogLevel.Information, "The mail of {Domain} at site {SiteId} is collected again")]
    public static partial void HostBack(ILogger log, string domain, int siteId);
}
