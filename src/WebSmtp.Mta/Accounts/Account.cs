namespace WebSmtp.Mta.Accounts;

/// <summary>A name that logs in over SMTP, as it is stored.</summary>
public sealed class Account
{
    public int Id { get; set; }

    /// <summary>As the administrator wrote it; compared without case.</summary>
    public required string Username { get; set; }
    public bool Enabled { get; set; } = true;

    /// <summary>A salted hash; see <c>PasswordHash</c>.</summary>
    public required string PasswordHash { get; set; }

    /// <summary>What CRAM-MD5 needs, encrypted; null unless challenge-response was switched on.</summary>
    public byte[]? ChallengeSecret { get; set; }

    /// <summary>What SCRAM-SHA-256 needs, encrypted; null: the password was set before that was kept.</summary>
    public byte[]? ScramKeys { get; set; }
    public string? Description { get; set; }

    /// <summary>Sites where it may log in; null: all.</summary>
    public List<int>? Sites { get; set; }

    /// <summary>Raised by every change; the ETag.</summary>
    public long Version { get; set; } = 1;
}

/// <summary>Accounts in the database. Thread-safe. Names are looked up without case.</summary>
public interface IAccountStore
{
    Task<Account?> FindAsync(string username, CancellationToken stop);

    /// <summary>Accounts by name after <paramref name="afterUsername"/> (null: from the first).</summary>
    Task<IReadOnlyList<Account>> ListAsync(string? afterUsername, int limit, CancellationToken stop);
    Task<long> CountAsync(CancellationToken stop);

    /// <summary>Ids by name for those of <paramref name="usernames"/> that exist.</summary>
    Task<IReadOnlyDictionary<string, int>> FindIdsAsync(IReadOnlyCollection<string> usernames, CancellationToken stop);

    /// <summary>Names by id.</summary>
    Task<IReadOnlyDictionary<int, string>> NamesAsync(IReadOnlyCollection<int> ids, CancellationToken stop);

    /// <summary>False when the name is taken.</summary>
    Task<bool> AddAsync(Account account, CancellationToken stop);

    /// <summary>False when it is gone or was changed meanwhile; raises the version otherwise.</summary>
    Task<bool> UpdateAsync(Account account, CancellationToken stop);
    Task DeleteAsync(int id, CancellationToken stop);
}

/// <summary>Encrypts what must be read back. The key is kept beside the database, not in it.</summary>
public interface ISecretProtector
{
    byte[] Protect(byte[] secret);

    /// <summary>Null when it was not made with this program's key.</summary>
    byte[]? Unprotect(byte[] protectedSecret);
}
