using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Sites;

/// <summary>
/// Everything that an administrator does to sites. Thread-safe: acts follow one another. Every change is in the database
/// and in the <see cref="SiteRegistry"/> when its task completes.
/// </summary>
public sealed class SiteOperations
{
    /// <summary>Loads all sites, makes the default site at first run, and starts what should run. A site that cannot start is Failed.</summary>
    public Task StartAllAsync(SiteConfiguration firstSite, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Unbinds everything and ends sessions with 421, without touching what each site should be after the next start.</summary>
    public Task ShutDownAsync(TimeSpan grace) => throw new NotSupportedException();

    /// <summary>Makes a site, stopped, with its folders and its default domain.</summary>
    public Task<Result<SiteView>> CreateAsync(SiteConfiguration wanted, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Changes a site. A running one is re-bound when its endpoints change; if that fails nothing changes (Conflict).</summary>
    /// <param name="version">The version that the change was made from; null: whatever is there.</param>
    public Task<Result<SiteView>> UpdateAsync(int siteId, SiteConfiguration wanted, long? version, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Starts it; a site whose address and port are taken is Failed and the problem says who has it.</summary>
    public Task<Result<SiteView>> StartAsync(int siteId, Actor actor, CancellationToken stop) => throw new NotSupportedException();
    public Task<Result<SiteView>> StopAsync(int siteId, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>No new connections; those that are there and the queue go on.</summary>
    public Task<Result<SiteView>> PauseAsync(int siteId, Actor actor, CancellationToken stop) => throw new NotSupportedException();
    public Task<Result<SiteView>> ContinueAsync(int siteId, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Stops and removes a site; never the default one.</summary>
    /// <param name="moveTo">The other site for <see cref="DeleteMessages.Move"/>.</param>
    public Task<Result<SiteDeletion>> DeleteAsync(int siteId, DeleteMessages messages, int? moveTo, long? version, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Switches between 1 (only the default site; no ETRN, TURN, ATRN) and 2 (all), at once.</summary>
    public Task<Problem?> SetServiceVersionAsync(int version, Actor actor, CancellationToken stop) => throw new NotSupportedException();
    public int ServiceVersion => throw new NotSupportedException();

    public Task<Result<DomainSnapshot>> CreateDomainAsync(int siteId, DomainConfiguration wanted, Actor actor, CancellationToken stop) => throw new NotSupportedException();
    public Task<Result<DomainSnapshot>> UpdateDomainAsync(int siteId, string name, DomainConfiguration wanted, long? version, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Null: done. Mail that is held for it is routed as for a domain without a rule.</summary>
    public Task<Problem?> DeleteDomainAsync(int siteId, string name, long? version, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Makes or replaces what <c>ETRN #name</c> means.</summary>
    public Task<Problem?> PutEtrnNameAsync(int siteId, string name, IReadOnlyList<string> domains, Actor actor, CancellationToken stop) => throw new NotSupportedException();
    public Task<Problem?> DeleteEtrnNameAsync(int siteId, string name, Actor actor, CancellationToken stop) => throw new NotSupportedException();
}
