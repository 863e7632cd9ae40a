using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Storage.Tests;

public abstract class SiteStoreContract : StorageContract
{
    ISiteStore Sites => Database.Get<ISiteStore>();
    IAccountStore Accounts => Database.Get<IAccountStore>();

    static Site NewSite(string name) => new()
    {
        Name = name,
        Mailroot = name,
        Endpoints = [new("127.0.0.1", 2525), new("::1", 366, EndpointTls.RequireStartTls, "cert", ProxyProtocol: true, Odmr: true)],
        Domains = [new() { Name = "hub.example", Kind = DomainKind.Default, Route = new() { Type = RouteType.Drop } }],
        EtrnNames = [new() { Name = "branches", Domains = ["a.example", "b.example"] }],
    };

    async Task<Site> LoadAsync(int id) => (await Sites.LoadAsync(Stop)).Single(s => s.Id == id);

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_site_is_loaded_as_it_was_added()
    {
        var site = NewSite("one");
        (site.Fqdn, site.Settings, site.AutoStart, site.Desired) = ("mx.example", """{"maxHops":9}""", false, DesiredState.Paused);
        site.Domains.Add(new()
        {
            Name = "*.test.com",
            Kind = DomainKind.Remote,
            AllowRelay = false,
            Overrides = """{"maxMessageSize":1}""",
            Route = new() { Type = RouteType.Hold, Etrn = true, EtrnTo = "host:25", MaxAge = TimeSpan.FromDays(3), MaxBytes = 7, MaxMessages = 8 },
        });
        await Sites.AddAsync(site, Stop);
        Assert.Equal(1, site.Id);
        site.Domains.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        Assert.Equivalent(site, await LoadAsync(1), strict: true);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_number_of_a_deleted_site_is_not_used_again()
    {
        await Sites.AddAsync(NewSite("one"), Stop);
        var two = NewSite("two");
        await Sites.AddAsync(two, Stop);
        await Database.Get<ICollectionStore>().AddAsync([new() { SiteId = two.Id, Domain = "a.example", From = "192.0.2.1" }], Stop);
        await Sites.DeleteAsync(two.Id, Stop);
        var three = NewSite("three");
        await Sites.AddAsync(three, Stop);
        Assert.Equal((2, 3), (two.Id, three.Id));
        Assert.Equal([1, 3], (await Sites.LoadAsync(Stop)).Select(s => s.Id));
        Assert.Empty(await Database.Get<ICollectionStore>().LastAsync(2, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task An_update_of_a_site_writes_its_own_row_and_refuses_a_stale_one()
    {
        await Sites.AddAsync(NewSite("one"), Stop);
        var (mine, theirs) = (await LoadAsync(1), await LoadAsync(1));
        mine.Name = "mine";
        mine.Endpoints = [new("0.0.0.0", 25)];
        mine.Domains.Clear();
        mine.Domains.Add(new() { SiteId = 1, Name = "not.written" });
        Assert.True(await Sites.UpdateAsync(mine, Stop));
        Assert.Equal(2, mine.Version);
        theirs.Name = "theirs";
        Assert.False(await Sites.UpdateAsync(theirs, Stop));
        Assert.Equal(1, theirs.Version);

        var stored = await LoadAsync(1);
        Assert.Equal(("mine", 2, "hub.example", 25), (stored.Name, stored.Version, stored.Domains.Single().Name, stored.Endpoints.Single().Port));
        var at = new DateTimeOffset(2026, 11, 27, 10, 2, 0, TimeSpan.Zero);
        await Sites.SetDesiredAsync(1, new(DesiredState.Paused, "anna", at, Draining: true), Stop);
        var drained = await LoadAsync(1);
        Assert.Equal((DesiredState.Paused, true, "anna", at, 2), (drained.Desired, drained.Draining, drained.StateBy, drained.StateSince, drained.Version));
        await Sites.DeleteAsync(1, Stop);
        Assert.False(await Sites.UpdateAsync(mine, Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Domains_come_change_and_go_with_their_mappings()
    {
        await Sites.AddAsync(NewSite("one"), Stop);
        Account[] accounts = [new() { Username = "a", PasswordHash = "x" }, new() { Username = "b", PasswordHash = "x" }];
        foreach (var account in accounts) Assert.True(await Accounts.AddAsync(account, Stop));
        await Sites.AddDomainAsync(new()
        {
            SiteId = 1,
            Name = "test.com",
            Kind = DomainKind.Remote,
            Route = new() { Type = RouteType.Hold },
            TurnMappings = [new() { SiteId = 1, Domain = "test.com", AccountId = accounts[0].Id }],
        }, Stop);

        var (domain, stale) = (await TestComAsync(), await TestComAsync());
        Assert.Equal(accounts[0].Id, domain.TurnMappings.Single().AccountId);
        domain.Route = domain.Route with { Etrn = true };
        domain.TurnMappings = [.. accounts.Select(a => new TurnMapping { SiteId = 1, Domain = "test.com", AccountId = a.Id })];
        Assert.True(await Sites.UpdateDomainAsync(domain, Stop));
        Assert.False(await Sites.UpdateDomainAsync(stale, Stop));
        Assert.Equivalent(domain, await TestComAsync(), strict: true);

        await Assert.ThrowsAnyAsync<Exception>(() => Accounts.DeleteAsync(accounts[0].Id, Stop));
        await Sites.DeleteDomainAsync(1, "test.com", Stop);
        await Accounts.DeleteAsync(accounts[0].Id, Stop);
        Assert.Equal("hub.example", (await LoadAsync(1)).Domains.Single().Name);

        async Task<MailDomain> TestComAsync() => (await LoadAsync(1)).Domains.Single(d => d.Name == "test.com");
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_default_domain_is_renamed_or_swapped_with_an_alias()
    {
        await Sites.AddAsync(NewSite("one"), Stop);
        await Sites.RenameDefaultDomainAsync(1, "new.example", Stop);
        var domain = (await LoadAsync(1)).Domains.Single();
        Assert.Equal(("new.example", DomainKind.Default, RouteType.Drop, 2), (domain.Name, domain.Kind, domain.Route.Type, domain.Version));
        (domain.Route, domain.AllowRelay, domain.Overrides) = (domain.Route with { Directory = "drop" }, true, "{\"maxMessageSize\":4096}");
        Assert.True(await Sites.UpdateDomainAsync(domain, Stop));

        await Sites.AddDomainAsync(new() { SiteId = 1, Name = "alias.example", Kind = DomainKind.Alias, Route = new() { Type = RouteType.Drop } }, Stop);
        await Sites.RenameDefaultDomainAsync(1, "alias.example", Stop);
        Assert.Equal(
            [
                ("alias.example", DomainKind.Default, "drop", true, "{\"maxMessageSize\":4096}"),
                ("new.example", DomainKind.Alias, null, null, "{}"),
            ],
            (await LoadAsync(1)).Domains.Select(d => (d.Name, d.Kind, d.Route.Directory, d.AllowRelay, d.Overrides)));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task An_etrn_name_is_added_replaced_and_deleted()
    {
        await Sites.AddAsync(NewSite("one"), Stop);
        await Sites.PutEtrnNameAsync(new() { SiteId = 1, Name = "branches", Domains = ["c.example"] }, Stop);
        await Sites.PutEtrnNameAsync(new() { SiteId = 1, Name = "all", Domains = [] }, Stop);
        var names = (await LoadAsync(1)).EtrnNames;
        Assert.Equal([("all", 1), ("branches", 2)], names.Select(n => (n.Name, n.Version)));
        Assert.Equal(["c.example"], names[1].Domains);
        await Sites.DeleteEtrnNameAsync(1, "branches", Stop);
        Assert.Equal("all", (await LoadAsync(1)).EtrnNames.Single().Name);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task The_service_version_is_two_until_it_is_written()
    {
        Assert.Equal(2, await Sites.ReadServiceVersionAsync(Stop));
        await Sites.WriteServiceVersionAsync(1, Stop);
        await Sites.WriteServiceVersionAsync(1, Stop);
        Assert.Equal(1, await Sites.ReadServiceVersionAsync(Stop));
    }

    /// <summary>SQLite has one writer: what is not the queue's must not fail because mail comes in.</summary>
    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Settings_are_written_while_mail_comes_in()
    {
        await Sites.AddAsync(NewSite("one"), Stop);
        var ids = new Mta.Queue.MessageIds(Database.Clock, 1);
        var mail = Enumerable.Range(0, 500).Select(_ => Database.Queue.CommitAsync(new()
        {
            Id = ids.Next().Value,
            SiteId = 1,
            ReceivedAt = Database.Clock.GetUtcNow(),
            ClientAddress = "::1",
            HeloName = "x",
            Protocol = "SMTP",
            MailFrom = "",
            Recipients = [new() { Address = "a@b.example", Domain = "b.example", State = Mta.Queue.RecipientState.Held }],
        }, new byte[5000]));
        var settings = Enumerable.Range(0, 50).Select(i => Sites.PutEtrnNameAsync(new() { SiteId = 1, Name = $"name{i}" }, Stop));
        await Task.WhenAll([.. mail, .. settings]);
        Assert.Equal(51, (await LoadAsync(1)).EtrnNames.Count);
        Assert.Equal(500, await Database.Queue.CountLiveAsync(1, Stop));
    }
}
