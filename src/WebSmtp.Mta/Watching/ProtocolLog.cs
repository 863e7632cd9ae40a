using System.Net;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Watching;

/// <summary>
/// The protocol log: what sites record, and while somebody follows it, what all connections say. The last lines are in
/// memory. Whoever reads follows it for a while: nothing has to be ended. Thread-safe.
/// </summary>
public sealed class ProtocolLog : IDisposable
{
    public const int MostLines = 4000;

    /// <summary>Longer than readers need from one reading to the next.</summary>
    static readonly TimeSpan FollowFor = TimeSpan.FromSeconds(30);

    readonly ProtocolFiles _files;
    readonly EventStream _events;
    readonly ITimer _unfollow;
    readonly Lock _lock = new();
    readonly ProtocolLine?[] _lines = new ProtocolLine?[MostLines];
    long _last;
    bool _isRead;
    volatile bool _followed;

    public ProtocolLog(ProtocolFiles files, ConversationBudget budget, EventStream events, TimeProvider time)
    {
        (_files, Budget, _events, Time) = (files, budget, events, time);
        _unfollow = time.CreateTimer(_ => _followed = false, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal ConversationBudget Budget { get; }
    internal TimeProvider Time { get; }

    /// <summary>Somebody looks at it.</summary>
    public bool IsFollowed => _followed;

    /// <summary>A connection was opened: the log of its lines, as the site's setting wants it at this moment.</summary>
    public SessionLog Begin(SiteSnapshot site, string id, SessionDirection direction, SessionPurpose purpose, EndPoint? remote, EndPoint? local)
    {
        var mode = site.Settings.Get(SettingsTable.ProtocolLog);
        var facts = new SessionFacts(id, site.Id, direction, purpose, remote, local, Time.GetUtcNow());
        return new(this, facts, mode is not "off", mode is "file" ? _files.Begin(site) : null);
    }

    /// <summary>The newest lines that match, of those after a number; from now on the log is followed.</summary>
    public ProtocolPage Read(ProtocolFilter filter, long after, int limit)
    {
        Follow();
        lock (_lock)
        {
            _isRead = true;
            var first = Math.Max(_last - MostLines, 0) + 1;
            var found = new List<ProtocolLine>();
            var more = 0L;
            for (var number = _last; number >= first && number > after; number--)
            {
                if (_lines[number % MostLines] is not { } line || !filter.Matches(line)) continue;
                if (found.Count < limit) found.Add(line);
                else more++;
            }
            found.Reverse();
            return new(found, _last, after == 0 ? 0 : more + Math.Max(first - after - 1, 0));
        }
    }

    public void Dispose() => _unfollow.Dispose();

    internal void Add(SessionFacts session, in ConversationLine line)
    {
        bool tell;
        lock (_lock)
        {
            _last++;
            _lines[_last % MostLines] = new(_last, session, line);
            (tell, _isRead) = (_isRead, false);
        }
        if (tell) _events.Publish(new LogEvent(line.At, session.SiteId, session.Id));
    }

    /// <summary>Somebody looks at the session, and there is something new.</summary>
    internal void Tell(SessionLog session) => _events.Publish(new SessionEvent(Time.GetUtcNow(), session.Facts.SiteId, session.Facts.Id, "said"));

    void Follow()
    {
        _followed = true;
        _unfollow.Change(FollowFor, Timeout.InfiniteTimeSpan);
    }
}
