using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(2101, LogLevel.Information, "{MessageId}: {What} by {By}")]
    public static partial void OperatorActed(ILogger log, string messageId, string what, string by);

    [LoggerMessage(2102, LogLevel.Information, "{What} of many messages of site {Site} started by {By}")]
    public static partial void OperationStarted(ILogger log, string what, int site, string by);

    [LoggerMessage(2103, LogLevel.Information, "{What} of many messages of site {Site} ended ({State}): {Done} done, {Failed} could not")]
    public static partial void OperationEnded(ILogger log, string what, int site, OperationState state, long done, long failed);

    [LoggerMessage(2104, LogLevel.Information, "{What} of many messages cancelled by {By}")]
    public static partial void OperationCancelled(ILogger log, string what, string by);

    [LoggerMessage(2109, LogLevel.Information, "Operation {What} {Done} by {By}")]
    public static partial void OperationPaused(ILogger log, string what, string done, string by);

    [LoggerMessage(2105, LogLevel.Error, "{What} of many messages could not go on")]
    public static partial void OperationFailed(ILogger log, Exception trouble, string what);

    [LoggerMessage(2106, LogLevel.Information, "Destination {Domain} of site {Site} stopped by {By}")]
    public static partial void DestinationStopped(ILogger log, string domain, int site, string by);

    [LoggerMessage(2107, LogLevel.Information, "Destination {Domain} of site {Site} released by {By}")]
    public static partial void DestinationReleased(ILogger log, string domain, int site, string by);

    [LoggerMessage(2108, LogLevel.Error, "{Count} refusals could not be written down")]
    public static partial void RejectionsLost(ILogger log, Exception trouble, int count);
}
