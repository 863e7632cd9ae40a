using System.Text.Json;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

/// <summary>A site store that forgets everything with the test. What goes in and out are copies, as the contract says.</summary>
sealed class MemorySiteStore : ISiteStore
{
    readonly SortedDictionary<int, Site> _sites = [];
    int _lastId;
    int _serviceVersion = 2;

    /// <summary>Makes the next update answer that somebody else was faster.</summary>
    public bool NextUpdateIsStale { get; set; }

    public Site Stored(int siteId) => Copy(_sites[siteId]);

    public Task<IReadOnlyList<Site>> LoadAsync(CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<Site>>([.. _sites.Values.Select(Copy)]);

    public Task AddAsync(Site site, CancellationToken stop)
    {
        site.Id = ++_lastId;
        foreach (var domain in site.Domains) domain.SiteId = site.Id;
        _sites[site.Id] = Copy(site);
        return Task.CompletedTask;
    }

    public Task<bool> UpdateAsync(Site site, CancellationToken stop)
    {
        if (NextUpdateIsStale || !_sites.TryGetValue(site.Id, out var old) || old.Version != site.Version)
        {
            NextUpdateIsStale = false;
            return Task.FromResult(false);
        }
        site.Version++;
        var stored = Copy(site);
        (stored.Domains, stored.EtrnNames) = (old.Domains, old.EtrnNames);
        _sites[site.Id] = stored;
        return Task.FromResult(true);
    }

    public Task SetDesiredAsync(int siteId, StateWish wish, CancellationToken stop)
    {
        var site = _sites[siteId];
        (site.Desired, site.Draining, site.StateBy, site.StateSince) = (wish.Desired, wish.Draining, wish.By, wish.At);
        return Task.CompletedTask;
    }

    public Task DeleteAsync(int siteId, CancellationToken stop)
    {
        _sites.Remove(siteId);
        return Task.CompletedTask;
    }

    public Task AddDomainAsync(MailDomain domain, CancellationToken stop)
    {
        _sites[domain.SiteId].Domains.Add(Copy(domain));
        return Task.CompletedTask;
    }

    public Task<bool> UpdateDomainAsync(MailDomain domain, CancellationToken stop)
    {
        var domains = _sites[domain.SiteId].Domains;
        var index = domains.FindIndex(other => other.Name == domain.Name);
        if (index < 0 || domains[index].Version != domain.Version) return Task.FromResult(false);
        domain.Version++;
        domains[index] = Copy(domain);
        return Task.FromResult(true);
    }

    public Task DeleteDomainAsync(int siteId, string name, CancellationToken stop)
    {
        _sites[siteId].Domains.RemoveAll(domain => domain.Name == name);
        return Task.CompletedTask;
    }

    public Task RenameDefaultDomainAsync(int siteId, string name, CancellationToken stop)
    {
        var domains = _sites[siteId].Domains;
        var old = domains.Single(domain => domain.Kind is DomainKind.Default);
        if (domains.Find(domain => domain.Name == name) is { } alias) alias.Name = old.Name;
        old.Name = name;
        return Task.CompletedTask;
    }

    public Task PutEtrnNameAsync(EtrnName name, CancellationToken stop)
    {
        _sites[name.SiteId].EtrnNames.RemoveAll(other => other.Name == name.Name);
        _sites[name.SiteId].EtrnNames.Add(Copy(name));
        return Task.CompletedTask;
    }

    public Task DeleteEtrnNameAsync(int siteId, string name, CancellationToken stop)
    {
        _sites[siteId].EtrnNames.RemoveAll(other => other.Name == name);
        return Task.CompletedTask;
    }

    public Task<int> ReadServiceVersionAsync(CancellationToken stop) => Task.FromResult(_serviceVersion);

    public Task WriteServiceVersionAsync(int version, CancellationToken stop)
    {
        _serviceVersion = version;
        return Task.CompletedTask;
    }

    static T Copy<T>(T value) => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(value))!;
}
