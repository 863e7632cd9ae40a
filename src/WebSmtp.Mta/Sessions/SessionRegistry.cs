using System.Net;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Sessions;

/// <summary>
/// The inbound sessions that live now. Thread-safe. Who adds one looks at the site's state afterwards: a site that is
/// being stopped shows that first and then asks the sessions it finds here to end, so that none slips through.
/// </summary>
public sealed class SessionRegistry
{
    /// <summary>How long sessions that were cut may take to notice.</summary>
    static readonly TimeSpan AbortGrace = TimeSpan.FromSeconds(5);

    readonly Lock _gate = new();
    readonly Dictionary<string, LiveSession> _sessions = new(StringComparer.Ordinal);
    // Counted as they come and go: limits are asked for by every new connection.
    readonly Dictionary<int, int> _bySite = [];
    readonly Dictionary<(int SiteId, IPAddress Client), int> _byClient = [];

    public LiveSession? Find(string id)
    {
        lock (_gate) return _sessions.GetValueOrDefault(id);
    }

    /// <summary>The sessions that a site has at this moment.</summary>
    public IReadOnlyList<LiveSession> OfSite(int siteId)
    {
        lock (_gate) return [.. _sessions.Values.Where(live => live.SiteId == siteId)];
    }

    public int Count(int siteId)
    {
        lock (_gate) return _bySite.GetValueOrDefault(siteId);
    }

    /// <summary>A site's sessions with one client.</summary>
    public int Count(int siteId, IPAddress client)
    {
        lock (_gate) return _byClient.GetValueOrDefault((siteId, client));
    }

    public void Add(LiveSession live)
    {
        lock (_gate)
        {
            _sessions.Add(live.Session.Id, live);
            Count(_bySite, live.SiteId, 1);
            if (live.Client is { } client) Count(_byClient, (live.SiteId, client), 1);
        }
    }

    public void Remove(LiveSession live)
    {
        lock (_gate)
        {
            if (!_sessions.Remove(live.Session.Id)) return;
            Count(_bySite, live.SiteId, -1);
            if (live.Client is { } client) Count(_byClient, (live.SiteId, client), -1);
        }
    }

    /// <summary>Asks all sessions of a site to end with the reply, waits for at most the grace time, then cuts what is left.</summary>
    public async Task CloseAllAsync(int siteId, Reply reply, TimeSpan grace, TimeProvider time)
    {
        var sessions = OfSite(siteId);
        foreach (var live in sessions) live.Session.RequestClose(reply);
        if (await EndAsync(sessions, grace, time)) return;
        foreach (var live in sessions.Where(live => !live.Ended.IsCompleted)) live.Abort();
        await EndAsync(sessions, AbortGrace, time);
    }

    /// <summary>False when the time was over first. How a session ended is not asked here.</summary>
    static async Task<bool> EndAsync(IReadOnlyList<LiveSession> sessions, TimeSpan within, TimeProvider time)
    {
        var all = Task.WhenAll(sessions.Select(live => live.Ended));
        await all.WaitAsync(within, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return all.IsCompleted;
    }

    static void Count<T>(Dictionary<T, int> counts, T key, int change) where T : notnull
    {
        var count = counts.GetValueOrDefault(key) + change;
        if (count == 0) counts.Remove(key);
        else counts[key] = count;
    }
}

/// <summary>A session with its site, its end to wait for, and a way to cut the connection.</summary>
public sealed record LiveSession(int SiteId, ServerSession Session, Task Ended, Action Abort)
{
    /// <summary>The client's address; IPv4 that came over an IPv6 socket is IPv4.</summary>
    public IPAddress? Client { get; } = Session.Remote is IPEndPoint { Address: var address }
        ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address
        : null;
}
