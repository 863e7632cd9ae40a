using System.Globalization;
using System.Text;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Reports;

/// <summary>
/// The Badmail folder of a site: what can be neither delivered nor returned. For each message a <c>.bad</c> file, which
/// can be moved into Pickup to try again, and beside it a <c>.bdr</c> file that says why. Both are whole and on disk when
/// a method returns; who fails throws the file system's exception.
/// </summary>
static class Badmail
{
    const int BlockBytes = 64 * 1024;

    /// <summary>A queued message for these recipients. Doing it again after a crash writes nothing new.</summary>
    /// <param name="content">Null: it cannot be read any more, and only the reason is written.</param>
    /// <returns>The path of the <c>.bad</c> file, or that of the reason where there is no content.</returns>
    public static async Task<string> WriteAsync(
        MailrootFolders folders, Message message, IReadOnlyList<Recipient> recipients, IOutgoingContent? content, string reason, CancellationToken stop)
    {
        Directory.CreateDirectory(folders.Badmail);
        var path = content is null
            ? Path.Combine(folders.Badmail, $"{new MessageId(message.Id)}.bad")
            : await EnvelopeFile.WriteAsync(folders.Badmail, message, recipients, content, stop, ".bad");
        var why = Path.ChangeExtension(path, ".bdr");
        await PutAsync(why, Encoding.UTF8.GetBytes(reason), stop);
        DiskTrouble.SyncDirectory(folders.Badmail);
        return content is null ? why : path;
    }

    /// <summary>A file that was never a message, such as one of Pickup, under its own name; a number is added where there is such a file.</summary>
    /// <param name="name">Without extension.</param>
    /// <param name="content">Read to its end.</param>
    /// <returns>The path of the <c>.bad</c> file.</returns>
    public static async Task<string> WriteAsync(MailrootFolders folders, string name, Stream content, string reason, CancellationToken stop)
    {
        Directory.CreateDirectory(folders.Badmail);
        var path = Path.Combine(folders.Badmail, $"{name}.bad");
        for (var n = 2; File.Exists(path) || File.Exists(Path.ChangeExtension(path, ".bdr")); n++)
            path = Path.Combine(folders.Badmail, string.Create(CultureInfo.InvariantCulture, $"{name}-{n}.bad"));
        // The reason first: a message without one would be a riddle, a reason without a message is just old.
        await PutAsync(Path.ChangeExtension(path, ".bdr"), Encoding.UTF8.GetBytes(reason), stop);
        await PutAsync(path, content, stop);
        DiskTrouble.SyncDirectory(folders.Badmail);
        return path;
    }

    /// <summary>What the <c>.bdr</c> file of a queued message says.</summary>
    public static string ReasonFor(Message message, IReadOnlyList<ReportedRecipient> recipients, DateTimeOffset at)
    {
        var text = new StringBuilder("This message can be neither delivered nor returned: it has no sender who could be told.\r\n\r\n");
        text.Append("Time:       ").Append(at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)).Append("\r\n");
        text.Append("Message:    ").Append(new MessageId(message.Id)).Append("\r\n");
        if (message.Subject is { } subject) text.Append("Subject:    ").Append(subject).Append("\r\n");
        text.Append("Came from:  ").Append(message.ClientAddress).Append(" (").Append(message.HeloName).Append(")\r\n");
        foreach (var one in recipients)
        {
            text.Append("\r\nRecipient:  ").Append(one.Recipient.Address).Append("\r\n");
            text.Append("Reason:     ").Append(one.WasNotCollected ? Explanation.NotCollected(one.Recipient.Domain).What
                : one.Reply?.Whole ?? "none was given").Append("\r\n");
            if (one.Settlement.State is RecipientState.Expired && !one.WasNotCollected) text.Append("            It was tried until its time was over.\r\n");
            if (one.IsHostsReply) text.Append("Said by:    ").Append(one.RemoteHost).Append("\r\n");
        }
        return text.Append("\r\nTo try again, move the .bad file into the site's Pickup folder.\r\n").ToString();
    }

    static Task PutAsync(string path, byte[] bytes, CancellationToken stop) => PutAsync(path, new MemoryStream(bytes), stop);

    /// <summary>First under another name, which begins with a dot.</summary>
    static async Task PutAsync(string path, Stream content, CancellationToken stop)
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
