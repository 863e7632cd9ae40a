using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Accounts;

/// <summary>What an administrator writes about an account. <paramref name="Password"/> null: keep the one it has.</summary>
public sealed record AccountConfiguration(
    string Username, string? Password, bool Enabled, bool ChallengeResponse, string? Description, IReadOnlyList<int>? Sites);

/// <summary>Accounts that log in over SMTP. Thread-safe.</summary>
public sealed class AccountOperations
{
    public Task<Account?> FindAsync(string username, CancellationToken stop) => throw new NotSupportedException();
    public Task<Page<Account>> ListAsync(string? cursor, int limit, CancellationToken stop) => throw new NotSupportedException();
    public Task<Result<Account>> CreateAsync(AccountConfiguration wanted, Actor actor, CancellationToken stop) => throw new NotSupportedException();
    public Task<Result<Account>> UpdateAsync(string username, AccountConfiguration wanted, long? version, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>Refused (Conflict) while a domain names it in its TURN accounts; the detail names the domains.</summary>
    public Task<Problem?> DeleteAsync(string username, long? version, Actor actor, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>The account's name as stored when the password is right, it is enabled and may use the site; else null. Equal time for unknown names.</summary>
    public Task<string?> VerifyPasswordAsync(int siteId, string username, string password, CancellationToken stop) => throw new NotSupportedException();

    /// <summary>The same for CRAM-MD5. RFC 2195.</summary>
    public Task<string?> VerifyCramMd5Async(int siteId, string username, byte[] challenge, string digest, CancellationToken stop) => throw new NotSupportedException();
}
