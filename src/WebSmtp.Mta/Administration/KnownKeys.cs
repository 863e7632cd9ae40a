namespace WebSmtp.Mta.Administration;

/// <summary>
/// Remembers API keys for a few seconds, so that a program that asks often does not cost a query each time, and a key
/// that was withdrawn is refused soon. Bounded. Thread-safe.
/// </summary>
sealed class KnownKeys(TimeProvider time)
{
    const int Capacity = 1000;
    static readonly TimeSpan For = TimeSpan.FromSeconds(10), UseEvery = TimeSpan.FromMinutes(1);

    readonly Lock _gate = new();
    readonly Dictionary<string, (ApiKey Key, DateTimeOffset Until)> _keys = new(StringComparer.Ordinal);
    readonly Dictionary<int, DateTimeOffset> _uses = [];

    public ApiKey? Find(byte[] hash)
    {
        lock (_gate) return _keys.TryGetValue(Convert.ToHexString(hash), out var known) && time.GetUtcNow() < known.Until ? known.Key : null;
    }

    /// <summary>True once a minute for each key: the use is worth writing down.</summary>
    public bool IsUseNews(ApiKey key, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_uses.TryGetValue(key.Id, out var last) && now - last < UseEvery) return false;
            if (_uses.Count >= Capacity) _uses.Clear();
            _uses[key.Id] = now;
            return true;
        }
    }

    public void Forget(ApiKey key)
    {
        lock (_gate) _keys.Remove(Convert.ToHexString(key.KeyHash));
    }

    public void Add(ApiKey key)
    {
        lock (_gate)
        {
            if (_keys.Count >= Capacity) _keys.Clear();
            _keys[Convert.ToHexString(key.KeyHash)] = (key, time.GetUtcNow() + For);
        }
    }
}
