using System.Globalization;
using System.Text;
using WebSmtp.Mta.Queue;
using WebSmtp.Smtp.Client;

namespace WebSmtp.Mta.Delivery;

/// <summary>
/// A message as a file with its envelope on top: <c>x-sender:</c>, an <c>x-receiver:</c> line for each recipient, then
/// the message. What a Pickup folder takes and a Drop folder gets.
/// </summary>
static class EnvelopeFile
{
    const int BlockBytes = 64 * 1024;
    static readonly Lock Naming = new();

    /// <summary>
    /// Writes the file, whole and durable or not at all: first under another name, which begins with a dot. Doing it
    /// again after a crash writes nothing new. The folder is not synced: see <see cref="DiskTrouble.SyncDirectory"/>.
    /// </summary>
    /// <returns>The file's path.</returns>
    public static async Task<string> WriteAsync(
        string folder, Message message, IReadOnlyList<Recipient> recipients, IOutgoingContent content, CancellationToken stop,
        string extension = ".eml")
    {
        Directory.CreateDirectory(folder);
        var id = new MessageId(message.Id);
        var envelope = Envelope(message, recipients);
        var (path, n) = (Path.Combine(folder, $"{id}{extension}"), 2);
        // Other recipients of the same message may have come here before, on their own, or come at this moment.
        for (; File.Exists(path); n++)
        {
            if (await BeginsWithAsync(path, envelope, stop)) return path;
            path = Path.Combine(folder, $"{id}-{n}{extension}");
        }

        // The same name after a crash, and another one for the message's other recipients.
        var unfinished = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $".{id}-{recipients.Min(recipient => recipient.Id)}.tmp"));
        try
        {
            await using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, BlockBytes, FileOptions.Asynchronous))
            {
                await file.WriteAsync(envelope, stop);
                await using (var stream = await content.OpenAsync(stop)) await stream.CopyToAsync(file, BlockBytes, stop);
                await file.FlushAsync(stop);
                file.Flush(flushToDisk: true);
            }
            for (; !TryName(unfinished, path); n++) path = Path.Combine(folder, $"{id}-{n}{extension}");
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
        return path;
    }

    /// <summary>False: there is such a file by now.</summary>
    static bool TryName(string unfinished, string path)
    {
        // A move looks first and moves then; nobody else makes files of these names.
        lock (Naming)
        {
            if (File.Exists(path)) return false;
            File.Move(unfinished, path);
            return true;
        }
    }

    static byte[] Envelope(Message message, IReadOnlyList<Recipient> recipients)
    {
        var lines = new StringBuilder("x-sender: ").Append(message.MailFrom.Length == 0 ? "<>" : message.MailFrom).Append("\r\n");
        foreach (var recipient in recipients) lines.Append("x-receiver: ").Append(recipient.Address).Append("\r\n");
        return Encoding.UTF8.GetBytes(lines.ToString());
    }

    static async ValueTask<bool> BeginsWithAsync(string path, byte[] envelope, CancellationToken stop)
    {
        await using var file = File.OpenRead(path);
        // And what follows: another recipient's line would go on where ours end.
        var head = new byte[envelope.Length + 11];
        var got = await file.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, stop);
        return got >= envelope.Length && head.AsSpan(0, envelope.Length).SequenceEqual(envelope)
            && !head.AsSpan(envelope.Length, got - envelope.Length).StartsWith("x-receiver:"u8);
    }
}
