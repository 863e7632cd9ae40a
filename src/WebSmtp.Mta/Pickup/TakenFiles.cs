using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Submissions;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Pickup;

/// <summary>
/// Sends files that were taken from Pickup: committed under the number in their name, then deleted. A crash at any point
/// neither loses one nor sends it twice: one whose number the queue knows is only deleted. One look at a time.
/// </summary>
/// <param name="useOf">Whether others work on an open file.</param>
sealed class TakenFiles(
    Submission submission, IQueueStore queue, PickupBadmail badmail, TimeProvider time, ILogger log, Func<FileStream, FileUse> useOf)
{
    /// <summary>After trouble that may pass.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    /// <summary>After trouble with one file, which a person must end.</summary>
    public static readonly TimeSpan RetryUnreadableAfter = TimeSpan.FromHours(1);

    const int AtOnce = 8;
    const int IdLength = 13;

    readonly ConcurrentDictionary<string, DateTimeOffset> _notBefore = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, bool> _unreadable = new(StringComparer.Ordinal);

    /// <summary>In ticks. Our own trouble: it would be the same with the next file.</summary>
    long _troubleUntil;

    /// <summary>With how the file was when it was taken, so that a later start sees whether it has changed since.</summary>
    public static string NameFor(MessageId id, long length, DateTime written, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{id}-{length:x}_{written.Ticks:x}-{name}");

    /// <summary>Number, stamp (none in names of earlier versions) and the name that others gave.</summary>
    static (MessageId Id, string Stamp, string Name)? Read(string file)
    {
        if (file.Length <= IdLength || file[IdLength] is not '-' || !MessageId.TryParse(file[..IdLength], out var id)) return null;
        var rest = file[(IdLength + 1)..];
        var end = rest.IndexOf('-', StringComparison.Ordinal);
        return end > 0 && rest[..end].Split('_') is [var length, var written] && IsNumber(length) && IsNumber(written)
            ? (id, rest[..end], rest[(end + 1)..])
            : (id, "", rest);

        static bool IsNumber(string text) => text.Length is > 0 and <= 16 && text.All(char.IsAsciiHexDigitLower);
    }

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
        Read(name) is not null
        && time.GetUtcNow() is var now && now.UtcTicks >= Volatile.Read(ref _troubleUntil) && (!_notBefore.TryGetValue(name, out var due) || now >= due);

    async ValueTask SendAsync(SiteSnapshot site, FileInfo file, CancellationToken stop)
    {
        if (!IsDue(file.Name) || Read(file.Name) is not var (id, stamp, name)) return;
        try
        {
            if (PickupFolder.IsLink(file)) await RefuseAsync(site, file, null, "It is a link; only files are sent.", stop);
            else if (file.Length == 0) await RefuseAsync(site, file, null, "It is empty, or no file.", stop);
            else if (await queue.FindAsync(id, stop) is not null)
            {
                if (stamp.Length > 0 && stamp != StampOf(file))
                {
                    // Nobody knows whether all of it was there to be sent.
                    await KeepChangedAsync(site, file, id, stop);
                    return;
                }
                Log.PickupSentBefore(log, name, site.Id, id.ToString());
            }
            else if (time.GetUtcNow() - id.Time >= site.Settings.Get(SettingsTable.HistoryFor))
            {
                if (!await RefuseOldAsync(site, file, stop)) return;
            }
            else if (!await SubmitAsync(site, file, id, name, stop)) return;
            Delete(site, file);
        }
        catch (FileNotFoundException)
        {
            // A person took it away.
            Forget(site, file);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Later(file, e.Message);
            PauseAll();
        }
    }

    /// <summary>True: the file has had its day, and is to be deleted.</summary>
    async Task<bool> SubmitAsync(SiteSnapshot site, FileInfo file, MessageId id, string name, CancellationToken stop)
    {
        await using var content = await OpenAsync(site, file, stop);
        if (content is null) return false;
        var request = new SubmissionRequest(Origin.Submitted("Pickup", "Pickup"), null, []) { EnvelopeOnTop = true, Size = content.Length, Id = id };
        Reply reply;
        try
        {
            reply = (await submission.SubmitAsync(site, request, content, stop)).Reply;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of the content: all other trouble is a reply.
            await CannotReadAsync(site, file, e.Message, stop);
            return false;
        }
        if (reply.IsPositive)
        {
            Log.PickedUp(log, name, site.Id, id.ToString());
            if (!HasChanged(file, content)) return true;
            await KeepChangedAsync(site, file, id, stop);
            return false;
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

    /// <param name="file">As it was before it was opened.</param>
    static bool HasChanged(FileInfo file, FileStream content) =>
        RandomAccess.GetLength(content.SafeFileHandle) != file.Length || File.GetLastWriteTimeUtc(content.SafeFileHandle) != file.LastWriteTimeUtc;

    /// <summary>Its writer was not done: what was sent was a part, or a mixture.</summary>
    async Task KeepChangedAsync(SiteSnapshot site, FileInfo file, MessageId id, CancellationToken stop)
    {
        var reason = $"It was changed while it was sent, as message {id}: that may be only a part of it.";
        Log.PickupRefused(log, NameOf(file), site.Id, reason);
        await badmail.MoveAsync(site, file, NameOf(file), reason,
            "The .bad file beside this one is the whole. To send it as well, move it into the site's Pickup folder. Programs should write under "
            + "a name that ends in .tmp, and rename the file when it is complete.", stop);
    }

    /// <summary>Long enough ago that the queue may have known and forgotten it: a person must say.</summary>
    async Task<bool> RefuseOldAsync(SiteSnapshot site, FileInfo file, CancellationToken stop)
    {
        await using var content = await OpenAsync(site, file, stop);
        if (content is null) return false;
        await RefuseAsync(site, file, content, "It was taken so long ago that nobody knows any more whether it was sent.", stop);
        return true;
    }

    async Task RefuseAsync(SiteSnapshot site, FileInfo file, Stream? content, string reason, CancellationToken stop)
    {
        Log.PickupRefused(log, NameOf(file), site.Id, reason);
        Forget(site, file);
        await badmail.WriteAsync(site, NameOf(file), file.Name, content ?? Stream.Null, reason, stop);
    }

    /// <summary>Null: not now. Others may have opened it before it was taken.</summary>
    async ValueTask<FileStream?> OpenAsync(SiteSnapshot site, FileInfo file, CancellationToken stop)
    {
        FileStream? opened = null;
        try
        {
            opened = new(file.FullName, new FileStreamOptions { Share = FileShare.None, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
            if (useOf(opened) is not FileUse.Open) return opened;
        }
        catch (UnauthorizedAccessException e)
        {
            if (opened is not null) await opened.DisposeAsync();
            await CannotReadAsync(site, file, e.Message, stop);
            return null;
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            // Locked.
        }
        if (opened is not null) await opened.DisposeAsync();
        Later(file, "somebody has it open");
        return null;
    }

    /// <summary>Trouble of this file alone. It is said once.</summary>
    async Task CannotReadAsync(SiteSnapshot site, FileInfo file, string why, CancellationToken stop)
    {
        _notBefore[file.Name] = time.GetUtcNow() + RetryUnreadableAfter;
        if (!_unreadable.TryAdd(file.Name, true)) return;
        Log.PickupDeferred(log, NameOf(file), why, RetryUnreadableAfter);
        await badmail.WriteReasonAsync(site, NameOf(file), file.Name, $"It cannot be read: {why}",
            $"It is kept as {file.FullName} and tried again every hour: let the server read it, or delete it.", stop);
    }

    void Delete(SiteSnapshot site, FileInfo file)
    {
        try
        {
            if (OperatingSystem.IsWindows() && file.IsReadOnly) file.IsReadOnly = false;
            file.Delete();
            Forget(site, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The queue knows it, or it is in Badmail: it is only deleted again.
            Later(file, e.Message);
        }
    }

    void Forget(SiteSnapshot site, FileInfo file)
    {
        _notBefore.TryRemove(file.Name, out _);
        if (_unreadable.TryRemove(file.Name, out _)) PickupBadmail.DeleteReason(site, file.Name);
    }

    static string StampOf(FileInfo file) => string.Create(CultureInfo.InvariantCulture, $"{file.Length:x}_{file.LastWriteTimeUtc.Ticks:x}");

    static string NameOf(FileInfo file) => Read(file.Name)?.Name ?? file.Name;

    void Later(FileInfo file, string why)
    {
        Log.PickupDeferred(log, NameOf(file), why, RetryAfter);
        _notBefore[file.Name] = time.GetUtcNow() + RetryAfter;
    }

    void PauseAll() => Volatile.Write(ref _troubleUntil, (time.GetUtcNow() + RetryAfter).UtcTicks);
}
