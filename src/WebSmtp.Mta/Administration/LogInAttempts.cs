namespace WebSmtp.Mta.Administration;

/// <summary>
/// Slows down whoever guesses: after <see cref="Free"/> failures in a row for one user from one address, each further
/// attempt has to wait twice as long as the one before, up to <see cref="LongestDelay"/>; the same for one address, whatever
/// users it tries, after <see cref="FreeOfAddress"/>. Bounded. Thread-safe.
/// </summary>
sealed class LogInAttempts(TimeProvider time)
{
    public const int Free = 5, FreeOfAddress = 50;

    /// <summary>No user is called so: the row of an address.</summary>
    const string Anybody = "";
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    /// <summary>Users and addresses that are remembered; who makes up more of them pushes out the oldest.</summary>
    const int Capacity = 10_000;

    readonly Lock _gate = new();
    readonly Dictionary<(string User, string From), Attempts> _failing = [];

    /// <summary>
    /// True when the attempt may be made. It counts as failed until <see cref="Succeeded"/> says otherwise, so that many
    /// attempts at the same time are not all the first one.
    /// </summary>
    public bool TryBegin(string user, string from)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            var (ofUser, ofAddress) = (Known(Key(user, from), now), Known(Key(Anybody, from), now));
            if (now < ofUser.NotBefore || now < ofAddress.NotBefore) return false;
            MakeRoom(now);
            _failing[Key(user, from)] = new(ofUser.Failures + 1, now + DelayAfter(ofUser.Failures + 1, Free));
            _failing[Key(Anybody, from)] = new(ofAddress.Failures + 1, now + DelayAfter(ofAddress.Failures + 1, FreeOfAddress));
            return true;
        }
    }

    public void Succeeded(string user, string from)
    {
        lock (_gate)
        {
            _failing.Remove(Key(user, from));
            // Who knows one user's password may still be guessing the others'.
            if (_failing.TryGetValue(Key(Anybody, from), out var known)) _failing[Key(Anybody, from)] = new(known.Failures - 1, time.GetUtcNow());
        }
    }

    /// <summary>Whoever was silent for long begins anew.</summary>
    Attempts Known((string User, string From) key, DateTimeOffset now) =>
        _failing.TryGetValue(key, out var known) && now - known.NotBefore < LongestDelay ? known : new(0, now);

    /// <summary>Failures in a row, and how long the next attempt has to wait.</summary>
    public (int Failures, TimeSpan Delay) Of(string user, string from)
    {
        lock (_gate)
        {
            return _failing.TryGetValue(Key(user, from), out var known)
                ? (known.Failures, DelayAfter(known.Failures, Free))
                : (0, TimeSpan.Zero);
        }
    }

    /// <summary>From where a user cannot log in now, and until when.</summary>
    public IReadOnlyList<LockedOut> LockedOut(string user)
    {
        var (name, now) = (user.ToUpperInvariant(), time.GetUtcNow());
        lock (_gate)
        {
            return [.. _failing.Where(pair => pair.Key.User == name && pair.Value.NotBefore > now)
                .Select(pair => new LockedOut(pair.Key.From, pair.Value.NotBefore)).OrderByDescending(locked => locked.Until)];
        }
    }

    static TimeSpan DelayAfter(int failures, int free) => failures < free
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(Math.Min(LongestDelay.TotalSeconds, Math.Pow(2, Math.Min(failures - free, 30))));

    void MakeRoom(DateTimeOffset now)
    {
        if (_failing.Count < Capacity) return;
        foreach (var old in _failing.Where(pair => now - pair.Value.NotBefore >= LongestDelay).Select(pair => pair.Key).ToList())
            _failing.Remove(old);
        while (_failing.Count >= Capacity) _failing.Remove(_failing.MinBy(pair => pair.Value.NotBefore).Key);
    }

    static (string User, string From) Key(string user, string from) => (user.ToUpperInvariant(), from);

    readonly record struct Attempts(int Failures, DateTimeOffset NotBefore);
}

/// <summary>An address from which a user cannot log in until then: there were too many failures.</summary>
public sealed record LockedOut(string From, DateTimeOffset Until);
