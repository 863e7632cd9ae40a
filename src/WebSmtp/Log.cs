using System.Net;
using WebSmtp.Smtp.Server;

namespace WebSmtp;

/// <summary>What the process itself logs. 1000: sessions; 6000: start and stop. Numbers are never reused.</summary>
static partial class Log
{
    [LoggerMessage(1001, LogLevel.Debug, "{SessionId} of site {Site} with {Remote} ended: {End}, {Messages} messages")]
    public static partial void SessionEnded(ILogger log, string sessionId, int site, IPEndPoint remote, SessionEnd end, int messages);

    [LoggerMessage(1002, LogLevel.Error, "{SessionId} crashed; only this session is affected")]
    public static partial void SessionCrashed(ILogger log, Exception why, string sessionId);

    [LoggerMessage(6090, LogLevel.Error, "The web admin failed to answer {Method} {Path}; its page told the reference {Reference}")]
    public static partial void PageFailed(ILogger log, Exception why, string reference, string method, string path);
}
