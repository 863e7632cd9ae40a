using System.Text.Json.Nodes;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Tests.Sites;

public sealed class SiteCreationTests : IDisposable
{
    readonly SiteBench _bench = new();

    public void Dispose() => _bench.Dispose();

    Task<Result<SiteView>> CreateAsync(SiteConfiguration wanted) => _bench.Sites.CreateAsync(wanted, SiteBench.Administrator, _bench.Stop);

    static SiteConfiguration Wanted() => SiteBench.Wanted("Branch", 2526);

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_new_site_is_stopped_and_has_its_folders_and_default_domain()
    {
        await _bench.BootAsync();
        var view = (await CreateAsync(Wanted())).Value!;
        Assert.Equal(2, view.Site.Id);
        Assert.Equal((SiteState.Stopped, null), (view.State, view.StateReason));
        Assert.Empty(view.Warnings);
        Assert.Equal("mailroot/2", view.Site.ConfiguredMailroot);
        Assert.All(new[] { "Pickup", "Queue", "Drop", "Badmail" }, folder => Assert.True(Directory.Exists(Path.Combine(_bench.Data, "mailroot", "2", folder))));
        Assert.Equal(Path.Combine(_bench.Data, "mailroot", "2", "Drop"), view.Site.Folders.Drop);
        var domain = Assert.Single(view.Site.Domains);
        Assert.Equal(("hub.example", DomainKind.Default, RouteType.Drop, true), (domain.Name, domain.Kind, domain.Route.Type, domain.AllowRelay));
        Assert.Equal("hub.example", view.Site.HostName);
        Assert.Same(view, _bench.Registry.Find(2));
        Assert.Equal(["127.0.0.1:2525"], _bench.Binder.Bound);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Without_a_default_domain_a_site_takes_the_machines_name()
    {
        await _bench.BootAsync();
        var view = (await CreateAsync(Wanted() with { DefaultDomain = null })).Value!;
        Assert.NotEqual("", view.Site.DefaultDomain);
        Assert.Equal(view.Site.DefaultDomain.ToLowerInvariant(), view.Site.DefaultDomain);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Everything_that_is_wrong_is_told_at_once_and_nothing_is_made()
    {
        await _bench.BootAsync();
        var problem = (await CreateAsync(new("", [new("256.0.0.1", 0), new("127.0.0.1", 65536)], "../out", "no domain", "-", true,
            new JsonObject { ["maxMessageSize"] = "big", ["maxMesageSize"] = 1 }))).Problem;
        SiteBench.AssertInvalid(problem, "name", "endpoints[0].address", "endpoints[0].port", "endpoints[1].port", "mailroot", "defaultDomain",
            "fqdn", "settings.maxMessageSize", "settings.maxMesageSize");
        Assert.Single(_bench.Registry.Sites);
        Assert.False(Directory.Exists(Path.Combine(_bench.Data, "mailroot", "2")));
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("")]
    [InlineData(" Branch")]
    [InlineData("Branch ")]
    [InlineData("Bra\nnch")]
    [InlineData("DEFAULT smtp SITE")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901")]
    public async Task A_name_is_unique_without_case_and_short_and_printable(string name)
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(Wanted() with { Name = name })).Problem, "name");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_has_between_one_and_sixteen_endpoints()
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid((await CreateAsync(Wanted() with { Endpoints = [] })).Problem, "endpoints");
        var many = Enumerable.Range(3000, 17).Select(port => new SiteEndpoint("127.0.0.1", port)).ToList();
        SiteBench.AssertInvalid((await CreateAsync(Wanted() with { Endpoints = many })).Problem, "endpoints");
        Assert.Null((await CreateAsync(Wanted() with { Endpoints = [.. many.Take(16)] })).Problem);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_cannot_overlap_with_itself()
    {
        await _bench.BootAsync();
        var problem = (await CreateAsync(Wanted() with { Endpoints = [new("127.0.0.1", 2526), new("::", 2526)] })).Problem;
        SiteBench.AssertInvalid(problem, "endpoints[1]");
        Assert.Contains("[::] takes IPv4 addresses as well", problem!.Detail, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task What_an_endpoint_cannot_do_yet_is_refused_and_not_ignored()
    {
        await _bench.BootAsync();
        SiteBench.AssertInvalid(
            (await CreateAsync(Wanted() with { Endpoints = [new("127.0.0.1", 2526, EndpointTls.Implicit, "hub", ProxyProtocol: true)] })).Problem,
            "endpoints[0].certificate", "endpoints[0].proxyProtocol");
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Names_are_stored_in_lower_case_A_label_form()
    {
        await _bench.BootAsync();
        var site = (await CreateAsync(Wanted() with { DefaultDomain = "Bücher.Example", Fqdn = "MX.Hub.Example" })).Value!.Site;
        Assert.Equal(("xn--bcher-kva.example", "mx.hub.example"), (site.DefaultDomain, site.HostName));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_null_setting_is_not_stored()
    {
        await _bench.BootAsync();
        var site = (await CreateAsync(Wanted() with { Settings = new() { ["maxHops"] = null, ["banner"] = "Hello" } })).Value!.Site;
        Assert.Equal("""{"banner":"Hello"}""", site.ExplicitSettings);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_endpoint_that_another_site_has_is_allowed_with_a_warning_on_both()
    {
        await _bench.BootAsync();
        var view = (await CreateAsync(SiteBench.Wanted("Branch", 2525, "0.0.0.0"))).Value!;
        Assert.Contains("site 'Default SMTP Site' (1)", Assert.Single(view.Warnings), StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:2525", view.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("site 'Branch' (2)", Assert.Single(_bench.Registry.Sites[1].Warnings), StringComparison.Ordinal);
        Assert.Equal(SiteState.Running, _bench.State(1));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Only_an_administrator_makes_or_changes_sites()
    {
        await _bench.BootAsync();
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.CreateAsync(Wanted(), SiteBench.Operator, _bench.Stop)).Problem?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.UpdateAsync(1, Wanted(), null, SiteBench.Operator, _bench.Stop)).Problem?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.DeleteAsync(1, DeleteMessages.Refuse, null, null, SiteBench.Operator, _bench.Stop)).Problem?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.SetServiceVersionAsync(1, SiteBench.Operator, _bench.Stop))?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.DeleteDomainAsync(1, "x.example", null, SiteBench.Operator, _bench.Stop))?.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Sites.PutEtrnNameAsync(1, "x", ["x.example"], SiteBench.Operator, _bench.Stop))?.Kind);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("branches_2", "*.branches.example", null)]
    [InlineData("branches/2", "branches.example", "name")]
    [InlineData("branches", "*.*.example", "domains[0]")]
    public async Task An_ETRN_name_is_one_that_ETRN_can_say_for_domains_that_a_site_can_have(string name, string domain, string? complaint)
    {
        await _bench.BootAsync();
        var problem = await _bench.Sites.PutEtrnNameAsync(1, name, [domain], SiteBench.Administrator, _bench.Stop);
        Assert.Equal(complaint, problem?.Errors?.Keys.Single());
        Assert.Equal(complaint is null, _bench.Registry.Sites[1].Site.EtrnNames.ContainsKey(name));
    }
}
