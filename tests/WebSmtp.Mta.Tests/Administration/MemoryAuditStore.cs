using Microsoft.Extensions.Logging.Abstractions;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Events;

namespace WebSmtp.Mta.Tests.Administration;

/// <summary>An audit record that is forgotten with the test.</summary>
sealed class MemoryAuditStore : IAuditStore
{
    readonly Lock _lock = new();
    readonly List<AuditEntry> _entries = [];
    int? _days;

    /// <summary>What writing fails with; null: it works.</summary>
    public Exception? Trouble { get; set; }

    public IReadOnlyList<AuditEntry> Entries
    {
        get { lock (_lock) return [.. _entries]; }
    }

    /// <summary>For operations whose record a test does not look at.</summary>
    public static Audit NewAudit(TimeProvider time, EventStream? events = null) => new MemoryAuditStore().Audit(time, events);

    public Audit Audit(TimeProvider time, EventStream? events = null) => new(this, new(time, 0), events ?? new(), time, NullLogger<Audit>.Instance);

    public Task AddAsync(IReadOnlyList<AuditEntry> entries, CancellationToken stop)
    {
        if (Trouble is not null) throw Trouble;
        lock (_lock) _entries.AddRange(entries);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<AuditEntry>> ListAsync(AuditFilter filter, long before, int limit, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<AuditEntry>>([.. Entries.Where(entry => entry.Id < before).OrderByDescending(entry => entry.Id).Take(limit)]);

    public Task<long> CountAsync(AuditFilter filter, int most, CancellationToken stop) => Task.FromResult((long)Math.Min(Entries.Count, most));

    public Task<int> PurgeAsync(DateTimeOffset before, int max, CancellationToken stop)
    {
        lock (_lock) return Task.FromResult(_entries.RemoveAll(entry => entry.At < before));
    }

    public Task<int?> ReadDaysAsync(CancellationToken stop) => Task.FromResult(_days);

    public Task WriteDaysAsync(int days, CancellationToken stop)
    {
        _days = days;
        return Task.CompletedTask;
    }
}
