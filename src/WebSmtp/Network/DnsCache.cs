using System.Collections.Concurrent;
using DnsClient;
using DnsClient.Protocol;

namespace WebSmtp.Network;

/// <summary>
/// Answers for as long as their zone allows, an hour at most; those that say no as RFC 2308 has it, a quarter of an hour
/// at most. Bounded by count. Thread-safe.
/// </summary>
sealed class DnsCache(TimeProvider time)
{
    const int MostAnswers = 20_000;
    static readonly TimeSpan Longest = TimeSpan.FromHours(1), LongestNo = TimeSpan.FromMinutes(15);
    readonly ConcurrentDictionary<(string Name, QueryType Type), (DnsRouteResolver.Answer Answer, DateTimeOffset Until)> _answers = new();

    public DnsRouteResolver.Answer? Find(string name, QueryType type) =>
        _answers.TryGetValue((name.ToLowerInvariant(), type), out var kept) && time.GetUtcNow() < kept.Until ? kept.Answer : null;

    /// <param name="authorities">Of a negative answer: the zone's SOA says how long it holds.</param>
    public void Keep(string name, QueryType type, DnsRouteResolver.Answer answer, IEnumerable<DnsResourceRecord> authorities)
    {
        var life = answer.Records.Count > 0
            ? Shorter(TimeSpan.FromSeconds(answer.Records.Min(record => record.InitialTimeToLive)), Longest)
            : authorities.OfType<SoaRecord>().FirstOrDefault() is { } zone
                ? Shorter(TimeSpan.FromSeconds(Math.Min(zone.Minimum, (uint)Math.Max(zone.InitialTimeToLive, 0))), LongestNo)
                : TimeSpan.Zero;
        if (life <= TimeSpan.Zero) return;
        var now = time.GetUtcNow();
        if (_answers.Count >= MostAnswers) MakeRoom(now);
        _answers[(name.ToLowerInvariant(), type)] = (answer, now + life);
    }

    /// <summary>What is over goes, and else every second one: it is only asked again.</summary>
    void MakeRoom(DateTimeOffset now)
    {
        foreach (var (key, kept) in _answers)
            if (kept.Until <= now) _answers.TryRemove(key, out _);
        if (_answers.Count < MostAnswers) return;
        var at = 0;
        foreach (var (key, _) in _answers)
            if (at++ % 2 == 0) _answers.TryRemove(key, out _);
    }

    static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
