using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Demo;

/// <summary>The hub that a branch collects from.</summary>
sealed record DemoHub(string Domain, int Port, string Username, string Password);

/// <summary>The other side of holding: a site is the branch, and its collector asks a hub for the mail by ATRN (RFC 2645).</summary>
static class BranchDemo
{
    const string Collector = "hub";
    static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    /// <summary>True when the message lies in the branch's Drop folder.</summary>
    public static async Task<bool> PlayAsync(IServiceProvider services, DemoHub hub, CancellationToken stop)
    {
        var branch = await MakeSiteAsync(services, hub.Domain, stop);
        var collectors = services.GetRequiredService<CollectorOperations>();
        var made = await collectors.CreateAsync(branch.Id, new(
            Collector, true, "127.0.0.1", hub.Port, HostTls.Require, null, CollectionMethod.Atrn, hub.Username, hub.Password, [hub.Domain], null, null),
            HeldMailDemo.Demonstrator, stop);
        HeldMailDemo.Must(made.Value, made.Problem);
        var begun = await collectors.RunAsync(branch.Id, Collector, HeldMailDemo.Demonstrator, stop);
        HeldMailDemo.Must(begun.Value, begun.Problem);

        using var pace = new PeriodicTimer(Pace);
        CollectorRun? run;
        do
        {
            await pace.WaitForNextTickAsync(stop);
            run = (await collectors.FindAsync(branch.Id, Collector, stop)).Value?.LastRun;
        }
        while (run is null or { Result: CollectorResult.Running });
        HeldMailDemo.Say($"   Collector '{Collector}' of site '{branch.Name}': {run.Messages} message, {run.Bytes} bytes. {run.End}");
        if (run.Result is not CollectorResult.Collected) return false;

        var drop = new DirectoryInfo(branch.Folders.Drop);
        FileInfo? file;
        while ((file = drop.Exists ? drop.EnumerateFiles("*.eml").FirstOrDefault() : null) is null) await pace.WaitForNextTickAsync(stop);
        HeldMailDemo.Say($"   It lies in the branch's Drop folder as {file.Name}:");
        foreach (var line in await File.ReadAllLinesAsync(file.FullName, stop)) HeldMailDemo.Say($"     {line}");
        return true;
    }

    static async Task<SiteSnapshot> MakeSiteAsync(IServiceProvider services, string domain, CancellationToken stop)
    {
        var sites = services.GetRequiredService<SiteOperations>();
        var created = await sites.CreateAsync(
            new("The branch", [new("127.0.0.1", HeldMailDemo.FreePort())], null, domain, null, true, []), HeldMailDemo.Demonstrator, stop);
        var started = await sites.StartAsync(HeldMailDemo.Must(created.Value, created.Problem).Site.Id, HeldMailDemo.Demonstrator, stop);
        return HeldMailDemo.Must(started.Value, started.Problem).Site;
    }
}
