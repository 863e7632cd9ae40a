using System.Security.Cryptography;
using WebSmtp.Smtp.Sasl;

namespace WebSmtp.Mta.Accounts;

// Logging in over SMTP. Nothing here tells an unknown name from a wrong password, in words or in time.
public sealed partial class AccountOperations
{
    readonly VerifiedPasswords _verified = new();
    readonly byte[] _secretOfNobody = RandomNumberGenerator.GetBytes(32);

    /// <summary>The account's name as stored when the password is right, it is enabled and may use the site; else null. Equal time for unknown names.</summary>
    public async Task<string?> VerifyPasswordAsync(int siteId, string username, string password, CancellationToken stop)
    {
        if (password.Length > Passwords.MaxLength) return null;
        var account = await FindAsync(username, stop);
        if (account is null || !_verified.Contains(account, password))
        {
            if (!await passwords.VerifyAsync(password, account?.PasswordHash, stop)) return null;
            _verified.Add(account!, password);
            if (account!.ScramKeys is null) await AddScramKeysAsync(account, password, stop);
        }
        return MayUse(account, siteId) ? account!.Username : null;
    }

    /// <summary>The same for CRAM-MD5. RFC 2195.</summary>
    public async Task<string?> VerifyCramMd5Async(int siteId, string username, byte[] challenge, string digest, CancellationToken stop)
    {
        var account = await FindAsync(username, stop);
        var secret = account?.ChallengeSecret is { } kept ? secrets.Unprotect(kept) : null;
        if (secret is null && account?.ChallengeSecret is not null) Log.ChallengeSecretUnreadable(log, account.Username);
        return CramMd5.Verify(secret ?? _secretOfNobody, challenge, digest) && secret is not null && MayUse(account, siteId)
            ? account!.Username
            : null;
    }

    /// <summary>What is kept for SCRAM-SHA-256; of unknown names something that looks the same. RFC 5802.</summary>
    public async Task<ScramKeys> FindScramKeysAsync(string username, CancellationToken stop)
    {
        var kept = (await FindAsync(username, stop))?.ScramKeys;
        return kept is not null && StoredScramKeys.Read(secrets.Unprotect(kept)) is { } keys ? keys : StoredScramKeys.OfNobody(_secretOfNobody, username);
    }

    /// <summary>The account's name as stored when the proof was right, it is enabled and may use the site; else null.</summary>
    public async Task<string?> VerifyScramAsync(int siteId, string username, bool proved, CancellationToken stop) =>
        proved && await FindAsync(username, stop) is { } account && MayUse(account, siteId) ? account.Username : null;

    /// <summary>Its password was set before they were kept. Somebody who changes the account now does it as well.</summary>
    async Task AddScramKeysAsync(Account account, string password, CancellationToken stop)
    {
        account.ScramKeys = await ScramKeysAsync(password, stop);
        await store.UpdateAsync(account, stop);
    }

    /// <summary>The account's name as stored when it is enabled and may use the site, whatever its password; for simulations.</summary>
    internal async Task<string?> AssumeAsync(int siteId, string username, CancellationToken stop) =>
        await FindAsync(username, stop) is { } account && MayUse(account, siteId) ? account.Username : null;

    static bool MayUse(Account? account, int siteId) =>
        account is { Enabled: true } && account.Sites?.Contains(siteId) is not false;
}
