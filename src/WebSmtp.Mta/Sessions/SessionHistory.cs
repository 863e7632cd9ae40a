using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Watching;

namespace WebSmtp.Mta.Sessions;

/// <summary>Which finished sessions are wanted; null: all.</summary>
/// <param name="Address">The peer's address, or how it begins.</param>
public sealed record SessionFilter(
    int? SiteId = null, string? Address = null, string? Account = null, SessionOutcome? Outcome = null, SessionDirection? Direction = null,
    DateTimeOffset? From = null, DateTimeOffset? To = null)
{
    public bool Matches(SessionView view) =>
        (SiteId is null || view.SiteId == SiteId)
        && (Direction is null || view.Direction == Direction)
        && (Outcome is null || view.Outcome == Outcome)
        && (Account is null || string.Equals(view.Account, Account, StringComparison.OrdinalIgnoreCase))
        && (Address is null || view.Address.StartsWith(Address, StringComparison.OrdinalIgnoreCase))
        && (From is null || (view.EndedAt ?? DateTimeOffset.MaxValue) >= From)
        && (To is null || view.StartedAt <= To);
}

/// <summary>
/// Sessions that have ended, the last of them: those that went well and those that did not apart, so that a busy hour of
/// good ones does not push out what people look for. In memory, bounded. Thread-safe.
/// </summary>
public sealed class SessionHistory(ConversationBudget budget, TimeProvider time)
{
    /// <summary>Of each kind.</summary>
    public const int Most = 2000;

    readonly Lock _lock = new();
    readonly Queue<Finished> _good = new(), _bad = new();
    long _last;

    sealed record Finished(long Number, SessionView View, Conversation? Conversation);

    public void Add(WatchedSession session, SessionOutcome outcome, string end) =>
        Add(session.View(time.GetUtcNow(), outcome, end), session.Said?.Kept);

    /// <summary>A connection that never became a session.</summary>
    public void Add(SessionView view, Conversation? conversation = null)
    {
        Finished? forgotten = null;
        lock (_lock)
        {
            var ring = view.Outcome is SessionOutcome.Completed ? _good : _bad;
            ring.Enqueue(new(++_last, view, conversation));
            if (ring.Count > Most) forgotten = ring.Dequeue();
            budget.Relieve(_good.Concat(_bad).Select(one => one.Conversation).OfType<Conversation>());
        }
        forgotten?.Conversation?.Forget();
    }

    /// <summary>What ended last first.</summary>
    public Page<SessionView> Find(SessionFilter filter, string? cursor, int limit)
    {
        var before = long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;
        List<Finished> all;
        lock (_lock) all = [.. _good, .. _bad];
        var matching = all.Where(one => filter.Matches(one.View)).OrderByDescending(one => one.Number).ToList();
        var page = matching.Where(one => one.Number < before).Take(limit + 1).ToList();
        var next = page.Count > limit ? page[limit - 1].Number.ToString(CultureInfo.InvariantCulture) : null;
        return new([.. page.Take(limit).Select(one => one.View)], next, matching.Count);
    }

    /// <summary>One of them, with what was said if that was kept.</summary>
    public (SessionView View, ConversationCopy? Said)? Find(string id)
    {
        Finished? found;
        lock (_lock) found = _bad.LastOrDefault(one => one.View.Id == id) ?? _good.LastOrDefault(one => one.View.Id == id);
        return found is null ? null : (found.View, found.Conversation?.Find());
    }
}
