using System.Text;
using WebSmtp.Mta.Queue;

namespace WebSmtp.Mta.Reports;

/// <summary>What can be neither delivered nor returned, with the reason beside it.</summary>
static class Badmail
{
    const int BlockBytes = 64 * 1024;

    /// <summary>
    /// Writes <c>name.bad</c>, the mail as it is, and <c>name.bdr</c>, the reason: whole and durable or not at all. Doing
    /// it again changes nothing. Returns the path of the mail.
    /// </summary>
    public static async Task<string> WriteAsync(string badmailFolder, string name, Stream content, string reason, CancellationToken stop)
    {
        Directory.CreateDirectory(badmailFolder);
        var path = Path.Combine(badmailFolder, name + ".bad");
        await using (var text = new MemoryStream(Encoding.UTF8.GetBytes(reason + Environment.NewLine)))
            await WriteFileAsync(Path.Combine(badmailFolder, name + ".bdr"), text, stop);
        await WriteFileAsync(path, content, stop);
        DiskTrouble.SyncDirectory(badmailFolder);
        return path;
    }

    static async Task WriteFileAsync(string path, Stream content, CancellationToken stop)
    {
        var unfinished = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.tmp");
        try
        {
            await using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, BlockBytes, FileOptions.Asynchronous))
            {
                await content.CopyToAsync(file, BlockBytes, stop);
                await file.FlushAsync(stop);
                file.Flush(flushToDisk: true);
            }
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }
}
