using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Accounts;

/// <summary>What an administrator writes about an account. <paramref name="Password"/> null: keep the one it has.</summary>
public sealed record AccountConfiguration(
    string Username, string? Password, bool Enabled, bool ChallengeResponse, string? Description, IReadOnlyList<int>? Sites);

/// <summary>Accounts that log in over SMTP. Thread-safe.</summary>
/// <param name="gate">The one of the program, shared with the operations on sites: domains name accounts.</param>
public sealed partial class AccountOperations(
    IAccountStore store, SiteRegistry sites, ISecretProtector secrets, Passwords passwords, Audit audit, ActGate gate,
    ILogger<AccountOperations> log)
{
    const int MaxUsernameLength = 256;
    const int MaxDescriptionLength = 1000;
    const int MaxPage = 500;

    public Task<Account?> FindAsync(string username, CancellationToken stop) =>
        username.Length is 0 or > MaxUsernameLength ? Task.FromResult<Account?>(null) : store.FindAsync(username, stop);

    public async Task<Page<Account>> ListAsync(string? cursor, int limit, CancellationToken stop)
    {
        limit = Math.Clamp(limit, 1, MaxPage);
        // One more than asked for tells whether another page follows.
        var found = await store.ListAsync(ReadCursor(cursor), limit + 1, stop);
        var items = found.Take(limit).ToList();
        var next = found.Count > limit ? Base64Url.EncodeToString(Encoding.UTF8.GetBytes(items[^1].Username)) : null;
        return new(items, next, await store.CountAsync(stop));
    }

    public Task<Result<Account>> CreateAsync(AccountConfiguration wanted, Actor actor, CancellationToken stop) =>
        audit.ActAsync<Account>(actor, Role.Administrator, "create", $"accounts/{wanted.Username}", async act =>
        {
            var complaints = new Complaints();
            CheckUsername(wanted.Username, complaints);
            Check(wanted, complaints);
            if (wanted.Password is null) complaints.Add("password", "A new account needs a password.");
            if (complaints.ToProblem() is { } problem) return problem;

            var account = new Account { Username = wanted.Username, PasswordHash = await passwords.HashAsync(wanted.Password!, stop) };
            account.ScramKeys = await ScramKeysAsync(wanted.Password!, stop);
            Fill(account, wanted);
            if (!await store.AddAsync(account, stop)) return Problem.Conflict($"There is an account '{wanted.Username}' already.");
            act.Changes(null, AuditImage.Of(account));
            Log.AccountChanged(log, account.Username, "created", actor.Name, actor.From);
            return account;
        });

    public Task<Result<Account>> UpdateAsync(
        string username, AccountConfiguration wanted, long? version, Actor actor, CancellationToken stop) =>
        audit.ActAsync<Account>(actor, Role.Administrator, "change", $"accounts/{username}", async act =>
        {
            if (await FindAsync(username, stop) is not { } account) return NoAccount(username);
            if (version is not null && version != account.Version) return Stale(account);
            var complaints = new Complaints();
            if (wanted.Username != account.Username) complaints.Add("username", "An account's name cannot be changed; make another account.");
            Check(wanted, complaints);
            if (wanted is { ChallengeResponse: true, Password: null } && account.ChallengeSecret is null)
                complaints.Add("password", "Only a hash of the password is kept, so switching challengeResponse on needs the password again.");
            if (complaints.ToProblem() is { } problem) return problem;

            var before = AuditImage.Of(account);
            if (wanted.Password is not null)
            {
                account.PasswordHash = await passwords.HashAsync(wanted.Password, stop);
                account.ScramKeys = await ScramKeysAsync(wanted.Password, stop);
            }
            Fill(account, wanted);
            if (!await store.UpdateAsync(account, stop)) return Stale(account);
            act.Changes(before, AuditImage.Of(account));
            Log.AccountChanged(log, account.Username, "changed", actor.Name, actor.From);
            return await store.FindAsync(username, stop) is { } changed ? changed : NoAccount(username);
        });

    /// <summary>Refused (Conflict) while a domain names it in its TURN accounts; the detail names the domains.</summary>
    public Task<Problem?> DeleteAsync(string username, long? version, Actor actor, CancellationToken stop) =>
        audit.ActAsync(actor, Role.Administrator, "delete", $"accounts/{username}", async act =>
        {
            using var pass = await gate.EnterAsync(stop);
            if (await FindAsync(username, stop) is not { } account) return NoAccount(username);
            if (version is not null && version != account.Version) return Stale(account);
            var domains = sites.Sites.Values
                .SelectMany(view => view.Site.TurnDomainsOf(account.Username), (view, domain) => $"{domain.Name} of site '{view.Site.Name}' ({view.Site.Id})")
                .ToList();
            if (domains.Count > 0)
                return Problem.Conflict($"Account '{account.Username}' collects mail with TURN for {string.Join(", ", domains)}; take it from there first.");
            await store.DeleteAsync(account.Id, stop);
            act.Changes(AuditImage.Of(account), null);
            Log.AccountChanged(log, account.Username, "deleted", actor.Name, actor.From);
            return null;
        });

    static void CheckUsername(string username, Complaints complaints)
    {
        if (username.Length is 0 or > MaxUsernameLength || username.Any(char.IsControl) || username.Trim().Length != username.Length)
            complaints.Add("username", $"A name has 1 to {MaxUsernameLength} characters, no control characters, and no blank at its ends.");
        // Such a name could not be a part of an account's own address in the API.
        else if (username.Contains('/', StringComparison.Ordinal) || username is "." or "..")
            complaints.Add("username", $"'{username}' cannot be a name: it has a slash, or is a dot or two.");
    }

    void Check(AccountConfiguration wanted, Complaints complaints)
    {
        if (wanted.Password is not null && Passwords.Judge(wanted.Password, minLength: 1) is { } bad) complaints.Add("password", bad);
        if (wanted.Description is { } description && (description.Length > MaxDescriptionLength || description.Contains('\0', StringComparison.Ordinal)))
            complaints.Add("description", $"A description has at most {MaxDescriptionLength} characters of text.");
        foreach (var (index, id) in (wanted.Sites ?? []).Index())
        {
            if (sites.Find(id) is null) complaints.Add($"sites[{index}]", $"There is no site {id}.");
        }
    }

    async Task<byte[]> ScramKeysAsync(string password, CancellationToken stop) => secrets.Protect(await passwords.ScramKeysAsync(password, stop));

    void Fill(Account account, AccountConfiguration wanted)
    {
        account.Enabled = wanted.Enabled;
        account.Description = wanted.Description;
        account.Sites = wanted.Sites?.Distinct().ToList();
        if (!wanted.ChallengeResponse) account.ChallengeSecret = null;
        else if (wanted.Password is not null) account.ChallengeSecret = secrets.Protect(Encoding.UTF8.GetBytes(wanted.Password));
    }

    static string? ReadCursor(string? cursor) =>
        cursor is not null && Base64Url.IsValid(cursor) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)) : null;

    static Problem NoAccount(string username) => Problem.NotFound($"There is no account '{username}'.");

    static Problem Stale(Account account) => Problem.Stale($"Account '{account.Username}' was changed meanwhile; read it again.");
}
