using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(3501, LogLevel.Information, "{MessageId}: {Kind} {ReportId} to {Sender}")]
    public static partial void Reported(ILogger log, string messageId, string kind, string reportId, string sender);

    [LoggerMessage(3502, LogLevel.Warning, "The report about {MessageId} could not be made as it should be; it is sent with less of the message")]
    public static partial void ReportShortened(ILogger log, Exception trouble, string messageId);

    [LoggerMessage(3503, LogLevel.Error, "No report about {MessageId} could be made; nobody is told of its end")]
    public static partial void ReportFailed(ILogger log, Exception trouble, string messageId);

    [LoggerMessage(3504, LogLevel.Warning, "{MessageId} can be neither delivered nor returned and is in {Path}")]
    public static partial void PutIntoBadmail(ILogger log, string messageId, string path);

    [LoggerMessage(3505, LogLevel.Error, "{MessageId} can be neither delivered nor returned, and could not be put into Badmail; trying again later")]
    public static partial void BadmailFailed(ILogger log, Exception trouble, string messageId);
}
