namespace WebSmtp.Mta.Sites;

/// <summary>The sites as they are now, for everything that only reads. Thread-safe; never waits.</summary>
public sealed class SiteRegistry
{
    volatile IReadOnlyDictionary<int, SiteView> _sites = new Dictionary<int, SiteView>();

    /// <summary>All sites by id.</summary>
    public IReadOnlyDictionary<int, SiteView> Sites => _sites;

    /// <summary>Null when there is no such site (any more).</summary>
    public SiteView? Find(int siteId) => _sites.GetValueOrDefault(siteId);

    /// <summary>Puts a new picture in place of the old one. Only the operations on sites do this, one at a time.</summary>
    internal void Replace(IReadOnlyDictionary<int, SiteView> sites) => _sites = sites;
}
