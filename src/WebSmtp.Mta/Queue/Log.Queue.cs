using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Debug, "{MessageId} accepted from {Client} for {Recipients} recipients, {Bytes} bytes")]
    public static partial void Accepted(ILogger log, string messageId, string client, int recipients, long bytes);

    [LoggerMessage(2002, LogLevel.Error, "{MessageId} could not be stored; the client was told to try again")]
    public static partial void NotStored(ILogger log, Exception trouble, string messageId);

    [LoggerMessage(2003, LogLevel.Error, "{MessageId} could not be stored: the disk is full; the client was told to try again")]
    public static partial void DiskFull(ILogger log, string messageId);

    [LoggerMessage(2004, LogLevel.Warning, "{Path} is not needed any more but could not be deleted; it is swept at the next start")]
    public static partial void NotDeleted(ILogger log, Exception trouble, string path);

    [LoggerMessage(2005, LogLevel.Information, "{Count} content files without a message were removed from {Folder}")]
    public static partial void Swept(ILogger log, int count, string folder);

    [LoggerMessage(2006, LogLevel.Error, "The results of {Count} recipients could not be written")]
    public static partial void NotSettled(ILogger log, Exception trouble, int count);

    [LoggerMessage(2007, LogLevel.Warning, "The lease {Owner} could not be renewed; trying again")]
    public static partial void NotRenewed(ILogger log, Exception trouble, string owner);

    [LoggerMessage(2008, LogLevel.Error, "The lease {Owner} could not be given back; it ends by itself")]
    public static partial void NotReleased(ILogger log, Exception trouble, string owner);

    [LoggerMessage(2009, LogLevel.Information, "{Count} held recipients for {Domain} of site {Site} expired")]
    public static partial void HeldExpired(ILogger log, int count, string domain, int site);

    [LoggerMessage(2010, LogLevel.Error, "Expired mail and old history could not be looked through; trying again in a minute")]
    public static partial void UpkeepFailed(ILogger log, Exception trouble);

    [LoggerMessage(2011, LogLevel.Error, "The content of {MessageId} could not be read")]
    public static partial void ContentUnreadable(ILogger log, Exception? trouble, string messageId);

    [LoggerMessage(2012, LogLevel.Information, "{MessageId} deleted by {By}")]
    public static partial void Deleted(ILogger log, string messageId, string by);

    [LoggerMessage(2013, LogLevel.Warning, "Free space of {Path} could not be asked for")]
    public static partial void FreeSpaceUnknown(ILogger log, Exception trouble, string path);

    [LoggerMessage(2014, LogLevel.Error, "Quota of {Domain} could not be looked up; the client was told to try again")]
    public static partial void QuotaUnknown(ILogger log, Exception trouble, string domain);
}
