using System.Collections.Concurrent;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Admin.LogIn;

/// <summary>Asks whether a log-in still stands, at most once a minute for each. Thread-safe.</summary>
sealed class StampCheck
{
    readonly AccessOperations _access;
    readonly TimeProvider _time;

    /// <summary>How long an answer is believed.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>More log-ins than a server has administrators; beyond, all are asked for again.</summary>
    const int MaxRemembered = 1000;

    readonly ConcurrentDictionary<(string Username, string Stamp), (Role Role, DateTimeOffset Until)> _good = new();

    /// <summary>Log-ins that were ended by hand, and until when their cookies would last.</summary>
    readonly ConcurrentDictionary<string, DateTimeOffset> _ended = new();

    public StampCheck(AccessOperations access, TimeProvider time)
    {
        (_access, _time) = (access, time);
        access.WhenLogInsEnd(Forget);
    }

    /// <summary>The user's role now; null: the log-in is over.</summary>
    public async Task<Role?> CheckAsync(string username, string stamp, string session, CancellationToken stop)
    {
        if (_ended.ContainsKey(session)) return null;
        var key = (username, stamp);
        var now = _time.GetUtcNow();
        if (_good.TryGetValue(key, out var known) && known.Until > now) return known.Role;
        if (await _access.FindUserAsync(username, stamp, stop) is not { } user)
        {
            _good.TryRemove(key, out _);
            return null;
        }
        if (_good.Count >= MaxRemembered) _good.Clear();
        _good[key] = (user.Role, now + Interval);
        return user.Role;
    }

    /// <summary>One log-in is over.</summary>
    public void End(string session, TimeSpan cookieLasts)
    {
        var now = _time.GetUtcNow();
        foreach (var (old, until) in _ended) if (until < now) _ended.TryRemove(old, out _);
        if (session.Length > 0) _ended[session] = now + cookieLasts;
    }

    /// <summary>What was believed about the user is asked for again.</summary>
    void Forget(string username)
    {
        foreach (var key in _good.Keys.Where(key => string.Equals(key.Username, username, StringComparison.OrdinalIgnoreCase)))
            _good.TryRemove(key, out _);
    }
}
