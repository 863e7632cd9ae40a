using System.Collections.Concurrent;
using System.Globalization;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Queue;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Watching;

/// <summary>What was said during one attempt to deliver a message: to every host that was tried.</summary>
/// <param name="Id">Unique while the program runs.</param>
/// <param name="EndedAt">Null while it goes on, like <paramref name="Outcome"/>, which says what came of it.</param>
/// <param name="Host">The host that decided, or the last that was tried; null when none was.</param>
/// <param name="Address">Its address and port.</param>
/// <param name="Tls">Version and cipher suite; null in clear.</param>
/// <param name="Recipients">Whom it was about.</param>
/// <param name="SessionId">The connection that it went over last; null when none was had.</param>
/// <param name="Said">The lines.</param>
public sealed record MessageConversation(
    string Id, MessageId Message, int SiteId, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? Host, string? Address, string? Tls,
    string? Outcome, IReadOnlyList<string> Recipients, string? SessionId, ConversationCopy Said);

/// <summary>
/// The conversations of the last attempts to deliver, in memory and bounded: those that went well and those that did not
/// apart; those of messages that somebody waits for stay longest. Thread-safe.
/// </summary>
public sealed class Conversations(ConversationBudget budget, EventStream events, TimeProvider time)
{
    const int MostGood = 1000, MostBad = 1000, MostKept = 200;

    readonly Lock _lock = new();
    readonly Queue<AttemptRecord> _good = new(), _bad = new(), _kept = new();
    readonly Queue<long> _waitedFor = new();
    readonly ConcurrentDictionary<AttemptRecord, byte> _running = new();
    long _last;

    /// <summary>A message's attempts that are still known, in order; the last may be going on.</summary>
    public IReadOnlyList<MessageConversation> OfMessage(MessageId id)
    {
        var found = new List<AttemptRecord>();
        lock (_lock)
        {
            foreach (var ring in (Queue<AttemptRecord>[])[_good, _bad, _kept]) found.AddRange(ring.Where(record => record.Message == id.Value));
        }
        found.AddRange(_running.Keys.Where(record => record.Message == id.Value));
        return [.. found.DistinctBy(record => record.Number).OrderBy(record => record.Number).Select(record => record.View())];
    }

    /// <summary>Somebody wants to see what becomes of a message: its attempts are not pushed out by others.</summary>
    public void Keep(MessageId id)
    {
        lock (_lock)
        {
            _waitedFor.Enqueue(id.Value);
            if (_waitedFor.Count > MostKept) _waitedFor.Dequeue();
        }
    }

    internal AttemptRecord Begin(LeasedMessage message)
    {
        var id = message.Message.Id;
        var site = message.Message.SiteId;
        var record = new AttemptRecord(
            Interlocked.Increment(ref _last), id, site, time.GetUtcNow(), [.. message.Recipients.Select(recipient => recipient.Address)], new(budget, Tell));
        _running.TryAdd(record, 0);
        return record;

        void Tell() => events.Publish(new MessageEvent(time.GetUtcNow(), site, new MessageId(id).ToString(), "said", null));
    }

    /// <param name="record">Goes on to be known for a while.</param>
    /// <param name="attempt">What came of it; null: it was broken off.</param>
    internal void End(AttemptRecord record, Attempt? attempt)
    {
        record.End(time.GetUtcNow(), attempt);
        AttemptRecord? forgotten = null;
        lock (_lock)
        {
            var (ring, most) = _waitedFor.Contains(record.Message) ? (_kept, MostKept) : record.WentWell ? (_good, MostGood) : (_bad, MostBad);
            ring.Enqueue(record);
            if (ring.Count > most) forgotten = ring.Dequeue();
            budget.Relieve(_good.Concat(_bad).Select(one => one.Said));
        }
        _running.TryRemove(record, out _);
        forgotten?.Said.Forget();
    }

    internal void Note(AttemptRecord record, string text) => record.Said.Add(new(time.GetUtcNow(), Speaker.Note, true, ConversationLine.Cut(text)));
}

/// <summary>One attempt while it goes on, and after.</summary>
sealed class AttemptRecord(long number, long message, int siteId, DateTimeOffset startedAt, IReadOnlyList<string> recipients, Conversation said)
{
    DateTimeOffset? _endedAt;
    Attempt? _attempt;
    volatile SessionLog? _session;

    public long Number => number;
    public long Message => message;
    public Conversation Said => said;
    public bool WentWell => _attempt is not null && _attempt.Outcomes.All(outcome => outcome.Reply is { IsPositive: true });

    /// <summary>The connection that it goes over now, which tells it what is said.</summary>
    public void GoOver(SessionLog session)
    {
        _session = session;
        session.Attempt = said;
    }

    public void End(DateTimeOffset at, Attempt? attempt)
    {
        if (_session?.Attempt == said) _session.Attempt = null;
        (_attempt, _endedAt) = (attempt, at);
    }

    public MessageConversation View() => new(
        number.ToString(CultureInfo.InvariantCulture), new(message), siteId, startedAt, _endedAt, _attempt?.Host?.Name, _attempt?.Host?.Address, _attempt?.Tls,
        _endedAt is null ? null : Outcome(), recipients, _session?.Facts.Id, said.Copy());

    string Outcome()
    {
        if (_attempt is null) return "It was broken off.";
        var replies = _attempt.Outcomes.GroupBy(outcome => Text(outcome.Reply)).Select(group => group.Key).ToList();
        return replies.Count == 1 ? replies[0] : $"{replies.Count} different replies";
    }

    static string Text(Reply? reply) => reply?.ToString() ?? "no reply";
}
