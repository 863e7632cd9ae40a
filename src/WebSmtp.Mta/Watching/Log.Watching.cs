using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(3701, LogLevel.Error, "The protocol log of site {Site} could not be written; {Count} records are lost")]
    public static partial void LogNotWritten(ILogger log, Exception trouble, int site, int count);

    [LoggerMessage(3702, LogLevel.Warning, "The disk did not keep up with the protocol log; {Count} records are lost")]
    public static partial void LogLinesLost(ILogger log, long count);
}
