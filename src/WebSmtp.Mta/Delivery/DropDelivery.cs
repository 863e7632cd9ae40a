using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Delivery;

/// <summary>Local delivery: a file in a folder for each message, with all its recipients there. Thread-safe.</summary>
sealed class DropDelivery(Spool spool, ILogger log)
{
    public async Task<Attempt> DeliverAsync(LeasedMessage leased, string folder, CancellationToken stop)
    {
        try
        {
            if (await spool.FindAsync(leased, stop) is not { } content)
                return Attempt.Ours(leased, new(451, 4, 3, 0, "The content cannot be read"));
            var path = await EnvelopeFile.WriteAsync(folder, leased.Message, leased.Recipients, content, stop);
            DiskTrouble.SyncDirectory(folder);
            return Attempt.Ours(leased, new(250, 2, 0, 0, "Delivered to the folder")) with { Host = new(path, null) };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.DropTrouble(log, e, new MessageId(leased.Message.Id).ToString(), folder);
            return Attempt.Ours(leased, DiskTrouble.IsFull(e)
                ? new(452, 4, 3, 1, "The disk is full")
                : new(451, 4, 3, 0, "The message could not be written to the folder"));
        }
    }
}
