using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(3101, LogLevel.Information, "Collection of {Domains} at site {Site} started: {By}")]
    public static partial void CollectionStarted(ILogger log, string domains, int site, string by);

    [LoggerMessage(3102, LogLevel.Information,
        "Collection of {Domain} at site {Site} ended: {End} Delivered {Delivered}, deferred {Deferred}, failed {Failed}")]
    public static partial void CollectionEnded(ILogger log, string domain, int site, string end, int delivered, int deferred, int failed);

    [LoggerMessage(3103, LogLevel.Error, "A collection at site {Site} broke off")]
    public static partial void CollectionTrouble(ILogger log, Exception trouble, int site);

    [LoggerMessage(3104, LogLevel.Error, "What a collection did could not be recorded")]
    public static partial void NotRecorded(ILogger log, Exception trouble);

    [LoggerMessage(3105, LogLevel.Error, "{Command} could not look for held mail")]
    public static partial void CannotCollect(ILogger log, Exception trouble, string command);
}
