using System.Text.Json;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Mta.Tests.Administration;

/// <summary>Users and keys that are forgotten with the test.</summary>
sealed class MemoryAccessStore : IAccessStore
{
    public List<AdminUser> Users { get; } = [];
    public List<ApiKey> Keys { get; } = [];
    public int KeyQueries { get; private set; }

    public Task<AdminUser?> FindUserAsync(string username, CancellationToken stop) => Task.FromResult(
        Users.Where(user => user.Username.Equals(username, StringComparison.OrdinalIgnoreCase)).Select(Copy).SingleOrDefault());

    public Task<bool> AnyUserAsync(CancellationToken stop) => Task.FromResult(Users.Count > 0);

    public Task<bool> AddUserAsync(AdminUser user, CancellationToken stop)
    {
        if (Users.Exists(old => old.Username.Equals(user.Username, StringComparison.OrdinalIgnoreCase))) return Task.FromResult(false);
        user.Id = Users.Count + 1;
        Users.Add(Copy(user));
        return Task.FromResult(true);
    }

    public Task<IReadOnlyList<AdminUser>> ListUsersAsync(string? afterUsername, int limit, CancellationToken stop) => Task.FromResult<IReadOnlyList<AdminUser>>(
        [.. Users.OrderBy(user => user.Username, StringComparer.OrdinalIgnoreCase)
            .Where(user => string.Compare(user.Username, afterUsername, StringComparison.OrdinalIgnoreCase) > 0).Take(limit)]);

    public Task<long> CountUsersAsync(CancellationToken stop) => Task.FromResult((long)Users.Count);

    public Task<long> CountAdministratorsAsync(CancellationToken stop) => Task.FromResult((long)Users.Count(user => user.Role is Role.Administrator));

    public Task DeleteUserAsync(int id, CancellationToken stop)
    {
        Users.RemoveAll(user => user.Id == id);
        return Task.CompletedTask;
    }

    public Task SetLastLogInAsync(int id, DateTimeOffset at, CancellationToken stop)
    {
        Users.Find(user => user.Id == id)?.LastLogInAt = at;
        return Task.CompletedTask;
    }

    public Task SetLastUseAsync(int id, DateTimeOffset at, CancellationToken stop)
    {
        Keys.Find(key => key.Id == id)?.LastUsedAt = at;
        return Task.CompletedTask;
    }

    public Task<bool> UpdateUserAsync(AdminUser user, CancellationToken stop)
    {
        var index = Users.FindIndex(old => old.Username == user.Username && old.Version == user.Version);
        if (index < 0) return Task.FromResult(false);
        user.Version++;
        Users[index] = Copy(user);
        return Task.FromResult(true);
    }

    public Task<ApiKey?> FindKeyAsync(byte[] keyHash, CancellationToken stop)
    {
        KeyQueries++;
        return Task.FromResult(Keys.Find(key => key.KeyHash.AsSpan().SequenceEqual(keyHash)));
    }

    public Task AddKeyAsync(ApiKey key, CancellationToken stop)
    {
        key.Id = Keys.Count + 1;
        Keys.Add(key);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ApiKey>> ListKeysAsync(int afterId, int limit, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<ApiKey>>([.. Keys.Where(key => key.Id > afterId).OrderBy(key => key.Id).Take(limit)]);

    public Task<long> CountKeysAsync(CancellationToken stop) => Task.FromResult((long)Keys.Count);

    public Task<ApiKey?> FindKeyAsync(int id, CancellationToken stop) => Task.FromResult(Keys.Find(key => key.Id == id));

    public Task DeleteKeyAsync(int id, CancellationToken stop)
    {
        Keys.RemoveAll(key => key.Id == id);
        return Task.CompletedTask;
    }

    static AdminUser Copy(AdminUser user) => JsonSerializer.Deserialize<AdminUser>(JsonSerializer.Serialize(user))!;
}
