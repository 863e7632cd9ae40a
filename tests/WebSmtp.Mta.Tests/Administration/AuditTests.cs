using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Sites;

namespace WebSmtp.Mta.Tests.Administration;

public sealed class AuditTests : IAsyncDisposable
{
    const string Planted = "planted-secret-4711";

    readonly MemoryAuditStore _record = new();
    readonly FakeTimeProvider _time = new();
    readonly Audit _audit;

    public AuditTests() => _audit = _record.Audit(_time);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync()
    {
        _audit.Dispose();
        return ValueTask.CompletedTask;
    }

    Task<Problem?> DoAsync(Actor actor, Problem? result = null) =>
        _audit.ActAsync(actor, Role.Operator, "stop", "sites/2", _ => Task.FromResult(result));

    async Task<IReadOnlyList<AuditEntry>> WrittenAsync()
    {
        await _audit.StartAsync(Stop);
        await _audit.StopAsync();
        return _record.Entries;
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task What_is_done_is_written_before_the_act_ends_and_says_who_from_where_and_through_what()
    {
        Assert.Null(await DoAsync(new("anna", Role.Administrator, "192.0.2.7", Door.Web)));
        var entry = Assert.Single(_record.Entries);
        Assert.Equal(("anna", Role.Administrator, "192.0.2.7", Door.Web), (entry.Actor, entry.Role, entry.From, entry.Through));
        Assert.Equal(("stop", "sites/2", null), (entry.Action, entry.Subject, entry.Refusal));
        Assert.Equal(_time.GetUtcNow(), entry.At);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task What_is_refused_is_written_with_the_reason_whether_by_role_or_by_the_act()
    {
        Assert.Equal(ProblemKind.Forbidden, (await DoAsync(SiteBench.Viewer))!.Kind);
        Assert.Equal(ProblemKind.Conflict, (await DoAsync(SiteBench.Operator, Problem.Conflict("It is not running.")))!.Kind);
        var written = await WrittenAsync();
        Assert.Equal(["This needs the role operator; 'vera' has the role viewer.", "It is not running."], written.Select(entry => entry.Refusal));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_flood_of_refusals_is_counted_instead_of_written_and_hides_nobody_elses()
    {
        for (var i = 0; i < 1000; i++) await DoAsync(SiteBench.Viewer);
        await DoAsync(new("eve", Role.Viewer, "192.0.2.9"));
        var written = await WrittenAsync();
        Assert.Equal(Audit.MostOfOne, written.Count(entry => entry.Actor == "vera"));
        Assert.Single(written, entry => entry.Actor == "eve");
        var many = Assert.Single(written, entry => entry.Action == "leave out");
        Assert.Equal(1000 - Audit.MostOfOne, JsonNode.Parse(many.After!)!["refusals"]!.GetValue<long>());
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_act_that_breaks_off_is_written_too()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _audit.ActAsync(SiteBench.Operator, Role.Operator, "stop", "sites/2", _ => throw new InvalidOperationException("disk")));
        Assert.Equal("It broke off; the log says why.", Assert.Single(await WrittenAsync()).Refusal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_record_that_cannot_be_written_does_not_undo_the_act()
    {
        _record.Trouble = new IOException("disk full");
        Assert.Null(await DoAsync(SiteBench.Operator));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task What_is_older_than_it_is_kept_goes()
    {
        await DoAsync(SiteBench.Operator);
        SiteBench.AssertInvalid(await _audit.SetDaysAsync(-1, SiteBench.Administrator, Stop), "auditDays");
        Assert.Null(await _audit.SetDaysAsync(10, SiteBench.Administrator, Stop));
        _time.Advance(TimeSpan.FromDays(10) + TimeSpan.FromSeconds(1));
        await _audit.PurgeAsync(Stop);
        Assert.Empty(_record.Entries);
        Assert.Null(await _audit.SetDaysAsync(0, SiteBench.Administrator, Stop));
        _time.Advance(TimeSpan.FromDays(4000));
        await _audit.PurgeAsync(Stop);
        Assert.Single(_record.Entries);
    }

    [Fact]
    public void Only_the_fields_that_changed_are_kept()
    {
        var (before, after) = AuditChange.Between(
            new() { ["name"] = "hub", ["route"] = new JsonObject { ["type"] = "dns", ["etrn"] = false } },
            new() { ["name"] = "hub", ["route"] = new JsonObject { ["type"] = "hold", ["etrn"] = false }, ["maxAge"] = "P7D" });
        Assert.Equal("""{"route":{"type":"dns"}}""", before);
        Assert.Equal("""{"route":{"type":"hold"},"maxAge":"P7D"}""", after);
        Assert.Equal((null, null), AuditChange.Between(new() { ["name"] = "hub" }, new() { ["name"] = "hub" }));
    }

    [Fact]
    public void A_secret_is_a_mark_and_a_change_of_it_is_seen()
    {
        var host = new SmartHost { Name = "primary", Target = new("relay.example") { Auth = new() { Password = [1, 2, 3], RefreshToken = [4] } } };
        var other = new SmartHost { Name = "primary", Target = host.Target with { Auth = host.Target.Auth with { Password = [9, 9, 9] } } };
        var (before, after) = AuditChange.Between(AuditImage.Of(host), AuditImage.Of(other));
        Assert.Equal("""{"target":{"auth":{"password":"(secret)"}}}""", before);
        Assert.Equal("""{"target":{"auth":{"password":"(another secret)"}}}""", after);
        Assert.DoesNotContain("AQID", AuditChange.Between(null, AuditImage.Of(host)).After, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_field_that_is_kept_encrypted_is_known_for_a_secret()
    {
        var fields = new[] { typeof(Account), typeof(AdminUser), typeof(ApiKey), typeof(SmartHostTarget), typeof(SmartHostAuth), typeof(Mta.Collectors.Collector) }
            .SelectMany(type => type.GetProperties()).Where(property => property.PropertyType == typeof(byte[])).Select(property => property.Name).Distinct().ToList();
        Assert.NotEmpty(fields);
        Assert.All(fields, field => Assert.True(AuditChange.Secrets.Contains(field), field));
        Assert.All([nameof(Account.PasswordHash), nameof(AdminUser.SecurityStamp)], field => Assert.True(AuditChange.Secrets.Contains(field), field));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Changes_of_sites_domains_and_settings_say_what_was_before_and_after()
    {
        using var bench = new SiteBench();
        await bench.BootAsync();
        var site = (await bench.Sites.CreateAsync(SiteBench.Wanted("Branches", 2526), SiteBench.Administrator, Stop)).Value!.Site;
        await bench.Sites.UpdateAsync(site.Id, SiteBench.Wanted("Branch offices", 2526) with { Settings = new() { ["maxMessageSize"] = 4096 } }, null, SiteBench.Administrator, Stop);
        await bench.Sites.CreateDomainAsync(site.Id, new("Test.COM", Mta.Sites.DomainKind.Remote, new() { Type = Mta.Sites.RouteType.Hold }, [], null, []), SiteBench.Administrator, Stop);
        await bench.Sites.StartAsync(site.Id, SiteBench.Operator, Stop);
        await bench.Sites.DeleteDomainAsync(site.Id, "test.com", null, SiteBench.Administrator, Stop);
        var entries = bench.Record.Entries;
        Assert.Equal(["create sites/2", "change sites/2", "create sites/2/domains/test.com", "start sites/2", "delete sites/2/domains/test.com"],
            entries.Select(entry => $"{entry.Action} {entry.Subject}"));
        var (before, after) = (JsonNode.Parse(entries[1].Before!)!, JsonNode.Parse(entries[1].After!)!);
        Assert.Equal(("Branches", "Branch offices", 4096),
            (before["name"]!.GetValue<string>(), after["name"]!.GetValue<string>(), after["settings"]!["maxMessageSize"]!.GetValue<int>()));
        Assert.Equal("""{"state":"stopped","desired":"stopped"} {"state":"running","desired":"running"}""", $"{entries[3].Before} {entries[3].After}");
        Assert.Equal(("hold", null), (JsonNode.Parse(entries[4].Before!)!["route"]!["type"]!.GetValue<string>(), entries[4].After));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_password_never_reaches_the_record()
    {
        using var passwords = new Passwords();
        using var gate = new ActGate();
        var store = new MemoryAccessStore();
        var access = new AccessOperations(store, passwords, _audit, gate, _time, Microsoft.Extensions.Logging.Abstractions.NullLogger<AccessOperations>.Instance);
        await access.CreateUserAsync(new("anna", Role.Administrator, Planted), SiteBench.Administrator, Stop);
        await access.CreateUserAsync(new("bob", Role.Viewer, Planted), SiteBench.Administrator, Stop);
        await access.UpdateUserAsync("bob", new("bob", Role.Operator, Planted + "2"), null, SiteBench.Administrator, Stop);
        await access.LogInAsync("bob", Planted, "192.0.2.1", Stop);
        await access.LogInAsync("bob", Planted + "2", "192.0.2.1", Stop);
        var key = (await access.CreateKeyAsync(new("monitor", Role.Viewer, null), SiteBench.Administrator, Stop)).Value!.Key;
        await access.FindKeyAsync(Planted, "192.0.2.1", Stop);
        var text = System.Text.Json.JsonSerializer.Serialize(await WrittenAsync());
        Assert.Contains("log in", text, StringComparison.Ordinal);
        Assert.Contains("(unknown key)", text, StringComparison.Ordinal);
        foreach (var secret in store.Users.SelectMany(user => new[] { user.PasswordHash, user.SecurityStamp }).Append(Planted).Append(key))
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
    }
}
