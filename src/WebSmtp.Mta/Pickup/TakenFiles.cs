using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Submissions;

namespace WebSmtp.Mta.Pickup;

/// <summary>
/// Sends files that were taken from Pickup: committed under the number in their name, then deleted. A crash at any point
/// neither loses one nor sends it twice: one whose number the queue knows is only deleted. One look at a time.
/// </summary>
sealed class TakenFiles(Submission submission, IQueueStore queue, TimeProvider time, ILogger log)
{
    /// <summary>After trouble that may pass.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    const int AtOnce = 8;
    const int IdLength = 13;

    readonly ConcurrentDictionary<string, DateTimeOffset> _notBefore = new(StringComparer.Ordinal);

    /// <summary>In ticks. Our own trouble: it would be the same with the next file.</summary>
    long _troubleUntil;

    public static string NameFor(MessageId id, string name) => $"{id}-{name}";

    /// <summary>Sends all that wait. Throws only when cancelled.</summary>
    public async Task SendAsync(SiteSnapshot site, CancellationToken stop)
    {
        if (!Directory.Exists(site.Folders.Taken)) return;
        try
        {
            var files = new DirectoryInfo(site.Folders.Taken).EnumerateFiles().Where(file => IsDue(file.Name));
            await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop },
                async (file, cancelled) => await SendAsync(site, file, cancelled));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.PickupUnreadable(log, site.Folders.Taken, e.Message);
        }
    }

    bool IsDue(string name) =>
        name.Length > IdLength && name[IdLength] is '-' && MessageId.TryParse(name[..IdLength], out _)
        && time.GetUtcNow() is var now && now.UtcTicks >= Volatile.Read(ref _troubleUntil) && (!_notBefore.TryGetValue(name, out var due) || now >= due);

    async ValueTask SendAsync(SiteSnapshot site, FileInfo file, CancellationToken stop)
    {
        if (!IsDue(file.Name) || !MessageId.TryParse(file.Name[..IdLength], out var id)) return;
        var name = file.Name[(IdLength + 1)..];
        try
        {
            if (PickupFolder.IsLink(file)) await RefuseAsync(site, file, null, "It is a link; only files are sent.", stop);
            else if (file.Length == 0) await RefuseAsync(site, file, null, "It is empty, or no file.", stop);
            else if (await queue.FindAsync(id, stop) is not null) Log.PickupSentBefore(log, name, site.Id, id.ToString());
            else if (time.GetUtcNow() - id.Time >= site.Settings.Get(SettingsTable.HistoryFor)) await RefuseOldAsync(site, file, stop);
            else if (!await SubmitAsync(site, file, id, name, stop)) return;
            Delete(file);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Later(file, e.Message);
            PauseAll();
        }
    }

    /// <summary>True: the file has had its day.</summary>
    async Task<bool> SubmitAsync(SiteSnapshot site, FileInfo file, MessageId id, string name, CancellationToken stop)
    {
        await using var content = Open(file);
        if (content is null)
        {
            Later(file, "somebody has it open");
            return false;
        }
        var request = new SubmissionRequest(Origin.Submitted("Pickup", "Pickup"), null, []) { EnvelopeOnTop = true, Size = content.Length, Id = id };
        var reply = (await submission.SubmitAsync(site, request, content, stop)).Reply;
        if (reply.IsPositive)
        {
            Log.PickedUp(log, name, site.Id, id.ToString());
            return true;
        }
        if (reply.IsPermanent)
        {
            content.Position = 0;
            await RefuseAsync(site, file, content, reply.Text, stop);
            return true;
        }
        Later(file, reply.ToString());
        // A full quota is this message's trouble; all else is ours.
        if (reply.Status is { Subject: 3 }) PauseAll();
        return false;
    }

    /// <summary>Long enough ago that the queue may have known and forgotten it: a person must say.</summary>
    async Task RefuseOldAsync(SiteSnapshot site, FileInfo file, CancellationToken stop)
    {
        await using var content = Open(file);
        await RefuseAsync(site, file, content,
            "It was taken so long ago that nobody knows any more whether it was sent. Put it into Pickup again to send it.", stop);
    }

    async Task RefuseAsync(SiteSnapshot site, FileInfo file, Stream? content, string reason, CancellationToken stop)
    {
        Log.PickupRefused(log, file.Name[(IdLength + 1)..], site.Id, reason);
        await WriteBadmailAsync(site, file.Name, content ?? Stream.Null, reason, stop);
    }

    /// <summary>Whatever becomes of the file, whoever put it there learns why.</summary>
    public static Task WriteBadmailAsync(SiteSnapshot site, string name, Stream content, string reason, CancellationToken stop) =>
        Badmail.WriteAsync(site.Folders, Path.GetFileNameWithoutExtension(name), content, $"This file of the Pickup folder was not sent. {reason}", stop);

    static FileStream? Open(FileInfo file)
    {
        try
        {
            return new FileStream(file.FullName, new FileStreamOptions { Share = FileShare.None, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return null;
        }
    }

    void Delete(FileInfo file)
    {
        try
        {
            if (OperatingSystem.IsWindows() && file.IsReadOnly) file.IsReadOnly = false;
            file.Delete();
            _notBefore.TryRemove(file.Name, out _);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The queue knows it, or it is in Badmail: it is only deleted again.
            Later(file, e.Message);
        }
    }

    void Later(FileInfo file, string why)
    {
        Log.PickupDeferred(log, file.Name[(IdLength + 1)..], why, RetryAfter);
        _notBefore[file.Name] = time.GetUtcNow() + RetryAfter;
    }

    void PauseAll() => Volatile.Write(ref _troubleUntil, (time.GetUtcNow() + RetryAfter).UtcTicks);
}
