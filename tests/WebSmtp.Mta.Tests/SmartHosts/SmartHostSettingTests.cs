using System.Text.Json.Nodes;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Sites;

namespace WebSmtp.Mta.Tests.SmartHosts;

/// <summary>The smart host of a site, and of a domain's route.</summary>
public sealed class SmartHostSettingTests : IDisposable
{
    readonly SmartHostBench _bench = new();

    public void Dispose() => _bench.Dispose();

    SmartHostRoute? Now => _bench.Bench.Registry.Sites[1].Site.Settings.Get(SettingsTable.SmartHost);

    async Task<WebSmtp.Mta.Administration.Problem?> SetAsync(string json, string? other = null)
    {
        var wanted = _bench.Bench.Current(1);
        wanted.Settings["smartHost"] = JsonNode.Parse(json);
        if (other is not null) wanted.Settings["banner"] = other;
        return (await _bench.Bench.Sites.UpdateAsync(1, wanted, null, SiteBench.Administrator, _bench.Stop)).Problem;
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_password_goes_in_encrypted_and_never_comes_out()
    {
        await _bench.Bench.BootAsync();
        Assert.Null(await SetAsync("""{ "host": "Relay.Example", "username": "anna", "password": "open sesame" }"""));
        Assert.Equal(("relay.example", 587, HostTls.Verify, SmartHostMode.Always, "anna", "open sesame"),
            (Now!.Target!.Host, Now.Target.Port, Now.Target.Tls, Now.Mode, Now.Target.Auth.Username, _bench.Clear(Now.Target.Auth.Password)));
        var site = _bench.Bench.Registry.Sites[1].Site;
        const string Shown = """{"host":"relay.example","port":587,"tls":"verify","username":"anna","mode":"always"}""";
        Assert.Equal(Shown, site.Settings.Show(SettingsTable.SmartHost)!.ToJsonString());
        Assert.Equal($$"""{"smartHost":{{Shown}}}""", site.ExplicitSettings);
        Assert.DoesNotContain("sesame", (await _bench.Bench.Store.LoadAsync(_bench.Stop))[0].Settings, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_change_of_something_else_keeps_the_password()
    {
        await _bench.Bench.BootAsync();
        Assert.Null(await SetAsync("""{ "host": "relay.example", "username": "anna", "password": "open sesame" }"""));
        var wanted = _bench.Bench.Current(1);
        wanted.Settings["banner"] = "Hello";
        Assert.Null((await _bench.Bench.Sites.UpdateAsync(1, wanted, null, SiteBench.Administrator, _bench.Stop)).Problem);
        Assert.Equal("open sesame", _bench.Clear(Now!.Target!.Auth.Password));
        await _bench.Bench.RebootAsync();
        Assert.Equal("open sesame", _bench.Clear(Now!.Target!.Auth.Password));
        Assert.Null(await SetAsync("""{ "host": "relay.example", "username": "bert", "port": 2587 }"""));
        Assert.Equal(("bert", 2587, "open sesame"), (Now!.Target!.Auth.Username, Now.Target.Port, _bench.Clear(Now.Target.Auth.Password)));
        SiteBench.AssertInvalid(await SetAsync("""{ "host": "relay.example", "username": "bert", "password": "" }"""), "settings.smartHost.password");
        Assert.Null(await SetAsync("""{ "host": "relay.example" }"""));
        Assert.Equal((25, null), (Now!.Target!.Port, Now.Target.Auth.Password));
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("5", "settings.smartHost")]
    [InlineData("{}", "settings.smartHost.host")]
    [InlineData("""{ "host": 5, "port": "25", "tls": "maybe", "mode": "never", "use": "primary", "hsot": 1 }""",
        "settings.smartHost.host", "settings.smartHost.port", "settings.smartHost.tls", "settings.smartHost.mode", "settings.smartHost.use", "settings.smartHost.hsot")]
    [InlineData("""{ "host": "relay.example", "password": "x" }""", "settings.smartHost.password")]
    [InlineData("""{ "host": "relay.example", "username": "x" }""", "settings.smartHost.password")]
    [InlineData("""{ "host": "relay.example", "use": ["primary"] }""", "settings.smartHost.use")]
    [InlineData("""{ "use": [] }""", "settings.smartHost.use")]
    [InlineData("""{ "use": ["primary", "Primary"] }""", "settings.smartHost.use")]
    [InlineData("""{ "target": { "host": "relay.example" } }""", "settings.smartHost.target")]
    public async Task What_is_wrong_with_it_is_said_by_member(string json, params string[] fields)
    {
        await _bench.Bench.BootAsync();
        await _bench.CreateAsync(SmartHostBench.Wanted());
        SiteBench.AssertInvalid(await SetAsync(json), fields);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Names_of_smart_hosts_that_are_not_there_are_named()
    {
        await _bench.Bench.BootAsync();
        await _bench.CreateAsync(SmartHostBench.Wanted());
        var problem = await SetAsync("""{ "use": ["primary", "backup", "third"] }""");
        SiteBench.AssertInvalid(problem, "settings.smartHost.use");
        Assert.Equal(["There is no smart host 'backup'.", "There is no smart host 'third'."], problem!.Errors["settings.smartHost.use"]);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_domains_route_keeps_its_password_the_same_way()
    {
        await _bench.Bench.BootAsync();
        Assert.Null((await _bench.Bench.Sites.CreateDomainAsync(1, Via("relay.example", "open sesame"), SiteBench.Administrator, _bench.Stop)).Problem);
        var changed = (await _bench.Bench.Sites.UpdateDomainAsync(1, "far.example", Via("other.example", null), null, SiteBench.Administrator, _bench.Stop)).Value!;
        var target = changed.Route.SmartHost!.Target!;
        Assert.Equal(("other.example", "open sesame"), (target.Host, _bench.Clear(target.Auth.Password)));

        static DomainConfiguration Via(string host, string? password) => new(
            "far.example", DomainKind.Remote, new() { Type = RouteType.SmartHost }, [], null, [],
            SmartHostChoice.Inline(host, null, null, "anna", password, null));
    }
}
