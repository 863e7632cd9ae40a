using System.Globalization;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// Takes all mail out of a site's queue, as files that are ready for another site's Pickup folder. A message leaves the
/// queue when its file is durable; one that is being delivered at that moment stays. Thread-safe.
/// </summary>
public sealed class MailExport(IQueueStore queue, Spool spool, TimeProvider time, ILogger<MailExport> log) : ISiteExport
{
    const int PageSize = 200;

    /// <summary>How many messages were exported, and the folder.</summary>
    public async Task<(long Messages, string Folder)> ExportSiteAsync(SiteSnapshot site, CancellationToken stop)
    {
        var folder = Path.Combine(site.Folders.Root, "Export-" + time.GetUtcNow().ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        DiskTrouble.SyncDirectory(site.Folders.Root);
        var (exported, cursor) = (0L, (string?)null);
        do
        {
            var page = await queue.ListAsync(new(site.Id), cursor, PageSize, stop);
            var files = new List<(MessageId Id, string Path)>(page.Items.Count);
            foreach (var message in page.Items)
            {
                if (await WriteAsync(folder, new(message.Id), stop) is { } path) files.Add((new(message.Id), path));
            }
            DiskTrouble.SyncDirectory(folder);
            foreach (var (id, path) in files) exported += await RemoveAsync(id, path) ? 1 : 0;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Log.Exported(log, exported, site.Id, folder);
        return (exported, folder);
    }

    /// <summary>Null when it has left the queue meanwhile.</summary>
    async Task<string?> WriteAsync(string folder, MessageId id, CancellationToken stop)
    {
        if (await queue.FindAsync(id, stop) is not { } message) return null;
        var waiting = message.Recipients
            .Where(recipient => recipient.State is RecipientState.Queued or RecipientState.Held or RecipientState.Frozen).ToList();
        if (waiting.Count == 0 || await spool.FindAsync(message, stop) is not { } content) return null;
        return await EnvelopeFile.WriteAsync(folder, message, waiting, content, stop);
    }

    async Task<bool> RemoveAsync(MessageId id, string path)
    {
        var deleted = await queue.DeleteAsync(id, "export");
        spool.Delete(deleted.ContentPaths);
        if (deleted is { Found: true, Busy: false }) return true;
        File.Delete(path);
        return false;
    }
}
