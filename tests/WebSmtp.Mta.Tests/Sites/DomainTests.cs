using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Tests.Sites;

public sealed class DomainTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    SiteSnapshot Site => _bench.Registry.Sites[1].Site;

    static DomainConfiguration Remote(string name, DomainRoute? route = null, params string[] turnAccounts) =>
        new(name, DomainKind.Remote, route ?? new(), turnAccounts, null, []);

    static DomainConfiguration Held(string name, params string[] turnAccounts) =>
        Remote(name, new() { Type = RouteType.Hold, Etrn = true }, turnAccounts);

    static DomainConfiguration Alias(string name) => new(name, DomainKind.Alias, new(), [], null, []);

    Task<Result<DomainSnapshot>> CreateAsync(DomainConfiguration wanted) =>
        _bench.Sites.CreateDomainAsync(1, wanted, SiteBench.Administrator, _bench.Stop);

    Task<Result<DomainSnapshot>> UpdateAsync(string name, DomainConfiguration wanted, long? version = null) =>
        _bench.Sites.UpdateDomainAsync(1, name, wanted, version, SiteBench.Administrator, _bench.Stop);

    Task<Problem?> DeleteAsync(string name, long? version = null) =>
        _bench.Sites.DeleteDomainAsync(1, name, version, SiteBench.Administrator, _bench.Stop);

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_held_domain_is_in_the_snapshot_with_its_accounts_as_they_are_written_there()
    {
        await _bench.BootAsync();
        _bench.Accounts.Add("TestServer");
        _bench.Accounts.Add("other");
        var domain = (await CreateAsync(Held("Test.COM", "testserver", "TESTSERVER", "other"))).Value!;
        Assert.Equal(("test.com", true, true), (domain.Name, domain.IsHeld, domain.AllowRelay));
        Assert.Equal(["other", "TestServer"], domain.TurnAccounts);
        Assert.Same(domain, Site.FindDomain("test.com"));
        Assert.Equal([domain], Site.TurnDomainsOf("TESTSERVER"));
        Assert.Empty(Site.TurnDomainsOf("nobody"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_unknown_account_is_named_and_only_that_one()
    {
        await _bench.BootAsync();
        _bench.Accounts.Add("testserver");
        var problem = (await CreateAsync(Held("test.com", "testserver", "tsetserver"))).Problem;
        SiteBench.AssertInvalid(problem, "route.turnAccounts");
        Assert.Equal("There is no account 'tsetserver'.", problem!.Detail);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("")]
    [InlineData("not a domain")]
    [InlineData("a..example")]
    [InlineData("example.com.")]
    [InlineData("192.0.2.1")]
    [InlineData("[192.0.2.1]")]
    [InlineData("*")]
    [InlineData("*.")]
    [InlineData("a.*.example")]
    [InlineData("*example.com")]
    [InlineData("**.example.com")]
    public async Task A_domain_that_is_not_a_domain_is_refused(string name)
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(Remote(name))).Problem, "name");
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("far.example", "FAR.example")]
    [InlineData("xn--bcher-kva.example", "bücher.example")]
    [InlineData("*.far.example", "*.Far.Example")]
    [InlineData("near.example", "hub.example")]
    public async Task A_domain_is_there_once(string first, string second)
    {
        await _bench.BootAsync();
        Assert.Null((await CreateAsync(Remote(first))).Problem);
        SiteBench.AssertConflict((await CreateAsync(Remote(second))).Problem, "already has");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Members_of_other_route_types_are_refused_each_by_name()
    {
        await _bench.BootAsync();
        var problem = (await CreateAsync(Remote("far.example", new()
        {
            Type = RouteType.Dns,
            Directory = "x",
            SmartHost = new() { Target = new("h.example") },
            Etrn = true,
            EtrnTo = "h.example",
            MaxAge = TimeSpan.FromDays(1),
            MaxBytes = 1,
            MaxMessages = 1,
        }, "nobody"))).Problem;
        SiteBench.AssertInvalid(problem, "route.directory", "route.smartHost", "route.etrn", "route.etrnTo", "route.maxAge", "route.maxBytes",
            "route.maxMessages", "route.turnAccounts");
        Assert.Contains("'maxAge' belongs to the route hold, not to dns.", problem!.Detail, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_limits_of_a_held_domain_are_judged_and_zero_means_none()
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(Remote("far.example", new()
        {
            Type = RouteType.Hold,
            EtrnTo = "h.example:0",
            MaxAge = TimeSpan.FromSeconds(-1),
            MaxBytes = -1,
            MaxMessages = -1,
        }))).Problem, "route.etrnTo", "route.maxAge", "route.maxBytes", "route.maxMessages");
        var route = (await CreateAsync(Remote("far.example", new()
        {
            Type = RouteType.Hold,
            EtrnTo = "[::1]",
            MaxAge = TimeSpan.Zero,
            MaxBytes = 0,
            MaxMessages = 0,
        }))).Value!.Route;
        Assert.Equal(("[::1]:25", TimeSpan.Zero, 0L, 0L), (route.EtrnTo, route.MaxAge, route.MaxBytes, route.MaxMessages));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Mail_cannot_be_held_for_the_server_itself()
    {
        await _bench.BootAsync();
        var own = _bench.Registry.Find(1)!.Site.Endpoints[0];
        var problem = (await CreateAsync(Remote("far.example", new() { Type = RouteType.Hold, Etrn = true, EtrnTo = $"127.0.0.1:{own.Port}" }))).Problem;
        SiteBench.AssertInvalid(problem, "route.etrnTo");
        Assert.Contains("mail would come straight back", problem!.Detail, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_smart_host_route_needs_a_host_a_port_and_a_choice_of_tls()
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(Remote("a.example", new() { Type = RouteType.SmartHost }))).Problem, "route.smartHost");
        SiteBench.AssertInvalid((await CreateAsync(Remote("a.example", new() { Type = RouteType.SmartHost, SmartHost = new() { Target = new("no host", 0) } }))).Problem,
            "route.smartHost.host", "route.smartHost.port");
        var domain = (await CreateAsync(Remote("a.example", new() { Type = RouteType.SmartHost, SmartHost = new() { Target = new("[192.0.2.7]", 587, HostTls.Require) } }))).Value!;
        Assert.Equal((new SmartHostTarget("[192.0.2.7]", 587, HostTls.Require), false), (domain.Route.SmartHost!.Target, domain.AllowRelay));
        Assert.Equal("relay.example", (await CreateAsync(Remote("b.example", new() { Type = RouteType.SmartHost, SmartHost = new() { Target = new("Relay.Example") } })))
            .Value!.Route.SmartHost!.Target!.Host);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("../out")]
    [InlineData("mailroot/1/Pickup")]
    [InlineData("mailroot/1/Queue/sub")]
    [InlineData("mailroot/1/Badmail")]
    public async Task A_drop_directory_is_where_mail_roots_may_be_and_in_nobodys_way(string directory)
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(Remote("far.example", new() { Type = RouteType.Drop, Directory = directory }))).Problem, "route.directory");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_drop_directory_is_made_and_tried()
    {
        await _bench.BootAsync();
        Assert.True((await CreateAsync(Remote("far.example", new() { Type = RouteType.Drop, Directory = "mailroot/1/Drop/far" }))).Value!.AllowRelay);
        Assert.True(Directory.Exists(Path.Combine(_bench.Data, "mailroot", "1", "Drop", "far")));
        File.WriteAllText(Path.Combine(_bench.Data, "file"), "");
        SiteBench.AssertInvalid((await CreateAsync(Remote("b.example", new() { Type = RouteType.Drop, Directory = "file/x" }))).Problem, "route.directory");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_default_domain_is_not_made_deleted_or_given_away()
    {
        await _bench.BootAsync();
        await CreateAsync(Alias("alias.example"));
        SiteBench.AssertInvalid((await CreateAsync(new("x.example", DomainKind.Default, new() { Type = RouteType.Drop }, [], null, []))).Problem, "kind");
        SiteBench.AssertConflict(await DeleteAsync("hub.example"), "default domain");
        SiteBench.AssertConflict((await UpdateAsync("hub.example", Remote("hub.example"))).Problem, "defaultDomain");
        SiteBench.AssertConflict((await UpdateAsync("alias.example", new("alias.example", DomainKind.Default, new() { Type = RouteType.Drop }, [], null, []))).Problem,
            "defaultDomain");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Of_the_default_domain_overrides_directory_and_relaying_can_be_changed()
    {
        await _bench.BootAsync();
        var wanted = new DomainConfiguration("hub.example", DomainKind.Default, new() { Type = RouteType.Drop, Directory = "dropped" }, [], false,
            new() { ["maxMessageSize"] = 2048 });
        var domain = (await UpdateAsync("hub.example", wanted)).Value!;
        Assert.Equal(("dropped", false, 2048L), (domain.Route.Directory, domain.AllowRelay, domain.Settings.Get(SettingsTable.MaxMessageSize)));
        SiteBench.AssertInvalid((await UpdateAsync("hub.example", wanted with { Route = new() { Type = RouteType.Hold } })).Problem, "route.type");
        SiteBench.AssertInvalid((await UpdateAsync("hub.example", wanted with { Name = "x.example" })).Problem, "name");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_alias_goes_where_the_default_domain_goes_and_has_its_settings()
    {
        await _bench.BootAsync();
        Assert.Equal((RouteType.Drop, true), ((await CreateAsync(Alias("alias.example"))).Value!.Route.Type, Site.FindDomain("alias.example")!.AllowRelay));
        await UpdateAsync("hub.example", new("hub.example", DomainKind.Default, new() { Type = RouteType.Drop, Directory = "dropped" }, [], null,
            new() { ["maxMessageSize"] = 2048 }));
        var alias = Site.FindDomain("alias.example")!;
        Assert.Equal(("dropped", 2048L), (alias.Route.Directory, alias.Settings.Get(SettingsTable.MaxMessageSize)));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_alias_has_nothing_of_its_own()
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(Alias("*.example"))).Problem, "name");
        SiteBench.AssertInvalid((await CreateAsync(Alias("a.example") with { Route = new() { Type = RouteType.Hold } })).Problem, "route");
        SiteBench.AssertInvalid((await CreateAsync(Alias("a.example") with { Route = new() { Type = RouteType.Drop, Directory = "x" } })).Problem, "route");
        SiteBench.AssertInvalid((await CreateAsync(Alias("a.example") with { Overrides = new() { ["maxMessageSize"] = 2048 } })).Problem, "overrides");
        Assert.Null((await CreateAsync(Alias("a.example") with { Route = new() { Type = RouteType.Drop } })).Problem);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_alias_that_becomes_the_default_domain_makes_the_old_one_an_alias()
    {
        await _bench.BootAsync();
        await CreateAsync(Alias("alias.example"));
        await _bench.Sites.UpdateAsync(1, _bench.Current(1) with { DefaultDomain = "alias.example" }, null, SiteBench.Administrator, _bench.Stop);
        Assert.Equal((DomainKind.Default, DomainKind.Alias), (Site.FindDomain("alias.example")!.Kind, Site.FindDomain("hub.example")!.Kind));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Only_settings_of_that_scope_can_be_overridden()
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(Remote("far.example") with
        {
            Overrides = new() { ["maxConnections"] = 5, ["nonsense"] = 1, ["outboundPort"] = 0 },
        })).Problem, "overrides.maxConnections", "overrides.nonsense", "overrides.outboundPort");
        var domain = (await CreateAsync(Remote("far.example") with { Overrides = new() { ["outboundPort"] = 2525, ["maxMessageSize"] = null } })).Value!;
        Assert.Equal("""{"outboundPort":2525}""", domain.ExplicitOverrides);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_change_raises_the_version_and_an_old_one_is_stale()
    {
        await _bench.BootAsync();
        await CreateAsync(Remote("far.example"));
        Assert.Equal(2, (await UpdateAsync("FAR.example", Held("far.example"), version: 1)).Value!.Version);
        Assert.Equal(ProblemKind.Stale, (await UpdateAsync("far.example", Remote("far.example"), version: 1)).Problem?.Kind);
        Assert.Equal(ProblemKind.Stale, (await DeleteAsync("far.example", version: 1))?.Kind);
        Assert.Null(await DeleteAsync("far.example", version: 2));
        Assert.Null(Site.FindDomain("far.example"));
        Assert.Equal(ProblemKind.NotFound, (await DeleteAsync("far.example"))?.Kind);
        Assert.Equal(ProblemKind.NotFound, (await UpdateAsync("far.example", Remote("far.example"))).Problem?.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_domain_is_not_renamed()
    {
        await _bench.BootAsync();
        await CreateAsync(Remote("far.example"));
        SiteBench.AssertInvalid((await UpdateAsync("far.example", Remote("near.example"))).Problem, "name");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Queued_mail_follows_a_domain_that_becomes_or_ceases_to_be_held()
    {
        await _bench.BootAsync();
        await CreateAsync(Remote("far.example"));
        Assert.Empty(_bench.Queue.Rerouted);
        await UpdateAsync("far.example", Held("far.example"));
        await UpdateAsync("far.example", Held("far.example") with { AllowRelay = false });
        await UpdateAsync("far.example", Remote("far.example"));
        await UpdateAsync("far.example", Held("far.example"));
        await DeleteAsync("far.example");
        Assert.Equal([(1, "far.example", true), (1, "far.example", false), (1, "far.example", true), (1, "far.example", false)], _bench.Queue.Rerouted);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_wildcard_speaks_only_for_the_destinations_that_no_nearer_rule_has()
    {
        await _bench.BootAsync();
        foreach (var name in new[] { "example.org", "a.example.org", "b.example.org", "c.b.example.org", "other.example" }) _bench.Queue.Messages[(1, name)] = 1;
        await CreateAsync(Remote("a.example.org"));
        await CreateAsync(Remote("*.b.example.org"));
        await CreateAsync(Held("*.example.org"));
        Assert.Equal([(1, "b.example.org", true)], _bench.Queue.Rerouted);
        _bench.Queue.Rerouted.Clear();
        // What the nearer rules let go falls to the wildcard.
        await DeleteAsync("a.example.org");
        await DeleteAsync("*.b.example.org");
        Assert.Equal([(1, "a.example.org", true), (1, "c.b.example.org", true)], _bench.Queue.Rerouted);
        _bench.Queue.Rerouted.Clear();
        await DeleteAsync("*.example.org");
        Assert.Equal([(1, "a.example.org", false), (1, "b.example.org", false), (1, "c.b.example.org", false)], _bench.Queue.Rerouted.Order());
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Mail_held_for_a_name_that_becomes_the_default_domain_is_let_go()
    {
        await _bench.BootAsync();
        await CreateAsync(Held("*.example"));
        _bench.Queue.Rerouted.Clear();
        await _bench.Sites.UpdateAsync(1, _bench.Current(1) with { DefaultDomain = "new.example" }, null, SiteBench.Administrator, _bench.Stop);
        Assert.Equal([(1, "hub.example", true), (1, "new.example", false)], _bench.Queue.Rerouted);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_etrn_name_is_made_replaced_and_deleted_without_case()
    {
        await _bench.BootAsync();
        Assert.Null(await _bench.Sites.PutEtrnNameAsync(1, "Offices", ["a.example", "B.example", "b.EXAMPLE"], SiteBench.Administrator, _bench.Stop));
        Assert.Equal(["a.example", "b.example"], Site.EtrnNames["OFFICES"]);
        Assert.Null(await _bench.Sites.PutEtrnNameAsync(1, "OFFICES", ["c.example"], SiteBench.Administrator, _bench.Stop));
        Assert.Equal(["c.example"], Assert.Single(Site.EtrnNames).Value);
        Assert.Null(await _bench.Sites.DeleteEtrnNameAsync(1, "offices", SiteBench.Administrator, _bench.Stop));
        Assert.Empty(Site.EtrnNames);
        Assert.Equal(ProblemKind.NotFound, (await _bench.Sites.DeleteEtrnNameAsync(1, "offices", SiteBench.Administrator, _bench.Stop))?.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_etrn_name_has_no_blanks_and_stands_for_domains()
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid(await _bench.Sites.PutEtrnNameAsync(1, "two words", ["a.example", "no domain"], SiteBench.Administrator, _bench.Stop),
            "name", "domains[1]");
        SiteBench.AssertInvalid(await _bench.Sites.PutEtrnNameAsync(1, "none", [], SiteBench.Administrator, _bench.Stop), "domains");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_that_is_not_there_has_no_domains()
    {
        await _bench.BootAsync();
        Assert.Equal(ProblemKind.NotFound,
            (await _bench.Sites.CreateDomainAsync(9, Remote("far.example"), SiteBench.Administrator, _bench.Stop)).Problem?.Kind);
    }
}
