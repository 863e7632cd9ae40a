using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Storage.Queue;

/// <summary>
/// The queue in the database. What changes it goes through the <see cref="CommitPipeline"/>; what it is asked is read
/// on other connections meanwhile. Long work is cut into pieces, so that mail comes in between them.
/// </summary>
sealed partial class QueueStore(Database database, CommitPipeline pipeline) : IQueueStore
{
    /// <summary>Entries or messages in one change of the pipeline when very many are to be changed.</summary>
    const int PieceSize = 500;

    public Task CommitAsync(Message message, ReadOnlyMemory<byte>? inlineContent) =>
        pipeline.RunAsync(batch => InsertAsync(batch, message, inlineContent), inlineContent?.Length ?? 0);

    static async ValueTask<bool> InsertAsync(WriteBatch batch, Message message, ReadOnlyMemory<byte>? inlineContent)
    {
        if (batch.Again && (await batch.Writer.QueryAsync(HotStatements.MessageExists, _ => true, message.Id)).Count > 0)
        {
            var ids = await batch.Writer.QueryAsync(HotStatements.EntriesOf, row => row.GetInt64(0), message.Id);
            foreach (var (entry, id) in message.Recipients.Zip(ids)) entry.Id = id;
            return true;
        }
        message.LiveRecipients = message.Recipients.Count(r => !IsEnd(r.State));
        await batch.Writer.RunAsync(HotStatements.InsertMessage,
            message.Id, message.SiteId, message.ReceivedAt, message.ClientAddress, message.HeloName, message.Account, message.Protocol,
            message.Tls, message.Policy, message.MailFrom, EnumText<Smtp.BodyType>.Write(message.Body), message.SmtpUtf8, EnumText<Smtp.DsnReturn>.Write(message.Return),
            message.EnvelopeId, message.Size, message.Subject, message.HeaderMessageId, message.ContentPath, message.LiveRecipients,
            message.LiveRecipients == 0 ? batch.Now : null);
        StoppedDestinations? stopped = null;
        foreach (var entry in message.Recipients)
        {
            (entry.MessageId, entry.SiteId) = (message.Id, message.SiteId);
            var frozen = entry.LeasedFrom is null ? null : await (stopped ??= new(batch)).FreezeNewAsync(entry);
            await InsertAsync(batch.Writer, entry);
            if (frozen is not null) await TraceAsync(batch, message.Id, frozen);
        }
        if (inlineContent is { } content) await batch.Writer.RunAsync(HotStatements.InsertContent, message.Id, content);
        foreach (var domain in message.Recipients.Where(r => !IsEnd(r.State)).Select(r => r.Domain).Distinct(StringComparer.Ordinal))
        {
            batch.AddToDestination(message.SiteId, domain, 1, message.Size);
        }
        if (message.Id < MessageId.AtOrAfter(batch.Now - TraceStore.IndexedAtOnceAfter).Value) await TraceStore.IndexAsync(batch, message.Id - 1, message.Id);
        return true;
    }

    static async ValueTask InsertAsync(QueueWriter writer, Recipient entry)
    {
        object?[] values =
        [
            entry.MessageId, entry.SiteId, entry.Address, entry.Domain, entry.State, entry.DueAt, entry.Attempts, entry.Lease,
            entry.LeaseUntil, entry.LeasedFrom, entry.LastReply, entry.DeliveredTo, entry.SettledAt, (int)entry.Notify,
            entry.OriginalRecipient, entry.DelayReportedAt, entry.HeldBackUntil, entry.ViaDomain, entry.ViaSmartHost, (entry.LeasedFrom ?? entry.State) == RecipientState.Held,
        ];
        if (entry.Lease is null) await writer.RunAsync(HotStatements.InsertRecipient, values);
        else entry.Id = (await writer.QueryAsync(HotStatements.InsertLeased, row => row.GetInt64(0), values))[0];
    }

    static bool IsEnd(RecipientState state) => state
        is RecipientState.Delivered or RecipientState.Failed or RecipientState.Expired or RecipientState.Deleted;

    public async Task<ReadOnlyMemory<byte>?> ReadContentAsync(MessageId id, CancellationToken stop)
    {
        var data = await ReadAsync(db => db.Contents.Where(c => c.MessageId == id.Value).Select(c => c.Data).SingleOrDefaultAsync(stop), stop);
        return data is null ? default(ReadOnlyMemory<byte>?) : data;
    }

    async Task<T> ReadAsync<T>(Func<WebSmtpDb, Task<T>> read, CancellationToken stop)
    {
        try
        {
            return await database.ReadAsync(read, stop);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new QueueUnavailableException("The queue could not be read.", exception);
        }
    }

    public async Task<bool> ProbeAsync(CancellationToken stop)
    {
        try
        {
            return await pipeline.RunAsync(async batch =>
            {
                var text = batch.Now.ToString("O");
                return await batch.Writer.RunAsync(HotStatements.WriteServiceState, ServiceState.Probe, text) == 1;
            }, stop: stop).WaitAsync(stop);
        }
        catch (Exception exception) when (exception is QueueFullException or QueueUnavailableException)
        {
            return false;
        }
    }
}
