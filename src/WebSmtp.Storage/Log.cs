using Microsoft.Extensions.Logging;

namespace WebSmtp.Storage;

static partial class Log
{
    [LoggerMessage(2101, LogLevel.Warning, "A group of {Count} changes to the queue failed and is tried again one by one")]
    public static partial void GroupFailed(ILogger log, Exception exception, int count);

    [LoggerMessage(2102, LogLevel.Error, "A change to the queue failed")]
    public static partial void ChangeFailed(ILogger log, Exception exception);

    [LoggerMessage(2103, LogLevel.Error, "The disk is full: the queue takes no mail until there is room")]
    public static partial void DiskFull(ILogger log, Exception exception);

    [LoggerMessage(2104, LogLevel.Information, "The queue can be written again")]
    public static partial void WritableAgain(ILogger log);

    [LoggerMessage(2105, LogLevel.Warning, "Housekeeping of the database failed")]
    public static partial void TidyFailed(ILogger log, Exception exception);

    [LoggerMessage(6101, LogLevel.Warning, "Removed a migration lock that a killed process left in the database")]
    public static partial void AbandonedMigrationLock(ILogger log);

    [LoggerMessage(6102, LogLevel.Information, "The database was migrated from {From} to {To} migrations")]
    public static partial void Migrated(ILogger log, int from, int to);
}
