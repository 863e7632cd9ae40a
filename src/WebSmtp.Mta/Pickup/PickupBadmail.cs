using System.Globalization;
using System.Text;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Pickup;

/// <summary>Files of Pickup in Badmail: whatever becomes of a file, whoever put it there learns why.</summary>
sealed class PickupBadmail(TimeProvider time)
{
    const string Again = "To send it after all, mend the .bad file beside this one and move it into the site's Pickup folder.";

    /// <summary>The content and the reason.</summary>
    /// <param name="name">Of the files; null: the file's.</param>
    public Task WriteAsync(
        SiteSnapshot site, string file, string? name, Stream content, string reason, CancellationToken stop, string advice = Again) =>
        Badmail.WriteAsync(site.Folders, Path.GetFileNameWithoutExtension(name ?? file), content, Text(file, reason, advice), stop);

    /// <summary>The reason alone, for what cannot be read. Once.</summary>
    public async Task WriteReasonAsync(SiteSnapshot site, string file, string name, string reason, string advice, CancellationToken stop)
    {
        if (IsWritten(site, name)) return;
        Directory.CreateDirectory(site.Folders.Badmail);
        await File.WriteAllTextAsync(PathOf(site, name, ".bdr"), Text(file, reason, advice), stop);
    }

    /// <summary>The file itself: who has it open goes on writing there.</summary>
    public async Task MoveAsync(SiteSnapshot site, FileInfo taken, string file, string reason, string advice, CancellationToken stop)
    {
        await WriteReasonAsync(site, file, taken.Name, reason, advice, stop);
        taken.MoveTo(PathOf(site, taken.Name, ".bad"), overwrite: false);
    }

    public static bool IsWritten(SiteSnapshot site, string name) => File.Exists(PathOf(site, name, ".bdr"));

    /// <summary>What was wrong is no longer.</summary>
    public static void DeleteReason(SiteSnapshot site, string name) => File.Delete(PathOf(site, name, ".bdr"));

    static string PathOf(SiteSnapshot site, string name, string extension) =>
        Path.Combine(site.Folders.Badmail, Path.GetFileNameWithoutExtension(name) + extension);

    string Text(string file, string reason, string advice) => new StringBuilder("This file of the Pickup folder was not sent.\r\n\r\n")
        .Append("File:       ").Append(file).Append("\r\n")
        .Append("Time:       ").Append(time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)).Append("\r\n")
        .Append("Reason:     ").Append(reason).Append("\r\n\r\n")
        .Append(advice).Append("\r\n").ToString();
}
