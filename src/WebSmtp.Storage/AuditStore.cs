using System.Globalization;
using Microsoft.EntityFrameworkCore;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Storage.Configurations;
using static WebSmtp.Storage.Configurations.NameWithoutCase;

namespace WebSmtp.Storage;

sealed class AuditStore(Database database) : IAuditStore
{
    public Task AddAsync(IReadOnlyList<AuditEntry> entries, CancellationToken stop) => database.WriteAsync(db =>
    {
        foreach (var entry in entries)
        {
            var row = db.Add(entry);
            row.Property(AuditConfiguration.Actor).CurrentValue = Normalize(entry.Actor);
            row.Property(AuditConfiguration.Subject).CurrentValue = Normalize(entry.Subject);
        }
        return db.SaveChangesAsync(stop);
    }, stop);

    public Task<IReadOnlyList<AuditEntry>> ListAsync(AuditFilter filter, long before, int limit, CancellationToken stop) =>
        database.ReadAsync<IReadOnlyList<AuditEntry>>(async db => await Matching(db, filter)
            .Where(e => e.Id < before).OrderByDescending(e => e.Id).Take(limit).ToListAsync(stop), stop);

    public Task<long> CountAsync(AuditFilter filter, int most, CancellationToken stop) =>
        database.ReadAsync(db => Matching(db, filter).Take(most).LongCountAsync(stop), stop);

    public Task<int> PurgeAsync(DateTimeOffset before, int max, CancellationToken stop)
    {
        var end = MessageId.AtOrAfter(before).Value;
        return database.WriteAsync(db => db.AuditEntries
            .Where(e => db.AuditEntries.Where(old => old.Id < end).OrderBy(old => old.Id).Take(max).Select(old => old.Id).Contains(e.Id))
            .ExecuteDeleteAsync(stop), stop);
    }

    public Task<int?> ReadDaysAsync(CancellationToken stop) => database.ReadAsync(async db =>
        await db.ServiceState.Where(s => s.Name == ServiceState.AuditDays).Select(s => s.Value).SingleOrDefaultAsync(stop) is { } days
            ? int.Parse(days, CultureInfo.InvariantCulture)
            : default(int?), stop);

    public Task WriteDaysAsync(int days, CancellationToken stop) => database.WriteAsync(async db =>
    {
        var text = days.ToString(CultureInfo.InvariantCulture);
        if (await db.ServiceState.Where(s => s.Name == ServiceState.AuditDays).ExecuteUpdateAsync(set => set.SetProperty(s => s.Value, text), stop) > 0) return;
        db.Add(new ServiceState { Name = ServiceState.AuditDays, Value = text });
        await db.SaveChangesAsync(stop);
    }, stop);

    static IQueryable<AuditEntry> Matching(WebSmtpDb db, AuditFilter filter)
    {
        IQueryable<AuditEntry> entries = db.AuditEntries;
        if (filter.Actor is { } actor)
        {
            var name = Normalize(actor);
            entries = entries.Where(e => EF.Property<string>(e, AuditConfiguration.Actor) == name);
        }
        if (filter.Subject is { } one)
        {
            // Itself and all below it: the next character after a slash is 0.
            var (path, low, high) = (Normalize(one), Normalize(one) + "/", Normalize(one) + "0");
            entries = entries.Where(e => EF.Property<string>(e, AuditConfiguration.Subject) == path
                || string.Compare(EF.Property<string>(e, AuditConfiguration.Subject), low) >= 0
                && string.Compare(EF.Property<string>(e, AuditConfiguration.Subject), high) < 0);
        }
        if (filter.Action is { } action) entries = entries.Where(e => e.Action == action);
        if (filter.Refused is { } refused) entries = entries.Where(e => e.Refusal != null == refused);
        if (filter.From is { } from)
        {
            var first = MessageId.AtOrAfter(from).Value;
            entries = entries.Where(e => e.Id >= first);
        }
        if (filter.To is { } to)
        {
            var end = MessageId.AtOrAfter(to).Value;
            entries = entries.Where(e => e.Id < end);
        }
        return entries;
    }
}
