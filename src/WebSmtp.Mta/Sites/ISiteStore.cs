namespace WebSmtp.Mta.Sites;

/// <summary>What somebody wants a site to be.</summary>
public sealed record StateWish(DesiredState Desired, string By, DateTimeOffset At, bool Draining = false);

/// <summary>
/// Sites, their domains and the service's own switches in the database. Thread-safe. Objects given out are copies.
/// Updates check the version: they return false when the row is gone or was changed meanwhile, and raise it otherwise.
/// </summary>
public interface ISiteStore
{
    /// <summary>All sites with their domains, TURN mappings and ETRN names, by id.</summary>
    Task<IReadOnlyList<Site>> LoadAsync(CancellationToken stop);

    /// <summary>Adds a site with its domains; sets <see cref="Site.Id"/> to the lowest number above all that were ever used.</summary>
    Task AddAsync(Site site, CancellationToken stop);

    /// <summary>Writes the site's own row, not its domains or names. On success <see cref="Site.Version"/> is raised.</summary>
    Task<bool> UpdateAsync(Site site, CancellationToken stop);

    /// <summary>Writes only what the site should be, and who said so; the version stays.</summary>
    Task SetDesiredAsync(int siteId, StateWish wish, CancellationToken stop);

    /// <summary>Removes the site with all below it; queue entries must be gone.</summary>
    Task DeleteAsync(int siteId, CancellationToken stop);

    Task AddDomainAsync(MailDomain domain, CancellationToken stop);
    Task<bool> UpdateDomainAsync(MailDomain domain, CancellationToken stop);
    Task DeleteDomainAsync(int siteId, string name, CancellationToken stop);

    /// <summary>Makes <paramref name="name"/> the default domain: renames the default's row, or swaps it with an alias.</summary>
    Task RenameDefaultDomainAsync(int siteId, string name, CancellationToken stop);

    /// <summary>Adds the name, or replaces its domains.</summary>
    Task PutEtrnNameAsync(EtrnName name, CancellationToken stop);
    Task DeleteEtrnNameAsync(int siteId, string name, CancellationToken stop);

    /// <summary>The <c>smtpServiceVersion</c> switch, 1 or 2.</summary>
    Task<int> ReadServiceVersionAsync(CancellationToken stop);
    Task WriteServiceVersionAsync(int version, CancellationToken stop);
}
