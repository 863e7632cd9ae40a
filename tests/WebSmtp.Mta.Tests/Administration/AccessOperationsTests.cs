using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Tests.Sites;

namespace WebSmtp.Mta.Tests.Administration;

public sealed class AccessOperationsTests : IDisposable
{
    readonly MemoryAccessStore _store = new();
    readonly FakeTimeProvider _time = new();
    readonly Passwords _passwords = new();
    readonly MemoryAuditStore _record = new();
    readonly ActGate _gate = new();
    readonly AccessOperations _access;

    public AccessOperationsTests() => _access = new(_store, _passwords, _record.Audit(_time), _gate, _time, NullLogger<AccessOperations>.Instance);

    public void Dispose()
    {
        _passwords.Dispose();
        _gate.Dispose();
    }

    static readonly Actor Self = new("admin", Role.Administrator, "192.0.2.1", Door.Web);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    Task<AdminUser?> LogInAsync(string password, string username = "admin", string from = "192.0.2.1") =>
        _access.LogInAsync(username, password, from, Stop);

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task The_first_run_makes_up_a_password_that_can_be_read_and_typed_and_shows_it_once()
    {
        var password = await _access.FirstRunAsync(null, null, Stop);
        Assert.Equal(20, password!.Length);
        Assert.DoesNotContain(password, c => !char.IsAsciiLetterOrDigit(c) || "0O1lI".Contains(c, StringComparison.Ordinal));
        Assert.Null(await _access.FirstRunAsync(null, null, Stop));
        var user = (await LogInAsync(password, "ADMIN"))!;
        Assert.Equal(("admin", Role.Administrator), (user.Username, user.Role));
        Assert.DoesNotContain(password, user.PasswordHash, StringComparison.Ordinal);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_given_password_is_taken_at_the_first_run_only()
    {
        Assert.Null(await _access.FirstRunAsync("given-at-start", null, Stop));
        Assert.Null(await _access.FirstRunAsync("another", null, Stop));
        Assert.NotNull(await LogInAsync("given-at-start"));
        Assert.Null(await LogInAsync("another"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_given_key_is_an_administrators_key_from_any_start_on()
    {
        await _access.FirstRunAsync("given-at-start", null, Stop);
        await _access.FirstRunAsync(null, "key-of-a-later-start", Stop);
        await _access.FirstRunAsync(null, "key-of-a-later-start", Stop);
        var key = Assert.Single(_store.Keys);
        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes("key-of-a-later-start")), key.KeyHash);
        Assert.Equal(Role.Administrator, (await _access.FindKeyAsync("key-of-a-later-start", "192.0.2.1", Stop))!.Role);
        Assert.Null(await _access.FindKeyAsync("key-of-a-later-start ", "192.0.2.1", Stop));
        Assert.Null(await _access.FindKeyAsync("", "192.0.2.1", Stop));
        Assert.Null(await _access.FindKeyAsync(new('x', 10_000), "192.0.2.1", Stop));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_key_ends_when_it_says()
    {
        _store.Keys.Add(new() { Name = "short", KeyHash = SHA256.HashData("key"u8), ExpiresAt = _time.GetUtcNow().AddSeconds(5) });
        Assert.NotNull(await _access.FindKeyAsync("key", "192.0.2.1", Stop));
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.NotNull(await _access.FindKeyAsync("key", "192.0.2.1", Stop));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await _access.FindKeyAsync("key", "192.0.2.1", Stop));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_key_that_is_withdrawn_is_refused_within_seconds()
    {
        _store.Keys.Add(new() { Name = "key", KeyHash = SHA256.HashData("key"u8) });
        for (var i = 0; i < 5; i++) Assert.NotNull(await _access.FindKeyAsync("key", "192.0.2.1", Stop));
        Assert.Equal(1, _store.KeyQueries);
        _store.Keys.Clear();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(await _access.FindKeyAsync("key", "192.0.2.1", Stop));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task Who_guesses_is_slowed_down_and_even_the_right_password_has_to_wait()
    {
        await _access.FirstRunAsync("given-at-start", null, Stop);
        for (var i = 0; i < LogInAttempts.Free; i++) Assert.Null(await LogInAsync("wrong"));
        Assert.Null(await LogInAsync("given-at-start"));
        // Somebody else is not kept out by it.
        Assert.NotNull(await LogInAsync("given-at-start", from: "192.0.2.2"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(await LogInAsync("given-at-start"));
        Assert.Null(await LogInAsync("wrong"));
        Assert.NotNull(await LogInAsync("given-at-start"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_name_that_nobody_can_have_is_not_looked_up()
    {
        Assert.Null(await LogInAsync("x", "two\nlines"));
        Assert.Null(await LogInAsync("x", new('x', 1000)));
        Assert.Null(await LogInAsync("x", "nobody"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_changed_password_ends_the_log_ins_made_with_the_old_one()
    {
        await _access.FirstRunAsync("given-at-start", null, Stop);
        var user = (await LogInAsync("given-at-start"))!;
        Assert.NotNull(await _access.FindUserAsync("Admin", user.SecurityStamp, Stop));
        Assert.Null(await _access.FindUserAsync("admin", "another stamp", Stop));
        Assert.Null(await _access.FindUserAsync("nobody", user.SecurityStamp, Stop));
        Assert.Null(await _access.ChangePasswordAsync("admin", "given-at-start", "chosen by me", Self, Stop));
        Assert.Null(await _access.FindUserAsync("admin", user.SecurityStamp, Stop));
        Assert.Null(await LogInAsync("given-at-start"));
        Assert.NotNull(await LogInAsync("chosen by me"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_new_password_is_long_and_the_old_one_is_right()
    {
        await _access.FirstRunAsync("given-at-start", null, Stop);
        SiteBench.AssertInvalid(await _access.ChangePasswordAsync("admin", "given-at-start", "ninechars", Self, Stop), "newPassword");
        SiteBench.AssertInvalid(await _access.ChangePasswordAsync("admin", "wrong", "long enough", Self, Stop), "oldPassword");
        SiteBench.AssertInvalid(await _access.ChangePasswordAsync("nobody", "wrong", "long enough", Self, Stop), "oldPassword");
        Assert.NotNull(await LogInAsync("given-at-start"));
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_key_is_shown_once_and_refused_as_soon_as_it_is_deleted()
    {
        var actor = new Actor("admin", Role.Administrator, "192.0.2.1");
        var made = (await _access.CreateKeyAsync(new("monitoring", Role.Viewer, null), actor, Stop)).Value!;
        Assert.Equal(Role.Viewer, (await _access.FindKeyAsync(made.Key, "192.0.2.1", Stop))!.Role);
        Assert.Equal("monitoring", Assert.Single((await _access.ListKeysAsync(null, 10, actor, Stop)).Value!.Items).Name);
        Assert.Null(await _access.DeleteKeyAsync(made.Stored.Id, actor, Stop));
        Assert.Null(await _access.FindKeyAsync(made.Key, "192.0.2.1", Stop));
        Assert.Equal(ProblemKind.NotFound, (await _access.DeleteKeyAsync(made.Stored.Id, actor, Stop))!.Kind);
    }

    [Fact(Timeout = SiteBench.Deadline)]
    public async Task A_key_needs_a_name_a_role_and_a_time_to_come_and_only_administrators_make_one()
    {
        var actor = new Actor("admin", Role.Administrator, "192.0.2.1");
        SiteBench.AssertInvalid((await _access.CreateKeyAsync(new(" ", (Role)9, _time.GetUtcNow()), actor, Stop)).Problem, "name", "role", "expiresAt");
        var refused = await _access.CreateKeyAsync(new("x", Role.Viewer, null), actor with { Role = Role.Operator }, Stop);
        Assert.Equal(ProblemKind.Forbidden, refused.Problem!.Kind);
        var made = (await _access.CreateKeyAsync(new("x", Role.Viewer, _time.GetUtcNow().AddHours(1)), actor, Stop)).Value!;
        Assert.NotNull(await _access.FindKeyAsync(made.Key, "192.0.2.1", Stop));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(await _access.FindKeyAsync(made.Key, "192.0.2.1", Stop));
    }
}
