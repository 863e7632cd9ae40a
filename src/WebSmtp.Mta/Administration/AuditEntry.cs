namespace WebSmtp.Mta.Administration;

/// <summary>One act, or one that was refused, as it is written down.</summary>
public sealed class AuditEntry
{
    /// <summary>Sorts by age, as the numbers of messages do.</summary>
    public long Id { get; set; }
    public DateTimeOffset At { get; set; }
    public required string Actor { get; set; }
    public Role Role { get; set; }

    /// <summary>Address it came from, or <c>local</c>.</summary>
    public required string From { get; set; }
    public Door Through { get; set; }

    /// <summary>In one or two words: <c>change</c>, <c>read content</c>.</summary>
    public required string Action { get; set; }

    /// <summary>The path that the REST API has for it: <c>sites/2/domains/test.com</c>.</summary>
    public required string Subject { get; set; }

    /// <summary>JSON of the fields that are different afterwards, without secrets; null: it was not there, or nothing changed.</summary>
    public string? Before { get; set; }
    public string? After { get; set; }

    /// <summary>Why it was refused; null: it was done.</summary>
    public string? Refusal { get; set; }
}

/// <summary>Which entries are wanted; null members do not restrict.</summary>
/// <param name="Actor">The whole name, without case.</param>
/// <param name="Subject">This one and all below it, without case.</param>
/// <param name="Action">The whole of it.</param>
public sealed record AuditFilter(
    string? Actor = null, string? Subject = null, string? Action = null, bool? Refused = null, DateTimeOffset? From = null,
    DateTimeOffset? To = null);

/// <summary>The audit record in the database. Thread-safe.</summary>
public interface IAuditStore
{
    /// <summary>Writes all of them, or none.</summary>
    Task AddAsync(IReadOnlyList<AuditEntry> entries, CancellationToken stop);

    /// <summary>What matches, newest first, below a number.</summary>
    Task<IReadOnlyList<AuditEntry>> ListAsync(AuditFilter filter, long before, int limit, CancellationToken stop);

    /// <summary>How many match, but counted no further than <paramref name="most"/>.</summary>
    Task<long> CountAsync(AuditFilter filter, int most, CancellationToken stop);

    /// <summary>Removes a bounded number of those from before a time; returns how many.</summary>
    Task<int> PurgeAsync(DateTimeOffset before, int max, CancellationToken stop);

    /// <summary>Days that entries are kept; null: nobody has said.</summary>
    Task<int?> ReadDaysAsync(CancellationToken stop);
    Task WriteDaysAsync(int days, CancellationToken stop);
}
