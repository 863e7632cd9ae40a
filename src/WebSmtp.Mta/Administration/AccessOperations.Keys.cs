using System.Globalization;
using System.Security.Cryptography;

namespace WebSmtp.Mta.Administration;

/// <summary>What an administrator writes about an API key. <paramref name="ExpiresAt"/> null: it is good until it is deleted.</summary>
public sealed record KeyConfiguration(string Name, Role Role, DateTimeOffset? ExpiresAt);

/// <summary>A key as it was made: the only time that it can be read.</summary>
public sealed record NewKey(ApiKey Stored, string Key);

// API keys: who else may use the REST API, and for how long.
public sealed partial class AccessOperations
{
    const int MadeUpKeyLength = 40;
    const int MaxPage = 500;

    public async Task<Result<Page<ApiKey>>> ListKeysAsync(string? cursor, int limit, Actor actor, CancellationToken stop)
    {
        if (actor.Demand(Role.Administrator) is { } refusal) return refusal;
        limit = Math.Clamp(limit, 1, MaxPage);
        var after = int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var read) ? read : 0;
        // One more than asked for tells whether another page follows.
        var found = await store.ListKeysAsync(after, limit + 1, stop);
        var items = found.Take(limit).ToList();
        var next = found.Count > limit ? items[^1].Id.ToString(CultureInfo.InvariantCulture) : null;
        return new Page<ApiKey>(items, next, await store.CountKeysAsync(stop));
    }

    public async Task<Result<ApiKey>> FindKeyAsync(int id, Actor actor, CancellationToken stop)
    {
        if (actor.Demand(Role.Administrator) is { } refusal) return refusal;
        return await store.FindKeyAsync(id, stop) is { } key ? key : NoKey(id);
    }

    /// <summary>Makes up a key; only its hash is kept.</summary>
    public Task<Result<NewKey>> CreateKeyAsync(KeyConfiguration wanted, Actor actor, CancellationToken stop) =>
        audit.ActAsync<NewKey>(actor, Role.Administrator, "create", "keys", async act =>
        {
            var complaints = new Complaints();
            if (wanted.Name.Length is 0 or > MaxNameLength || string.IsNullOrWhiteSpace(wanted.Name) || wanted.Name.Any(char.IsControl))
                complaints.Add("name", $"Give a name of at most {MaxNameLength} characters, without control characters.");
            if (!Enum.IsDefined(wanted.Role)) complaints.Add("role", "Give one of viewer, operator, administrator.");
            if (wanted.ExpiresAt <= time.GetUtcNow()) complaints.Add("expiresAt", "Give a time that is still to come, or null for a key that does not expire.");
            if (complaints.ToProblem() is { } problem) return problem;

            var key = RandomNumberGenerator.GetString(Alphabet, MadeUpKeyLength);
            var stored = new ApiKey
            {
                Name = wanted.Name,
                Role = wanted.Role,
                KeyHash = HashOf(key),
                CreatedAt = time.GetUtcNow(),
                ExpiresAt = wanted.ExpiresAt,
            };
            await store.AddKeyAsync(stored, stop);
            act.Subject = $"keys/{stored.Id}";
            act.Changes(null, AuditImage.Of(stored));
            Log.KeyChanged(log, stored.Name, stored.Id, "made", actor.Name, actor.From);
            return new NewKey(stored, key);
        });

    /// <summary>Null: deleted, and refused from now on.</summary>
    public Task<Problem?> DeleteKeyAsync(int id, Actor actor, CancellationToken stop) =>
        audit.ActAsync(actor, Role.Administrator, "delete", $"keys/{id}", async act =>
        {
            var found = await FindKeyAsync(id, actor, stop);
            if (found.Value is not { } key) return found.Problem;
            act.Changes(AuditImage.Of(key), null);
            await store.DeleteKeyAsync(id, stop);
            _keys.Forget(key);
            Log.KeyChanged(log, key.Name, key.Id, "deleted", actor.Name, actor.From);
            return null;
        });

    static Problem NoKey(int id) => Problem.NotFound($"There is no API key {id}.");
}
