using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Acceptance;

/// <summary>
/// Keeps drop folders below <c>dropMaxBytes</c>. A folder is counted now and then, because others take files out of it;
/// in between, what was accepted for it is added. Thread-safe.
/// </summary>
public sealed class DropQuota(Spool spool, TimeProvider time, ILogger<DropQuota> log)
{
    static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(10);

    /// <summary>A folder that takes long to count is counted less often.</summary>
    const int MaxShare = 20;

    readonly ConcurrentDictionary<string, Counted> _folders = new(StringComparer.Ordinal);

    /// <summary>No room for another message. What cannot be counted counts as empty: writing will tell.</summary>
    internal async ValueTask<bool> IsFullAsync(SiteSnapshot site, DomainSnapshot rule, CancellationToken stop)
    {
        var most = rule.Settings.Get(SettingsTable.DropMaxBytes);
        return most > 0 && await _folders.GetOrAdd(FolderOf(site, rule), static _ => new()).BytesAsync(CountAsync, FolderOf(site, rule), time, stop) >= most;
    }

    /// <summary>A message was committed: its bytes will be in the folders of its recipients.</summary>
    internal void Accepted(SiteSnapshot site, Message message)
    {
        if (_folders.IsEmpty) return;
        var folders = message.Recipients.Select(recipient => site.RuleFor(recipient.Domain))
            .Where(rule => rule?.Route.Type is RouteType.Drop).Select(rule => FolderOf(site, rule!)).Distinct(StringComparer.Ordinal);
        foreach (var folder in folders)
            if (_folders.TryGetValue(folder, out var counted)) counted.Add(message.Size);
    }

    string FolderOf(SiteSnapshot site, DomainSnapshot rule) =>
        rule.Route.Directory is { } folder ? spool.Full(folder) : site.Folders.Drop;

    Task<long> CountAsync(string folder) => Task.Run(() =>
    {
        try
        {
            return new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);
        }
        catch (DirectoryNotFoundException)
        {
            // Made with the first message.
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.DropNotCounted(log, e, folder);
            return 0;
        }
    });

    /// <summary>One folder. Whoever comes while it is counted waits for the same count.</summary>
    sealed class Counted
    {
        readonly Lock _lock = new();
        Task<long>? _counting;
        long _bytes, _countedAt;
        TimeSpan _fresh;

        public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

        public async ValueTask<long> BytesAsync(Func<string, Task<long>> count, string folder, TimeProvider time, CancellationToken stop)
        {
            Task<long> counting;
            lock (_lock)
            {
                if (_counting is null && _countedAt != 0 && time.GetElapsedTime(_countedAt) < _fresh) return Interlocked.Read(ref _bytes);
                counting = _counting ??= RecountAsync(count, folder, time);
            }
            return await counting.WaitAsync(stop);
        }

        async Task<long> RecountAsync(Func<string, Task<long>> count, string folder, TimeProvider time)
        {
            var begun = time.GetTimestamp();
            var (before, counted) = (Interlocked.Read(ref _bytes), await count(folder));
            lock (_lock)
            {
                // What came meanwhile may be counted or not; it is there in any case.
                var bytes = Interlocked.Add(ref _bytes, counted - before);
                _countedAt = time.GetTimestamp();
                var least = time.GetElapsedTime(begun, _countedAt) * MaxShare;
                _fresh = least > MaxAge ? least : MaxAge;
                _counting = null;
                return bytes;
            }
        }
    }
}
