using System.Collections.Concurrent;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Sessions;

/// <summary>
/// The sessions that live now. Thread-safe. Who adds one that is served looks at the site's state afterwards: a site that is
/// being stopped shows that first and then asks the sessions it finds here to end, so that none slips through.
/// </summary>
public sealed class SessionRegistry
{
    /// <summary>How long sessions that were cut may take to notice.</summary>
    static readonly TimeSpan AbortGrace = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<string, LiveSession> _sessions = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, OutboundSession> _outbound = new(StringComparer.Ordinal);

    public WatchedSession? Find(string id) => (WatchedSession?)_sessions.GetValueOrDefault(id) ?? _outbound.GetValueOrDefault(id);

    /// <summary>The sessions that a site serves at this moment.</summary>
    public IReadOnlyList<LiveSession> OfSite(int siteId) => [.. _sessions.Values.Where(live => live.SiteId == siteId)];
    public int Count(int siteId) => _sessions.Values.Count(live => live.SiteId == siteId);

    /// <summary>All, both ways.</summary>
    public IEnumerable<WatchedSession> All => _sessions.Values.Concat<WatchedSession>(_outbound.Values);

    public void Add(LiveSession live) => _sessions[live.Id] = live;
    public void Remove(LiveSession live) => _sessions.TryRemove(new(live.Id, live));
    public void Add(OutboundSession session) => _outbound[session.Id] = session;

    /// <summary>False: it was not there any more.</summary>
    public bool Remove(OutboundSession session) => _outbound.TryRemove(new(session.Id, session));

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
}
