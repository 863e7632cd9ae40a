using System.Collections.Concurrent;
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

    readonly ConcurrentDictionary<string, LiveSession> _sessions = new(StringComparer.Ordinal);

    public LiveSession? Find(string id) => _sessions.GetValueOrDefault(id);

    /// <summary>The sessions that a site has at this moment.</summary>
    public IReadOnlyList<LiveSession> OfSite(int siteId) => [.. _sessions.Values.Where(live => live.SiteId == siteId)];
    public int Count(int siteId) => _sessions.Values.Count(live => live.SiteId == siteId);

    public void Add(LiveSession live) => _sessions[live.Session.Id] = live;
    public void Remove(LiveSession live) => _sessions.TryRemove(new(live.Session.Id, live));

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

/// <summary>A session with its site, its end to wait for, and a way to cut the connection.</summary>
public sealed record LiveSession(int SiteId, ServerSession Session, Task Ended, Action Abort);
