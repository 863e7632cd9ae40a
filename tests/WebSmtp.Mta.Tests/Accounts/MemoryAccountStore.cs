using System.Text.Json;
using WebSmtp.Mta.Accounts;

namespace WebSmtp.Mta.Tests.Accounts;

/// <summary>An account store that forgets everything with the test.</summary>
sealed class MemoryAccountStore : IAccountStore
{
    readonly Dictionary<int, Account> _accounts = [];
    int _lastId;

    public Account this[string username] => _accounts.Values.Single(account => Same(account.Username, username));

    public int Add(string username)
    {
        var account = new Account { Id = ++_lastId, Username = username, PasswordHash = "" };
        _accounts.Add(account.Id, account);
        return account.Id;
    }

    public Task<Account?> FindAsync(string username, CancellationToken stop) =>
        Task.FromResult(_accounts.Values.Where(account => Same(account.Username, username)).Select(Copy).SingleOrDefault());

    public Task<IReadOnlyList<Account>> ListAsync(string? afterUsername, int limit, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<Account>>([.. _accounts.Values.OrderBy(account => account.Username, StringComparer.OrdinalIgnoreCase)
            .Where(account => afterUsername is null || StringComparer.OrdinalIgnoreCase.Compare(account.Username, afterUsername) > 0)
            .Take(limit).Select(Copy)]);

    public Task<long> CountAsync(CancellationToken stop) => Task.FromResult((long)_accounts.Count);

    public Task<IReadOnlyDictionary<string, int>> FindIdsAsync(IReadOnlyCollection<string> usernames, CancellationToken stop) =>
        Task.FromResult<IReadOnlyDictionary<string, int>>(_accounts.Values
            .Where(account => usernames.Contains(account.Username, StringComparer.OrdinalIgnoreCase))
            .ToDictionary(account => account.Username, account => account.Id));

    public Task<IReadOnlyDictionary<int, string>> NamesAsync(IReadOnlyCollection<int> ids, CancellationToken stop) =>
        Task.FromResult<IReadOnlyDictionary<int, string>>(
            _accounts.Where(pair => ids.Contains(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value.Username));

    public Task<bool> AddAsync(Account account, CancellationToken stop)
    {
        if (_accounts.Values.Any(other => Same(other.Username, account.Username))) return Task.FromResult(false);
        account.Id = ++_lastId;
        _accounts[account.Id] = Copy(account);
        return Task.FromResult(true);
    }

    public Task<bool> UpdateAsync(Account account, CancellationToken stop)
    {
        if (!_accounts.TryGetValue(account.Id, out var old) || old.Version != account.Version) return Task.FromResult(false);
        account.Version++;
        _accounts[account.Id] = Copy(account);
        return Task.FromResult(true);
    }

    public Task DeleteAsync(int id, CancellationToken stop)
    {
        _accounts.Remove(id);
        return Task.CompletedTask;
    }

    static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);

    static Account Copy(Account account) => JsonSerializer.Deserialize<Account>(JsonSerializer.Serialize(account))!;
}
