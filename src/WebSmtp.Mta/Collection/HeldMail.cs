using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Collection;

/// <summary>
/// What waits for one held domain and who fetches it: a row of the held mail screen. <paramref name="Last"/> is null
/// when it was never collected; <paramref name="Running"/> are collections that run now.
/// </summary>
public sealed record HeldDomain(
    int SiteId, string SiteName, DomainSnapshot Domain, long Messages, long Bytes, DateTimeOffset? Oldest,
    CollectionRecord? Last, IReadOnlyList<CollectionRecord> Running);

/// <summary>The view on held mail, and the operator's own trigger. Thread-safe.</summary>
public sealed class HeldMail
{
    /// <summary>All held domains of all sites, or of one.</summary>
    public Task<IReadOnlyList<HeldDomain>> ListAsync(int? siteId, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>One domain; null when it is not held or not there.</summary>
    public Task<HeldDomain?> FindAsync(int siteId, string domain, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Its collections, newest first.</summary>
    public Task<IReadOnlyList<CollectionRecord>> HistoryAsync(int siteId, string domain, int limit, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Starts what ETRN would start; the value says how many messages wait. Refused when the domain is not held.</summary>
    public Task<Result<DequeueStarted>> DequeueAsync(int siteId, string domain, Actor actor, CancellationToken stop) => throw new NotSupportedException();
}

/// <summary>A run that an operator started.</summary>
public sealed record DequeueStarted(long Messages);
