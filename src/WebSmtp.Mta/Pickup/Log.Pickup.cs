using Microsoft.Extensions.Logging;

namespace WebSmtp.Mta;

internal static partial class Log
{
    [LoggerMessage(1201, LogLevel.Information, "Pickup: {File} of site {Site} is message {MessageId}")]
    public static partial void PickedUp(ILogger log, string file, int site, string messageId);

    [LoggerMessage(1202, LogLevel.Warning, "Pickup: {File} of site {Site} was not sent and is in Badmail: {Reason}")]
    public static partial void PickupRefused(ILogger log, string file, int site, string reason);

    [LoggerMessage(1203, LogLevel.Warning, "Pickup: {File} cannot be sent now: {Reason}; tried again in {Delay}")]
    public static partial void PickupDeferred(ILogger log, string file, string reason, TimeSpan delay);

    [LoggerMessage(1204, LogLevel.Information, "Pickup: {File} of site {Site} was sent before a crash, as message {MessageId}")]
    public static partial void PickupSentBefore(ILogger log, string file, int site, string messageId);

    [LoggerMessage(1205, LogLevel.Warning, "Pickup: the folder {Folder} cannot be read: {Reason}")]
    public static partial void PickupUnreadable(ILogger log, string folder, string reason);

    [LoggerMessage(1206, LogLevel.Warning, "Pickup: {File} cannot be taken now: {Reason}")]
    public static partial void PickupNotTaken(ILogger log, string file, string reason);

    [LoggerMessage(1207, LogLevel.Error, "Pickup: trouble with the folder {Folder}")]
    public static partial void PickupTrouble(ILogger log, Exception trouble, string folder);

    [LoggerMessage(1208, LogLevel.Information, "Pickup: the system tells of no changes in {Folder} ({Reason}); it is looked at by the clock")]
    public static partial void PickupNotWatched(ILogger log, string folder, string reason);

    [LoggerMessage(1209, LogLevel.Information, "{MessageId} was submitted to site {Site} by {By} from {From}")]
    public static partial void Submitted(ILogger log, string messageId, int site, string by, string from);
}
