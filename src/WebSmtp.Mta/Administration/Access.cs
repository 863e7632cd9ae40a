namespace WebSmtp.Mta.Administration;

/// <summary>Somebody who logs in to the web admin, as stored.</summary>
public sealed class AdminUser
{
    public int Id { get; set; }

    /// <summary>Compared without case.</summary>
    public required string Username { get; set; }
    public Role Role { get; set; }
    public required string PasswordHash { get; set; }

    /// <summary>Changed with the password and the role: sessions of the browser that hold another stamp end.</summary>
    public required string SecurityStamp { get; set; }
    public DateTimeOffset? LastLogInAt { get; set; }
    public long Version { get; set; } = 1;
}

/// <summary>A key for the REST API, as stored: only its SHA-256 is kept.</summary>
public sealed class ApiKey
{
    public int Id { get; set; }
    public required string Name { get; set; }
    public Role Role { get; set; }
    public required byte[] KeyHash { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>To the minute; null: never.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>Users of the web admin and API keys in the database. Thread-safe.</summary>
public interface IAccessStore
{
    Task<AdminUser?> FindUserAsync(string username, CancellationToken stop);
    Task<bool> AnyUserAsync(CancellationToken stop);

    /// <summary>False when the name is taken.</summary>
    Task<bool> AddUserAsync(AdminUser user, CancellationToken stop);

    /// <summary>Users by name after <paramref name="afterUsername"/> (null: from the first).</summary>
    Task<IReadOnlyList<AdminUser>> ListUsersAsync(string? afterUsername, int limit, CancellationToken stop);
    Task<long> CountUsersAsync(CancellationToken stop);
    Task<long> CountAdministratorsAsync(CancellationToken stop);
    Task DeleteUserAsync(int id, CancellationToken stop);

    /// <summary>Without making anybody's copy stale.</summary>
    Task SetLastLogInAsync(int id, DateTimeOffset at, CancellationToken stop);
    Task<bool> UpdateUserAsync(AdminUser user, CancellationToken stop);
    Task<ApiKey?> FindKeyAsync(byte[] keyHash, CancellationToken stop);

    /// <summary>Sets the key's id.</summary>
    Task AddKeyAsync(ApiKey key, CancellationToken stop);

    /// <summary>Keys by id after <paramref name="afterId"/>.</summary>
    Task<IReadOnlyList<ApiKey>> ListKeysAsync(int afterId, int limit, CancellationToken stop);
    Task<long> CountKeysAsync(CancellationToken stop);
    Task<ApiKey?> FindKeyAsync(int id, CancellationToken stop);
    Task DeleteKeyAsync(int id, CancellationToken stop);
    Task SetLastUseAsync(int id, DateTimeOffset at, CancellationToken stop);
}
