namespace WebSmtp.Mta.Administration;

/// <summary>
/// Remembers API keys for a few seconds, so that a program that asks often does not cost a query each time, and a key
/// that was withdrawn is refused soon. Bounded. Thread-safe.
/// </summary>
sealed class KnownKeys(TimeProvider time)
{
    const int Capacity = 1000;
    static readonly TimeSpan For = TimeSpan.FromSeconds(10);

    readonly Lock _gate = new();
    readonly Dictionary<string, (ApiKey Key, DateTimeOffset Until)> _keys = new(StringComparer.Ordinal);

    public ApiKey? Find(byte[] hash)
    {
        lock (_gate) return _keys.TryGetValue(Convert.ToHexString(hash), out var known) && time.GetUtcNow() < known.Until ? known.Key : null;
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
