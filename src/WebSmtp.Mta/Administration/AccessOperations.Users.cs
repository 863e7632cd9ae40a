using System.Buffers.Text;
using System.Text;
using WebSmtp.Mta.Accounts;

namespace WebSmtp.Mta.Administration;

/// <summary>What an administrator writes about a user of the web admin. <paramref name="Password"/> null: keep the one it has.</summary>
public sealed record UserConfiguration(string Username, Role Role, string? Password);

/// <summary>A user with the addresses that it is locked out from now.</summary>
public sealed record UserView(AdminUser User, IReadOnlyList<LockedOut> LockedOut);

// Who logs in to the web admin. One administrator is always left, and nobody takes his own role by accident.
public sealed partial class AccessOperations
{
    public async Task<Result<Page<UserView>>> ListUsersAsync(string? cursor, int limit, Actor actor, CancellationToken stop)
    {
        if (actor.Demand(Role.Administrator) is { } refusal) return refusal;
        limit = Math.Clamp(limit, 1, MaxPage);
        var after = cursor is not null && Base64Url.IsValid(cursor) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)) : null;
        // One more than asked for tells whether another page follows.
        var found = await store.ListUsersAsync(after, limit + 1, stop);
        var next = found.Count > limit ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes(found[limit - 1].Username)) : null;
        return new Page<UserView>([.. found.Take(limit).Select(ViewOf)], next, await store.CountUsersAsync(stop));
    }

    public async Task<Result<UserView>> FindUserAsync(string username, Actor actor, CancellationToken stop)
    {
        if (actor.Demand(Role.Administrator) is { } refusal) return refusal;
        return await FindAsync(username, stop) is { } user ? ViewOf(user) : NoUser(username);
    }

    public Task<Result<UserView>> CreateUserAsync(UserConfiguration wanted, Actor actor, CancellationToken stop) =>
        audit.ActAsync<UserView>(actor, Role.Administrator, "create", $"users/{wanted.Username}", async act =>
        {
            var complaints = new Complaints();
            if (!IsName(wanted.Username) || wanted.Username.Trim().Length != wanted.Username.Length
                || wanted.Username.Contains('/', StringComparison.Ordinal) || wanted.Username is "." or "..")
                complaints.Add("username", $"A name has 1 to {MaxNameLength} characters, no slash, no control characters, and no blank at its ends.");
            if (wanted.Password is null) complaints.Add("password", "A new user needs a password.");
            Check(wanted, complaints);
            if (complaints.ToProblem() is { } problem) return problem;

            var user = new AdminUser
            {
                Username = wanted.Username,
                Role = wanted.Role,
                SecurityStamp = NewStamp(),
                PasswordHash = await passwords.HashAsync(wanted.Password!, stop),
            };
            if (!await store.AddUserAsync(user, stop)) return Problem.Conflict($"There is a user '{wanted.Username}' already.");
            act.Changes(null, AuditImage.Of(user));
            Log.UserChanged(log, user.Username, "made", actor.Name, actor.From);
            return ViewOf(user);
        });

    /// <summary>A change of password or role ends all log-ins of the user in browsers.</summary>
    /// <param name="version">The version that the change was made from; null: whatever is there.</param>
    public Task<Result<UserView>> UpdateUserAsync(string username, UserConfiguration wanted, long? version, Actor actor, CancellationToken stop) =>
        audit.ActAsync<UserView>(actor, Role.Administrator, "change", $"users/{username}", async act =>
        {
            using var pass = await gate.EnterAsync(stop);
            if (await FindAsync(username, stop) is not { } user) return NoUser(username);
            if (version is not null && version != user.Version) return StaleUser(user);
            var complaints = new Complaints();
            if (wanted.Username != user.Username) complaints.Add("username", "A user's name cannot be changed; make another user.");
            Check(wanted, complaints);
            if (complaints.ToProblem() is { } problem) return problem;
            if (wanted.Role < user.Role && await RefuseLossAsync(user, actor, "lower your own role", stop) is { } lasting) return lasting;

            var before = AuditImage.Of(user);
            if (wanted.Password is not null) user.PasswordHash = await passwords.HashAsync(wanted.Password, stop);
            if (wanted.Password is null && wanted.Role == user.Role) return ViewOf(user);
            (user.Role, user.SecurityStamp) = (wanted.Role, NewStamp());
            if (!await store.UpdateUserAsync(user, stop)) return StaleUser(user);
            act.Changes(before, AuditImage.Of(user));
            _logInsEnded(user.Username);
            Log.UserChanged(log, user.Username, "changed", actor.Name, actor.From);
            return ViewOf(user);
        });

    /// <summary>Null: gone, with all log-ins.</summary>
    public Task<Problem?> DeleteUserAsync(string username, long? version, Actor actor, CancellationToken stop) =>
        audit.ActAsync(actor, Role.Administrator, "delete", $"users/{username}", async act =>
        {
            using var pass = await gate.EnterAsync(stop);
            if (await FindAsync(username, stop) is not { } user) return NoUser(username);
            if (version is not null && version != user.Version) return StaleUser(user);
            if (await RefuseLossAsync(user, actor, "delete yourself", stop) is { } lasting) return lasting;
            act.Changes(AuditImage.Of(user), null);
            await store.DeleteUserAsync(user.Id, stop);
            _logInsEnded(user.Username);
            Log.UserChanged(log, user.Username, "deleted", actor.Name, actor.From);
            return null;
        });

    async Task<Problem?> RefuseLossAsync(AdminUser user, Actor actor, string self, CancellationToken stop)
    {
        if (user.Role is Role.Administrator && await store.CountAdministratorsAsync(stop) <= 1)
            return Problem.Conflict($"'{user.Username}' is the last administrator; make another one first.");
        return actor.Through is Door.Web && string.Equals(actor.Name, user.Username, StringComparison.OrdinalIgnoreCase)
            ? Problem.Conflict($"You cannot {self}; another administrator can.")
            : null;
    }

    static void Check(UserConfiguration wanted, Complaints complaints)
    {
        if (!Enum.IsDefined(wanted.Role)) complaints.Add("role", "Give one of viewer, operator, administrator.");
        if (wanted.Password is { } password && Passwords.Judge(password, MinPasswordLength) is { } bad) complaints.Add("password", bad);
    }

    Task<AdminUser?> FindAsync(string username, CancellationToken stop) =>
        IsName(username) ? store.FindUserAsync(username, stop) : Task.FromResult<AdminUser?>(null);

    UserView ViewOf(AdminUser user) => new(user, _attempts.LockedOut(user.Username));

    static Problem NoUser(string username) => Problem.NotFound($"There is no user '{username}'.");

    static Problem StaleUser(AdminUser user) => Problem.Stale($"User '{user.Username}' was changed meanwhile; read it again.");
}
