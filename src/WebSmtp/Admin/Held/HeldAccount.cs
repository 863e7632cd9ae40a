using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Statistics;

namespace WebSmtp.Admin.Held;

/// <summary>What one account may collect, and its own visits, whoever else came for the same domains.</summary>
sealed record HeldAccount(string Name, IReadOnlyList<HeldDomain> Domains, CollectionRecord? Last, CollectionHabit? Habit)
{
    public long Messages => Domains.Sum(held => held.Messages);
    public long Bytes => Domains.Sum(held => held.Bytes);
    public DateTimeOffset? Oldest => Domains.Min(held => held.Oldest);

    public CollectionRecord? Running =>
        Domains.SelectMany(held => held.Running).FirstOrDefault(run => string.Equals(run.Account, Name, StringComparison.OrdinalIgnoreCase));

    public bool IsOverdue(DateTimeOffset now) => Running is null && Habit?.OverdueAt < now;

    public static HeldAccount Of(string account, IEnumerable<HeldDomain> all)
    {
        var domains = all.Where(held => held.Domain.TurnAccounts.Contains(account, StringComparer.OrdinalIgnoreCase)).ToList();
        var visits = domains.Select(held => held.ByAccount.GetValueOrDefault(account)).OfType<AccountVisits>().ToList();
        return new(account, domains, visits.MaxBy(visit => visit.Last.StartedAt)?.Last, CollectionHabit.Of(visits.SelectMany(visit => visit.At).OrderDescending()));
    }

    public static string Address(string account) => $"/held/accounts/{Uri.EscapeDataString(account)}";

    /// <summary>The backlogs of several domains together: how it was after each change of one of them, oldest first.</summary>
    public static IReadOnlyList<BacklogSample> Sum(IEnumerable<BacklogSample> samples)
    {
        var (now, sums) = (new Dictionary<(int, string), BacklogSample>(), new List<BacklogSample>());
        foreach (var sample in samples.OrderBy(sample => sample.Minute))
        {
            now[(sample.SiteId, sample.Domain)] = sample;
            if (sums.Count > 0 && sums[^1].Minute == sample.Minute) sums.RemoveAt(sums.Count - 1);
            sums.Add(new(0, "", sample.Minute, now.Values.Sum(one => one.Messages), now.Values.Sum(one => one.Bytes)));
        }
        return sums;
    }
}
