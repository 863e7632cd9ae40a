namespace WebSmtp.Mta.Collection;

/// <summary>
/// How often a host comes for its mail, learned from when it came. It is overdue when it has stayed away much longer
/// than it nearly ever did: twice its usual interval, and more than its longer ones (nights, say).
/// </summary>
/// <param name="Last">When it came last.</param>
/// <param name="Usual">The median of its intervals.</param>
/// <param name="OverdueAt">From then on it is overdue.</param>
public sealed record CollectionHabit(DateTimeOffset Last, TimeSpan Usual, DateTimeOffset OverdueAt)
{
    /// <summary>How many collections are looked at.</summary>
    internal const int Remembered = 100;

    const int FewestContacts = 4;
    const double Nearly = 0.95;

    /// <summary>A host that collects several times in a row comes once.</summary>
    static readonly TimeSpan SameContact = TimeSpan.FromMinutes(1);

    /// <summary>Null: it has not come often enough for a habit. What was ordered here does not count.</summary>
    /// <param name="records">Newest first.</param>
    internal static CollectionHabit? Of(IReadOnlyList<CollectionRecord> records) =>
        Of(records.Where(record => record.Method is not CollectionMethod.Operator).Select(record => record.StartedAt));

    /// <summary>The habit of who came at these times, newest first; null as above.</summary>
    public static CollectionHabit? Of(IEnumerable<DateTimeOffset> times)
    {
        var contacts = new List<DateTimeOffset>();
        foreach (var time in times)
        {
            if (contacts.Count is 0 || contacts[^1] - time >= SameContact) contacts.Add(time);
        }
        if (contacts.Count < FewestContacts) return null;
        var intervals = contacts.Zip(contacts.Skip(1), (later, earlier) => later - earlier).Order().ToList();
        var usual = intervals[intervals.Count / 2];
        var longer = intervals[(int)((intervals.Count - 1) * Nearly)];
        var patience = TimeSpan.FromTicks(Math.Max(usual.Ticks * 2, longer.Ticks / 2 * 3));
        return new(contacts[0], usual, contacts[0] + patience);
    }
}
