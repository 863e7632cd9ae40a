using System.Globalization;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Storage;

sealed class SiteStore(Database database) : ISiteStore
{
    const int DefaultServiceVersion = 2;

    public Task<IReadOnlyList<Site>> LoadAsync(CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<Site>>(async db => await db.Sites.AsSplitQuery().OrderBy(s => s.Id)
            .Include(s => s.Domains.OrderBy(d => d.Name)).ThenInclude(d => d.TurnMappings.OrderBy(t => t.AccountId))
            .Include(s => s.EtrnNames.OrderBy(n => n.Name))
            .ToListAsync(stop), stop);

    public Task AddAsync(Site site, CancellationToken stop) => database.WriteAsync(async db =>
    {
        var last = await ReadNumberAsync(db, ServiceState.LastSiteId, 0, stop);
        site.Id = last + 1;
        foreach (var domain in site.Domains)
        {
            domain.SiteId = site.Id;
            foreach (var mapping in domain.TurnMappings) mapping.SiteId = site.Id;
        }
        foreach (var name in site.EtrnNames) name.SiteId = site.Id;
        await WriteNumberAsync(db, ServiceState.LastSiteId, site.Id, stop);
        db.Add(site);
        await db.SaveChangesAsync(stop);
    }, stop);

    public Task<bool> UpdateAsync(Site site, CancellationToken stop) =>
        database.WriteAsync(db => db.TryUpdateAsync(site, stop), stop);

    public Task SetDesiredAsync(int siteId, StateWish wish, CancellationToken stop) => database.WriteAsync(db =>
        db.Sites.Where(s => s.Id == siteId).ExecuteUpdateAsync(set => set
            .SetProperty(s => s.Desired, wish.Desired).SetProperty(s => s.Draining, wish.Draining)
            .SetProperty(s => s.StateBy, wish.By).SetProperty(s => s.StateSince, wish.At), stop), stop);

    public Task DeleteAsync(int siteId, CancellationToken stop) => database.WriteAsync(async db =>
    {
        await db.Collections.Where(c => c.SiteId == siteId).ExecuteDeleteAsync(stop);
        await db.Sites.Where(s => s.Id == siteId).ExecuteDeleteAsync(stop);
    }, stop);

    public Task AddDomainAsync(MailDomain domain, CancellationToken stop) => database.WriteAsync(db =>
    {
        db.Add(domain);
        return db.SaveChangesAsync(stop);
    }, stop);

    public Task<bool> UpdateDomainAsync(MailDomain domain, CancellationToken stop) => database.WriteAsync(async db =>
    {
        if (!await db.TryUpdateAsync(domain, stop)) return false;
        await db.TurnMappings.Where(t => t.SiteId == domain.SiteId && t.Domain == domain.Name).ExecuteDeleteAsync(stop);
        db.AddRange(domain.TurnMappings);
        await db.SaveChangesAsync(stop);
        return true;
    }, stop);

    public Task DeleteDomainAsync(int siteId, string name, CancellationToken stop) => database.WriteAsync(db =>
        db.Domains.Where(d => d.SiteId == siteId && d.Name == name).ExecuteDeleteAsync(stop), stop);

    public Task RenameDefaultDomainAsync(int siteId, string name, CancellationToken stop) => database.WriteAsync(async db =>
    {
        var was = await db.Domains.Include(d => d.TurnMappings)
            .SingleAsync(d => d.SiteId == siteId && d.Kind == DomainKind.Default, stop);
        if (was.Name == name) return;
        var alias = await db.Domains.SingleOrDefaultAsync(d => d.SiteId == siteId && d.Name == name, stop);
        if (alias is null)
        {
            // A key cannot be changed: the row is made anew under the other name.
            db.Remove(was);
            await db.SaveChangesAsync(stop);
            db.Add(Renamed(was, name));
        }
        else
        {
            // What goes with being the default domain goes over; what the alias has becomes the old one's.
            (was.Kind, alias.Kind) = (alias.Kind, was.Kind);
            (was.Route, alias.Route) = (alias.Route, was.Route);
            (was.AllowRelay, alias.AllowRelay) = (alias.AllowRelay, was.AllowRelay);
            (was.Overrides, alias.Overrides) = (alias.Overrides, was.Overrides);
            was.Version++;
            alias.Version++;
        }
        await db.SaveChangesAsync(stop);
    }, stop);

    static MailDomain Renamed(MailDomain was, string name) => new()
    {
        SiteId = was.SiteId,
        Name = name,
        Kind = was.Kind,
        Route = was.Route,
        AllowRelay = was.AllowRelay,
        Overrides = was.Overrides,
        Version = was.Version + 1,
        TurnMappings = [.. was.TurnMappings.Select(t => new TurnMapping { SiteId = t.SiteId, Domain = name, AccountId = t.AccountId })],
    };

    public Task PutEtrnNameAsync(EtrnName name, CancellationToken stop) => database.WriteAsync(async db =>
    {
        var stored = await db.EtrnNames.SingleOrDefaultAsync(n => n.SiteId == name.SiteId && n.Name == name.Name, stop);
        if (stored is null)
        {
            db.Add(name);
        }
        else
        {
            stored.Domains = name.Domains;
            name.Version = ++stored.Version;
        }
        await db.SaveChangesAsync(stop);
    }, stop);

    public Task DeleteEtrnNameAsync(int siteId, string name, CancellationToken stop) => database.WriteAsync(db =>
        db.EtrnNames.Where(n => n.SiteId == siteId && n.Name == name).ExecuteDeleteAsync(stop), stop);

    public Task<int> ReadServiceVersionAsync(CancellationToken stop) =>
        database.ReadAsync(db => ReadNumberAsync(db, ServiceState.ServiceVersion, DefaultServiceVersion, stop), stop);

    public Task WriteServiceVersionAsync(int version, CancellationToken stop) =>
        database.WriteAsync(db => WriteNumberAsync(db, ServiceState.ServiceVersion, version, stop), stop);

    static async Task<int> ReadNumberAsync(WebSmtpDb db, string name, int otherwise, CancellationToken stop)
    {
        var text = await db.ServiceState.Where(s => s.Name == name).Select(s => s.Value).SingleOrDefaultAsync(stop);
        return text is null ? otherwise : int.Parse(text, CultureInfo.InvariantCulture);
    }

    static async Task WriteNumberAsync(WebSmtpDb db, string name, int number, CancellationToken stop)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        var written = await db.ServiceState.Where(s => s.Name == name).ExecuteUpdateAsync(set => set.SetProperty(s => s.Value, text), stop);
        if (written > 0) return;
        db.Add(new ServiceState { Name = name, Value = text });
        await db.SaveChangesAsync(stop);
    }
}
