using System.Data.Common;
using System.Runtime.InteropServices;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Api;

/// <summary>How the service is.</summary>
/// <param name="Version">Version of the program.</param>
/// <param name="Runtime">What it runs on.</param>
/// <param name="OperatingSystem">What that runs on.</param>
/// <param name="Database">The database; null while it cannot be read.</param>
/// <param name="StartedAt">When the program was started.</param>
/// <param name="Node">Name of the machine that answers.</param>
/// <param name="Health">As /readyz says.</param>
/// <param name="Memory">Bytes of memory that the process holds.</param>
/// <param name="Processors">Processors that it may use.</param>
/// <param name="Storage">The data directory and the mail roots.</param>
/// <param name="Limits">What each site allows.</param>
sealed record StatusResponse(
    string Version, string Runtime, string OperatingSystem, DatabaseResponse? Database, DateTimeOffset StartedAt, string Node, HealthResponse Health,
    long Memory, int Processors, IReadOnlyList<FolderResponse> Storage, IReadOnlyList<SiteLimitsResponse> Limits)
{
    public const string Example =
        """
        { "version": "0.1.0", "runtime": ".NET 10.0.4", "operatingSystem": "Debian GNU/Linux 13", "database": { "name": "SQLite", "version": "3.50.4", "bytes": 1048576 },
          "startedAt": "2026-11-23T08:00:00Z", "node": "mail1", "health": { "status": "ready", "degraded": [] }, "memory": 104857600, "processors": 2,
          "storage": [ { "folder": "/data", "site": null, "free": 53687091200, "size": 107374182400 } ],
          "limits": [ { "site": 1, "maxMessageSize": 33554432, "maxRecipientsPerMessage": 1000, "maxConnections": 1000 } ] }
        """;
}

/// <summary>The database.</summary>
/// <param name="Name">SQLite or PostgreSQL.</param>
/// <param name="Version">Its own version.</param>
/// <param name="Bytes">What it takes on its disk.</param>
sealed record DatabaseResponse(string Name, string Version, long Bytes);

/// <summary>A folder and its disk.</summary>
/// <param name="Folder">Its full path.</param>
/// <param name="Site">The site whose mail root it is; null: the data directory.</param>
/// <param name="Free">Bytes free on its disk; null: not known.</param>
/// <param name="Size">Bytes of its disk; null: not known.</param>
sealed record FolderResponse(string Folder, int? Site, long? Free, long? Size);

/// <summary>What a site allows; 0: no limit.</summary>
/// <param name="Site">Its id.</param>
/// <param name="MaxMessageSize">Bytes of a message.</param>
/// <param name="MaxRecipientsPerMessage">Recipients of a message.</param>
/// <param name="MaxConnections">Clients at the same time.</param>
sealed record SiteLimitsResponse(int Site, long MaxMessageSize, long MaxRecipientsPerMessage, long MaxConnections);

/// <summary>Looks at what the service runs on. Thread-safe.</summary>
sealed class ServiceStatus(
    ServiceFacts facts, IDatabaseFacts database, SiteRegistry sites, IQueueStore queue, DataDirectory data, TimeProvider time)
{
    public async Task<StatusResponse> ReadAsync(CancellationToken stop)
    {
        var all = sites.Sites.Values.Select(view => view.Site).OrderBy(site => site.Id).ToList();
        return new(
            facts.Version, RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription, await DatabaseAsync(stop), facts.StartedAt, facts.Node,
            await HealthEndpoints.LookAsync(sites, queue, time, stop), Environment.WorkingSet, Environment.ProcessorCount,
            [Look(data.Path, null), .. all.Select(site => Look(site.Folders.Root, site.Id))],
            [.. all.Select(site => new SiteLimitsResponse(
                site.Id, site.Settings.Get(SettingsTable.MaxMessageSize), site.Settings.Get(SettingsTable.MaxRecipientsPerMessage),
                site.Settings.Get(SettingsTable.MaxConnections)))]);
    }

    async Task<DatabaseResponse?> DatabaseAsync(CancellationToken stop)
    {
        try
        {
            var read = await database.ReadAsync(stop);
            return new(read.Name, read.Version, read.Bytes);
        }
        catch (DbException)
        {
            // The health says so as well.
            return null;
        }
    }

    static FolderResponse Look(string folder, int? site)
    {
        try
        {
            var disk = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)! : folder);
            return new(folder, site, disk.AvailableFreeSpace, disk.TotalSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new(folder, site, null, null);
        }
    }
}
