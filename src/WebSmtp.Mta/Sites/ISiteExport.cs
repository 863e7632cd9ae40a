namespace WebSmtp.Mta.Sites;

/// <summary>Writes the mail of a site that is being deleted out of the queue.</summary>
public interface ISiteExport
{
    /// <summary>Writes all live messages as files that are ready for a Pickup folder and removes them from the queue.</summary>
    /// <returns>How many there were, and the folder they are in.</returns>
    Task<(long Messages, string Folder)> ExportSiteAsync(SiteSnapshot site, CancellationToken stop);
}
