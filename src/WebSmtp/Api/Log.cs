namespace WebSmtp;

static partial class Log
{
    [LoggerMessage(6100, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger log, Exception e, string method, string path);
}
