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

    public Task AddUserAsync(AdminUser user, CancellationToken stop)
    {
        Users.Add(Copy(user));
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
