using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Accounts;

namespace WebSmtp.Mta.Administration;

/// <summary>Who may use the web admin and the REST API. Thread-safe.</summary>
/// <param name="gate">The one of the program: who looks for the last administrator must not be overtaken.</param>
public sealed partial class AccessOperations(
    IAccessStore store, Passwords passwords, Audit audit, ActGate gate, TimeProvider time, ILogger<AccessOperations> log)
{
    const string FirstUser = "admin";
    const string FirstKey = "first administrator key";
    const int MaxNameLength = 256;
    const int MaxKeyLength = 512;
    const int GoodKeyLength = 20;
    const int MinPasswordLength = 10;
    const int MadeUpLength = 20;

    /// <summary>Without what looks alike: the password is read from a console and typed.</summary>
    const string Alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    readonly LogInAttempts _attempts = new(time);
    readonly KnownKeys _keys = new(time);

    Action<string> _logInsEnded = static _ => { };

    /// <summary>
    /// Makes the administrator <c>admin</c> when there is no user yet; returns the password that was made up, to be shown
    /// once, or null when one was given or nothing was to do. Likewise takes up a given API key.
    /// </summary>
    public async Task<string?> FirstRunAsync(string? adminPassword, string? apiKey, CancellationToken stop)
    {
        if (!string.IsNullOrEmpty(apiKey)) await TakeUpKeyAsync(apiKey, stop);
        if (await store.AnyUserAsync(stop)) return null;
        var madeUp = string.IsNullOrEmpty(adminPassword) ? RandomNumberGenerator.GetString(Alphabet, MadeUpLength) : null;
        var user = new AdminUser
        {
            Username = FirstUser,
            Role = Role.Administrator,
            SecurityStamp = NewStamp(),
            PasswordHash = await passwords.HashAsync(madeUp ?? adminPassword!, stop),
        };
        await store.AddUserAsync(user, stop);
        Log.FirstUser(log, FirstUser);
        return madeUp;
    }

    /// <summary>Whoever remembers log-ins is told the user whose have all ended: by another password or role, or with the user.</summary>
    public void WhenLogInsEnd(Action<string> then) => _logInsEnded += then;

    /// <summary>Null when somebody can log in with such a password, else one sentence. How good it is, is for who gives it.</summary>
    public static string? JudgeFirstPassword(string password) => Passwords.Judge(password, minLength: 1);

    /// <summary>Null when a key can be given in a request's header, else one sentence.</summary>
    public static string? JudgeKey(string key) => key.Length <= MaxKeyLength && key.All(letter => letter is > ' ' and <= '~')
        ? null
        : $"A key has at most {MaxKeyLength} printable ASCII characters, none of them a blank.";

    /// <summary>The user when name and password are right, else null. Equal time for unknown names; attempts are limited.</summary>
    /// <param name="from">Address that the attempt comes from.</param>
    public async Task<AdminUser?> LogInAsync(string username, string password, string from, CancellationToken stop)
    {
        // What no user can be called does not reach the log, nor the record.
        var name = IsName(username) ? username : "(no name)";
        var done = await audit.ActAsync<AdminUser>(new(name, Role.Viewer, from, Door.Web), Role.Viewer, "log in", $"users/{name}", async act =>
        {
            if (await VerifyAsync(username, password, from, stop) is not { } user)
                return Problem.Forbidden("Name or password is wrong, or there were too many attempts.");
            act.Actor = act.Actor with { Name = user.Username, Role = user.Role };
            await store.SetLastLogInAsync(user.Id, time.GetUtcNow(), stop);
            Log.LoggedIn(log, user.Username, from);
            return user;
        });
        return done.Value;
    }

    /// <summary>Null when there is no such user or the stamp is another: the log-in is over.</summary>
    public async Task<AdminUser?> FindUserAsync(string username, string securityStamp, CancellationToken stop) =>
        username.Length <= MaxNameLength && await store.FindUserAsync(username, stop) is { } user
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(user.SecurityStamp), Encoding.UTF8.GetBytes(securityStamp))
            ? user
            : null;

    /// <summary>The key's name and role; null when unknown or expired.</summary>
    /// <param name="from">Address that it comes from.</param>
    public async Task<ApiKey?> FindKeyAsync(string key, string from, CancellationToken stop)
    {
        var found = key.Length is 0 or > MaxKeyLength ? null : await FindKnownAsync(HashOf(key), stop);
        var now = time.GetUtcNow();
        if (found is null || found.ExpiresAt <= now)
        {
            audit.Refused(new(found?.Name ?? "(unknown key)", found?.Role ?? Role.Viewer, from, Door.Key), "log in",
                found is null ? "keys" : $"keys/{found.Id}", Problem.Forbidden(found is null ? "The key is unknown." : "The key is expired."));
            return null;
        }
        if (_keys.IsUseNews(found, now)) _ = WriteUseAsync(found.Id, now);
        return found;
    }

    /// <summary>Null: somebody's own password is changed, by who knows the old one; all log-ins of the user end.</summary>
    public Task<Problem?> ChangePasswordAsync(string username, string oldPassword, string newPassword, Actor actor, CancellationToken stop) =>
        audit.ActAsync(actor, Role.Viewer, "change password", $"users/{username}", async act =>
        {
            if (Passwords.Judge(newPassword, MinPasswordLength) is { } bad) return Problem.Invalid("newPassword", bad);
            if (await VerifyAsync(username, oldPassword, actor.From, stop) is not { } user)
                return Problem.Invalid("oldPassword", "This is not the password, or there were too many attempts; wait before the next one.");
            var before = AuditImage.Of(user);
            user.PasswordHash = await passwords.HashAsync(newPassword, stop);
            user.SecurityStamp = NewStamp();
            if (!await store.UpdateUserAsync(user, stop)) return StaleUser(user);
            act.Changes(before, AuditImage.Of(user));
            _logInsEnded(user.Username);
            Log.PasswordChanged(log, user.Username);
            return null;
        });

    async Task<AdminUser?> VerifyAsync(string username, string password, string from, CancellationToken stop)
    {
        if (!IsName(username) || password.Length > Passwords.MaxLength) return null;
        if (!_attempts.TryBegin(username, from)) return null;
        var user = await store.FindUserAsync(username, stop);
        if (await passwords.VerifyAsync(password, user?.PasswordHash, stop))
        {
            _attempts.Succeeded(username, from);
            return user;
        }
        var (failures, delay) = _attempts.Of(username, from);
        Log.LogInRefused(log, username, from, failures, delay);
        return null;
    }

    async Task TakeUpKeyAsync(string key, CancellationToken stop)
    {
        if (key.Length < GoodKeyLength) Log.ShortKey(log, key.Length, GoodKeyLength);
        if (await store.FindKeyAsync(HashOf(key), stop) is not null) return;
        await store.AddKeyAsync(
            new() { Name = FirstKey, Role = Role.Administrator, KeyHash = HashOf(key), CreatedAt = time.GetUtcNow() }, stop);
        Log.FirstKey(log);
    }

    async Task<ApiKey?> FindKnownAsync(byte[] hash, CancellationToken stop)
    {
        if (_keys.Find(hash) is { } known) return known;
        if (await store.FindKeyAsync(hash, stop) is { } stored) _keys.Add(known = stored); else known = null;
        return known;
    }

    /// <summary>Behind the back of who uses it.</summary>
    async Task WriteUseAsync(int id, DateTimeOffset at)
    {
        try
        {
            await store.SetLastUseAsync(id, at, CancellationToken.None);
        }
        catch (Exception e)
        {
            Log.KeyUseLost(log, e, id);
        }
    }

    static bool IsName(string username) => username.Length is > 0 and <= MaxNameLength && !username.Any(char.IsControl);

    static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    static string NewStamp() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
