using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Sites;

namespace WebSmtp.Mta.Tests.SmartHosts;

public sealed class SmartHostOperationsTests : IDisposable
{
    readonly SmartHostBench _bench = new();

    public void Dispose() => _bench.Dispose();

    Task<Result<SmartHost>> TryAsync(SmartHostConfiguration wanted) => _bench.Hosts.CreateAsync(wanted, SiteBench.Administrator, _bench.Stop);

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task What_is_left_out_depends_on_whether_there_is_a_log_in()
    {
        Assert.Equal((25, HostTls.Opportunistic), await Of(new()));
        Assert.Equal((587, HostTls.Verify), await Of(new() { Auth = SmartHostBench.Password }));
        Assert.Equal((465, HostTls.Implicit), await Of(new() { Port = 465 }));
        Assert.Equal((465, HostTls.Implicit), await Of(new() { Tls = HostTls.Implicit, Auth = SmartHostBench.Password }));
        Assert.Equal((2525, HostTls.None), await Of(new() { Port = 2525, Tls = HostTls.None, Auth = SmartHostBench.Password }));

        async Task<(int, HostTls)> Of(SmartHostInput input)
        {
            var host = (await TryAsync(new($"host-{_bench.Store.Hosts.Count}", input with { Host = "relay.example" }, new()))).Value!;
            return (host.Target.Port, host.Target.Tls);
        }
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Secrets_are_stored_encrypted()
    {
        await _bench.CreateAsync(SmartHostBench.Wanted("one", auth: SmartHostBench.Password));
        await _bench.CreateAsync(SmartHostBench.Wanted("two", auth: SmartHostBench.RefreshToken));
        var stored = System.Text.Json.JsonSerializer.Serialize(_bench.Store.Hosts);
        foreach (var secret in new[] { "open sesame", "hush-hush", "refresh-0" })
        {
            Assert.DoesNotContain(secret, stored, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(secret)), stored, StringComparison.Ordinal);
        }
        Assert.Equal("open sesame", _bench.Clear(_bench.Store.Hosts[0].Target.Auth.Password));
        Assert.DoesNotContain("sesame", SmartHostBench.Wanted("one", auth: SmartHostBench.Password).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", SmartHostBench.Password.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_change_keeps_the_secrets_that_it_does_not_mention_and_takes_away_those_that_it_empties()
    {
        var host = await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.RefreshToken));
        host = (await ChangeAsync(SmartHostBench.RefreshToken with { ClientSecret = null, RefreshToken = null, Scope = "other" })).Value!;
        Assert.Equal(("hush-hush", "refresh-0", "other", 2), (_bench.Clear(host.Target.Auth.ClientSecret), _bench.Clear(host.Target.Auth.RefreshToken), host.Target.Auth.Scope, host.Version));
        host = (await ChangeAsync(SmartHostBench.RefreshToken with { ClientSecret = "", RefreshToken = null })).Value!;
        Assert.Equal((null, "refresh-0"), (_bench.Clear(host.Target.Auth.ClientSecret), _bench.Clear(host.Target.Auth.RefreshToken)));
        SiteBench.AssertInvalid((await ChangeAsync(SmartHostBench.RefreshToken with { RefreshToken = "" })).Problem, "auth.refreshToken");
        // Another kind of log-in has none of the old one's secrets.
        SiteBench.AssertInvalid((await ChangeAsync(SmartHostBench.Password with { Password = null })).Problem, "auth.password");
        host = (await ChangeAsync(new())).Value!;
        Assert.Equal(new SmartHostAuth(), host.Target.Auth);
        Assert.Equal(host.Target, _bench.Bench.SmartHosts.Find("PRIMARY")!.Target);

        Task<Result<SmartHost>> ChangeAsync(SmartHostAuthInput auth) =>
            _bench.Hosts.UpdateAsync("primary", SmartHostBench.Wanted(auth: auth), null, SiteBench.Administrator, _bench.Stop);
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData(SmartHostAuthType.OAuth2ClientCredentials, "microsoft365", "hub.example", "smtp.office365.com", "https://login.microsoftonline.com/hub.example/oauth2/v2.0/token", "https://outlook.office365.com/.default")]
    [InlineData(SmartHostAuthType.OAuth2RefreshToken, "microsoft365", "a/b", "smtp.office365.com", "https://login.microsoftonline.com/a%2Fb/oauth2/v2.0/token", "https://outlook.office.com/SMTP.Send offline_access")]
    [InlineData(SmartHostAuthType.OAuth2RefreshToken, "google", null, "smtp.gmail.com", "https://oauth2.googleapis.com/token", "https://mail.google.com/")]
    public async Task A_preset_fills_in_what_is_known_of_the_provider(
        SmartHostAuthType type, string preset, string? tenant, string host, string endpoint, string scope)
    {
        var auth = SmartHostBench.RefreshToken with { Type = type, TokenEndpoint = null, Scope = null, Preset = preset, Tenant = tenant };
        if (type is SmartHostAuthType.OAuth2ClientCredentials) auth = auth with { RefreshToken = null };
        var made = (await TryAsync(new("primary", new() { Auth = auth }, new()))).Value!.Target;
        Assert.Equal((host, 587, HostTls.Verify, endpoint, scope), (made.Host, made.Port, made.Tls, made.Auth.TokenEndpoint, made.Auth.Scope));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Everything_that_is_wrong_is_said_by_field()
    {
        SiteBench.AssertInvalid((await TryAsync(new("a/b", new() { Port = 0, Tls = (HostTls)9, CertificateAuthority = "x", ClientCertificate = "y" }, new(-1, -1, -1)))).Problem,
            "name", "host", "port", "tls", "certificateAuthority", "clientCertificate", "limits.connections", "limits.perMinute", "limits.perDay");
        await InvalidAsync(new() { Type = SmartHostAuthType.Password }, "auth.username", "auth.password");
        await InvalidAsync(new() { Type = SmartHostAuthType.Password, Username = "a\r\nb", Password = "a\0b" }, "auth.username", "auth.password");
        await InvalidAsync(new() { Password = "x", ClientId = "y" }, "auth.password", "auth.clientId");
        await InvalidAsync(new() { Type = SmartHostAuthType.OAuth2RefreshToken }, "auth.username", "auth.clientId", "auth.refreshToken", "auth.tokenEndpoint");
        await InvalidAsync(SmartHostBench.ClientCredentials with { ClientSecret = null }, "auth.clientSecret");
        await InvalidAsync(SmartHostBench.ClientCredentials with { RefreshToken = "x" }, "auth.refreshToken");
        await InvalidAsync(SmartHostBench.ClientCredentials with { TokenEndpoint = "http://login.example/token" }, "auth.tokenEndpoint");
        await InvalidAsync(SmartHostBench.ClientCredentials with { TokenEndpoint = "https://user:pw@login.example/" }, "auth.tokenEndpoint");
        await InvalidAsync(SmartHostBench.ClientCredentials with { Preset = "aol" }, "auth.preset");
        await InvalidAsync(SmartHostBench.ClientCredentials with { Preset = "microsoft365" }, "auth.tenant");
        await InvalidAsync(SmartHostBench.ClientCredentials with { Tenant = "x" }, "auth.tenant");
        SiteBench.AssertInvalid((await TryAsync(new("a", new() { Host = "h.example", Tls = HostTls.Opportunistic, Auth = SmartHostBench.Password }, new()))).Problem, "tls");
        Assert.Empty(_bench.Store.Hosts);
        await _bench.CreateAsync(SmartHostBench.Wanted(auth: SmartHostBench.ClientCredentials with { TokenEndpoint = "http://127.0.0.1:8080/token" }));

        async Task InvalidAsync(SmartHostAuthInput auth, params string[] fields) =>
            SiteBench.AssertInvalid((await TryAsync(SmartHostBench.Wanted(auth: auth))).Problem, fields);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Certificates_are_read_when_they_are_given()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=client.example", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var (own, pem) = (certificate.ExportCertificatePem(), certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        SiteBench.AssertInvalid((await TryAsync(new("a", new() { Host = "h.example", ClientCertificate = own }, new()))).Problem, "clientCertificate");
        var target = (await TryAsync(new("a", new() { Host = "h.example", CertificateAuthority = own, ClientCertificate = pem, Tls = HostTls.Verify }, new()))).Value!.Target;
        Assert.Equal((own, pem), (target.CertificateAuthority, _bench.Clear(target.ClientCertificate)));
        var options = new HostTlsOptions(_bench.Bench).For(target, _ => { });
        Assert.Equal("CN=client.example", options.ClientCertificateContext!.TargetCertificate.Subject);
        Assert.Equal("CN=client.example", Assert.Single(options.CertificateChainPolicy!.CustomTrustStore).Subject);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Names_are_the_same_without_case_and_cannot_be_changed()
    {
        await _bench.CreateAsync(SmartHostBench.Wanted("Primary"));
        SiteBench.AssertConflict((await TryAsync(SmartHostBench.Wanted("pRIMARY"))).Problem, "already");
        SiteBench.AssertInvalid((await _bench.Hosts.UpdateAsync("primary", SmartHostBench.Wanted("other"), null, SiteBench.Administrator, _bench.Stop)).Problem, "name");
        Assert.Equal(ProblemKind.NotFound, _bench.Hosts.Find("nobody").Problem!.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Only_administrators_change_them_and_nobody_overwrites_what_he_has_not_seen()
    {
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Hosts.CreateAsync(SmartHostBench.Wanted(), SiteBench.Operator, _bench.Stop)).Problem!.Kind);
        await _bench.CreateAsync(SmartHostBench.Wanted());
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Hosts.UpdateAsync("primary", SmartHostBench.Wanted(), null, SiteBench.Operator, _bench.Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Hosts.DeleteAsync("primary", null, SiteBench.Operator, _bench.Stop))!.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await _bench.Hosts.TestAsync("primary", null, null, SiteBench.Viewer, _bench.Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Stale, (await _bench.Hosts.UpdateAsync("primary", SmartHostBench.Wanted(), 7, SiteBench.Administrator, _bench.Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Stale, (await _bench.Hosts.DeleteAsync("primary", 7, SiteBench.Administrator, _bench.Stop))!.Kind);
        Assert.Null(await _bench.Hosts.DeleteAsync("primary", 1, SiteBench.Administrator, _bench.Stop));
        Assert.Empty(_bench.Bench.SmartHosts.Hosts);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task One_that_is_used_cannot_be_deleted_and_the_refusal_says_by_whom()
    {
        await _bench.Bench.BootAsync();
        await _bench.CreateAsync(SmartHostBench.Wanted());
        var settings = new JsonObject { ["smartHost"] = JsonNode.Parse("""{ "use": ["PRIMARY"], "mode": "fallback" }""") };
        var site = (await _bench.Bench.Sites.UpdateAsync(1, _bench.Bench.Current(1) with { Settings = settings }, null, SiteBench.Administrator, _bench.Stop)).Value!;
        Assert.Equal("""{"use":["primary"],"mode":"fallback"}""", site.Site.Settings.Show(SettingsTable.SmartHost)!.ToJsonString());
        Assert.Null((await _bench.Bench.Sites.CreateDomainAsync(1, Via(new() { Use = ["primary"] }), SiteBench.Administrator, _bench.Stop)).Problem);

        SiteBench.AssertConflict(await _bench.Hosts.DeleteAsync("primary", null, SiteBench.Administrator, _bench.Stop),
            "used by site 'Default SMTP Site' (1), domain far.example of site 'Default SMTP Site' (1)");
        await _bench.Bench.Sites.DeleteDomainAsync(1, "far.example", null, SiteBench.Administrator, _bench.Stop);
        await _bench.Bench.Sites.UpdateAsync(1, _bench.Bench.Current(1) with { Settings = [] }, null, SiteBench.Administrator, _bench.Stop);
        Assert.Null(await _bench.Hosts.DeleteAsync("primary", null, SiteBench.Administrator, _bench.Stop));
    }

    [Theory(Timeout = SiteBench.Deadline)]
    [InlineData("127.0.0.1", 2525, true)]
    [InlineData("[127.0.0.1]", 2525, true)]
    [InlineData("localhost", 2525, true)]
    [InlineData("LOCALHOST", 2525, true)]
    [InlineData("smtp.hub.example", 2525, true)]
    [InlineData("127.0.0.1", 2526, false)]
    [InlineData("localhost", 25, false)]
    [InlineData("[::1]", 2525, false)]
    [InlineData("relay.example", 2525, false)]
    public async Task A_host_that_is_this_server_is_refused_wherever_it_is_entered(string host, int port, bool refused)
    {
        await _bench.Bench.BootAsync();
        await _bench.Bench.Sites.UpdateAsync(1, _bench.Bench.Current(1) with { Fqdn = "smtp.hub.example" }, null, SiteBench.Administrator, _bench.Stop);
        // Whether the site runs at this moment does not matter: it will.
        await _bench.Bench.Sites.StopAsync(1, SiteBench.Operator, _bench.Stop);
        var kept = (await TryAsync(new("self", new() { Host = host, Port = port }, new()))).Problem;
        var domain = (await _bench.Bench.Sites.CreateDomainAsync(1, Via(SmartHostChoice.Inline(host, port, null, null, null, null)), SiteBench.Administrator, _bench.Stop)).Problem;
        var settings = new JsonObject { ["smartHost"] = new JsonObject { ["host"] = host, ["port"] = port } };
        var site = (await _bench.Bench.Sites.CreateAsync(SiteBench.Wanted("Other", 2600) with { Settings = settings }, SiteBench.Administrator, _bench.Stop)).Problem;
        if (!refused)
        {
            Assert.Equal((null, null, null), (kept, domain, site));
            return;
        }
        SiteBench.AssertInvalid(kept, "host");
        SiteBench.AssertInvalid(domain, "route.smartHost.host");
        SiteBench.AssertInvalid(site, "settings.smartHost.host");
        Assert.Contains("is site 'Default SMTP Site' (1) of this server: mail would come straight back", site!.Detail, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_new_site_cannot_hand_its_mail_to_itself()
    {
        await _bench.Bench.BootAsync();
        var settings = new JsonObject { ["smartHost"] = new JsonObject { ["host"] = "localhost", ["port"] = 2600 } };
        var problem = (await _bench.Bench.Sites.CreateAsync(SiteBench.Wanted("Other", 2600, "0.0.0.0") with { Settings = settings }, SiteBench.Administrator, _bench.Stop)).Problem;
        SiteBench.AssertInvalid(problem, "settings.smartHost.host");
        Assert.Contains("this site itself", problem!.Detail, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_site_cannot_listen_where_others_hand_their_mail_to()
    {
        await _bench.Bench.BootAsync();
        await _bench.CreateAsync(SmartHostBench.Wanted("primary", "127.0.0.1") with { Target = new() { Host = "127.0.0.1", Port = 2701 } });
        var settings = new JsonObject { ["smartHost"] = new JsonObject { ["use"] = new JsonArray("primary") } };
        Assert.Null((await _bench.Bench.Sites.CreateAsync(SiteBench.Wanted("One", 2700) with { Settings = settings }, SiteBench.Administrator, _bench.Stop)).Problem);
        var problem = (await _bench.Bench.Sites.CreateAsync(SiteBench.Wanted("Two", 2701, "0.0.0.0"), SiteBench.Administrator, _bench.Stop)).Problem;
        SiteBench.AssertInvalid(problem, "endpoints");
        Assert.Contains("Site 'One' (2) sends mail to the smart host 127.0.0.1:2701", problem!.Detail, StringComparison.Ordinal);
    }

    static DomainConfiguration Via(SmartHostChoice choice) =>
        new("far.example", DomainKind.Remote, new() { Type = RouteType.SmartHost }, [], null, [], choice);
}
