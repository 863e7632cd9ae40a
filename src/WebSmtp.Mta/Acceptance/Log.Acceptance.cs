using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(1101, LogLevel.Error, "Session {SessionId}: a log-in could not be verified; the client was told to try again")]
    public static partial void CannotVerify(ILogger log, Exception trouble, string sessionId);

    [LoggerMessage(1102, LogLevel.Warning, "The folder {Folder} could not be counted for its quota")]
    public static partial void DropNotCounted(ILogger log, Exception trouble, string folder);
}
