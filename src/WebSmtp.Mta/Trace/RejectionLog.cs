using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Statistics;

namespace WebSmtp.Mta.Trace;

/// <summary>
/// Writes down what sites refuse, behind the sessions' backs: it never makes one wait. Under a flood it writes down the
/// first of each minute, of each client fewer than of all, and then once how many more there were. Thread-safe.
/// </summary>
public sealed class RejectionLog(ITraceStore store, MessageIds ids, Traffic traffic, TimeProvider time, ILogger<RejectionLog> log) : IDisposable
{
    /// <summary>In a minute, of a site, and of one of its clients.</summary>
    internal const int MostOfSite = 600, MostOfClient = 60;
    const int MostClients = 10_000, MostWaiting = 2000, MostTogether = 200, MaxText = 500;

    /// <summary>Stage of the one that stands for all that were left out.</summary>
    public const string Many = "MANY";

    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    readonly Channel<Rejection> _waiting = Channel.CreateBounded<Rejection>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    readonly Lock _lock = new();
    readonly Dictionary<int, Count> _sites = [];
    readonly Dictionary<(int, string), int> _clients = [];
    ITimer? _minutes;
    Task _running = Task.CompletedTask;

    public void Start()
    {
        _running = RunAsync();
        _minutes = time.CreateTimer(_ => EndMinute(), null, Minute, Minute);
    }

    /// <summary>Writes what waits.</summary>
    public async Task StopAsync()
    {
        EndMinute();
        _waiting.Writer.TryComplete();
        await _running;
    }

    public void Dispose() => _minutes?.Dispose();

    /// <summary>Takes a refusal of a site, if that wants it; number, site and time are filled in. Never waits.</summary>
    public void Record(SiteSnapshot site, Rejection rejection)
    {
        traffic.Refused(site.Id);
        if (!site.Settings.Get(SettingsTable.TraceRejections)) return;
        (rejection.Id, rejection.SiteId, rejection.At) = (ids.Next().Value, site.Id, time.GetUtcNow());
        (rejection.Reply, rejection.MailFrom, rejection.Recipient) = (Cut(rejection.Reply)!, Cut(rejection.MailFrom), Cut(rejection.Recipient));
        lock (_lock)
        {
            var count = _sites.GetValueOrDefault(site.Id);
            var key = (site.Id, rejection.ClientAddress);
            var ofClient = _clients.GetValueOrDefault(key) + 1;
            var many = count.Written >= MostOfSite || ofClient > MostOfClient || _clients.Count >= MostClients;
            if (many || !_waiting.Writer.TryWrite(rejection))
            {
                _sites[site.Id] = count with { LeftOut = count.LeftOut + 1, Last = rejection.ClientAddress };
                return;
            }
            _sites[site.Id] = count with { Written = count.Written + 1 };
            _clients[key] = ofClient;
        }
    }

    /// <summary>Says of each site how many were left out, and counts anew.</summary>
    internal void EndMinute()
    {
        lock (_lock)
        {
            foreach (var (siteId, count) in _sites.Where(pair => pair.Value.LeftOut > 0).ToList())
            {
                var said = _waiting.Writer.TryWrite(new()
                {
                    Id = ids.Next().Value, SiteId = siteId, At = time.GetUtcNow(), ClientAddress = count.Last!, Stage = Many,
                    Reply = string.Create(CultureInfo.InvariantCulture, $"{count.LeftOut} more refusals within a minute were not written down; the last was for {count.Last}"),
                });
                // No room even for that: the next minute says it.
                _sites[siteId] = said ? default : count with { Written = 0 };
            }
            foreach (var (siteId, _) in _sites.Where(pair => pair.Value.LeftOut == 0).ToList()) _sites.Remove(siteId);
            _clients.Clear();
        }
    }

    async Task RunAsync()
    {
        var some = new List<Rejection>(MostTogether);
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (some.Count < MostTogether && _waiting.Reader.TryRead(out var rejection)) some.Add(rejection);
            try
            {
                await store.AddRejectionsAsync(some);
            }
            catch (Exception e)
            {
                Log.RejectionsLost(log, e, some.Count);
            }
            some.Clear();
        }
    }

    static string? Cut(string? text) => text?.Length > MaxText ? text[..MaxText] : text;

    readonly record struct Count(int Written, long LeftOut, string? Last);
}
