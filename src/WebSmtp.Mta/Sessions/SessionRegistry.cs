using System.Collections.Concurrent;
using WebSmtp.Smtp;
using WebSmtp.Smtp.Server;

namespace WebSmtp.Mta.Sessions;

/// <summary>The inbound sessions that live now. Thread-safe.</summary>
public sealed class SessionRegistry
{
    readonly ConcurrentDictionary<string, LiveSession> _sessions = new(StringComparer.Ordinal);

    public LiveSession? Find(string id) => _sessions.GetValueOrDefault(id);
    public IEnumerable<LiveSession> OfSite(int siteId) => _sessions.Values.Where(live => live.SiteId == siteId);
    public int Count(int siteId) => _sessions.Values.Count(live => live.SiteId == siteId);

    public void Add(LiveSession live) => _sessions[live.Session.Id] = live;
    public void Remove(LiveSession live) => _sessions.TryRemove(new(live.Session.Id, live));

    /// <summary>Asks all sessions of a site to end with the reply, waits for at most the grace time, then cuts what is left.</summary>
    public async Task CloseAllAsync(int siteId, Reply reply, TimeSpan grace, TimeProvider time)
    {
        var sessions = OfSite(siteId).ToList();
        foreach (var live in sessions) live.Session.RequestClose(reply);
        try
        {
            await Task.WhenAll(sessions.Select(live => live.Ended)).WaitAsync(grace, time);
        }
        catch (TimeoutException)
        {
            foreach (var live in sessions) live.Abort();
            await Task.WhenAll(sessions.Select(live => live.Ended));
        }
    }
}

/// <summary>A session with its site, its end to wait for, and a way to cut the connection.</summary>
public sealed record LiveSession(int SiteId, ServerSession Session, Task Ended, Action Abort);
