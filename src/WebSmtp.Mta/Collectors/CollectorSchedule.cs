using Cronos;

namespace WebSmtp.Mta.Collectors;

/// <summary>When a collector runs by itself.</summary>
static class CollectorSchedule
{
    public static readonly TimeSpan MinEvery = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan MaxEvery = TimeSpan.FromDays(30);

    /// <summary>Null: it is a cron expression of five fields; else what is wrong with it, one sentence.</summary>
    public static string? TroubleIn(string cron)
    {
        const string Shape = "Give five fields, minute hour day month weekday, as in '*/15 6-20 * * 1-5' (UTC)";
        if (cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length != 5) return Shape + ".";
        try
        {
            return Next(cron, DateTimeOffset.UnixEpoch) is null ? "There is no day on which this could run." : null;
        }
        catch (CronFormatException e)
        {
            return $"{Shape}: {e.Message}";
        }
    }

    /// <summary>
    /// The next time after <paramref name="now"/>; null: it runs on demand only. A time that was missed while the program
    /// was down is not made up for by more than one run.
    /// </summary>
    /// <param name="lastStart">Of its last run; null: it has never run, and what runs at intervals is due.</param>
    public static DateTimeOffset? Next(Collector collector, DateTimeOffset? lastStart, DateTimeOffset now) => collector switch
    {
        { Enabled: false } => null,
        { Every: { } every } => lastStart is { } last && last + every > now ? last + every : now,
        { Schedule: { } cron } => Next(cron, now),
        _ => null,
    };

    static DateTimeOffset? Next(string cron, DateTimeOffset after) => CronExpression.Parse(cron).GetNextOccurrence(after, TimeZoneInfo.Utc);
}
