using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Tests.Sites;

namespace WebSmtp.Mta.Tests.Administration;

public sealed class UserTests : IDisposable
{
    const string Password = "long enough";
    static readonly Actor Anna = new("anna", Role.Administrator, "192.0.2.1", Door.Web);

    readonly MemoryAccessStore _store = new();
    readonly FakeTimeProvider _time = new();
    readonly Passwords _passwords = new();
    readonly ActGate _gate = new();
    readonly AccessOperations _access;
    readonly List<string> _ended = [];

    public UserTests()
    {
        _access = new(_store, _passwords, MemoryAuditStore.NewAudit(_time), _gate, _time, NullLogger<AccessOperations>.Instance);
        _access.WhenLogInsEnd(_ended.Add);
    }

    public void Dispose()
    {
        _passwords.Dispose();
        _gate.Dispose();
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    async Task AddAsync(string name, Role role) =>
        Assert.Null((await _access.CreateUserAsync(new(name, role, Password), Anna, Stop)).Problem);

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_user_is_made_once_and_judged()
    {
        await AddAsync("anna", Role.Administrator);
        Assert.Equal(ProblemKind.Conflict, (await _access.CreateUserAsync(new("ANNA", Role.Viewer, Password), Anna, Stop)).Problem!.Kind);
        SiteBench.AssertInvalid((await _access.CreateUserAsync(new("a/b", (Role)7, "short"), Anna, Stop)).Problem, "username", "role", "password");
        Assert.Equal(ProblemKind.Forbidden, (await _access.CreateUserAsync(new("x", Role.Viewer, Password), Anna with { Role = Role.Operator }, Stop)).Problem!.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_last_administrator_stays_and_nobody_takes_his_own_role()
    {
        await AddAsync("anna", Role.Administrator);
        var cli = new Actor("local", Role.Administrator, "local", Door.CommandLine);
        Assert.Contains("last administrator", (await _access.DeleteUserAsync("anna", null, cli, Stop))!.Detail, StringComparison.Ordinal);
        Assert.Contains("last administrator", (await _access.UpdateUserAsync("anna", new("anna", Role.Viewer, null), null, cli, Stop)).Problem!.Detail, StringComparison.Ordinal);
        await AddAsync("bob", Role.Administrator);
        Assert.Contains("yourself", (await _access.DeleteUserAsync("anna", null, Anna, Stop))!.Detail, StringComparison.Ordinal);
        Assert.Contains("your own role", (await _access.UpdateUserAsync("anna", new("anna", Role.Viewer, null), null, Anna, Stop)).Problem!.Detail, StringComparison.Ordinal);
        // A key that happens to have the same name is somebody else.
        Assert.Null(await _access.DeleteUserAsync("anna", null, Anna with { Through = Door.Key }, Stop));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Another_role_or_password_ends_the_log_ins_and_nothing_else_does()
    {
        await AddAsync("anna", Role.Administrator);
        await AddAsync("bob", Role.Viewer);
        var bob = (await _access.LogInAsync("bob", Password, "192.0.2.1", Stop))!;
        Assert.Null((await _access.UpdateUserAsync("bob", new("bob", Role.Viewer, null), null, Anna, Stop)).Problem);
        Assert.NotNull(await _access.FindUserAsync("bob", bob.SecurityStamp, Stop));
        Assert.Null((await _access.UpdateUserAsync("bob", new("bob", Role.Operator, null), null, Anna, Stop)).Problem);
        Assert.Null(await _access.FindUserAsync("bob", bob.SecurityStamp, Stop));
        Assert.Equal(["bob"], _ended);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task An_administrator_sees_from_where_somebody_is_locked_out_until_when()
    {
        await AddAsync("anna", Role.Administrator);
        for (var i = 0; i < LogInAttempts.Free + 3; i++)
        {
            await _access.LogInAsync("anna", "wrong", "192.0.2.66", Stop);
            _time.Advance(TimeSpan.FromSeconds(5));
        }
        await _access.LogInAsync("anna", "wrong", "192.0.2.66", Stop);
        var locked = Assert.Single((await _access.FindUserAsync("anna", Anna, Stop)).Value!.LockedOut);
        Assert.Equal("192.0.2.66", locked.From);
        Assert.True(locked.Until > _time.GetUtcNow());
        _time.Advance(locked.Until - _time.GetUtcNow());
        Assert.Empty((await _access.FindUserAsync("anna", Anna, Stop)).Value!.LockedOut);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_keys_use_is_written_once_a_minute()
    {
        var key = (await _access.CreateKeyAsync(new("monitor", Role.Viewer, null), Anna, Stop)).Value!;
        await _access.FindKeyAsync(key.Key, "192.0.2.1", Stop);
        var first = _store.Keys[0].LastUsedAt;
        Assert.Equal(_time.GetUtcNow(), first);
        _time.Advance(TimeSpan.FromSeconds(59));
        await _access.FindKeyAsync(key.Key, "192.0.2.1", Stop);
        Assert.Equal(first, _store.Keys[0].LastUsedAt);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _access.FindKeyAsync(key.Key, "192.0.2.1", Stop);
        Assert.Equal(_time.GetUtcNow(), _store.Keys[0].LastUsedAt);
    }
}
