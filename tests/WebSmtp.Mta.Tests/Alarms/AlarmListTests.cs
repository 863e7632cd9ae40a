using Microsoft.Extensions.Logging.Abstractions;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Alarms;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Events;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Tests.Sites;

namespace WebSmtp.Mta.Tests.Alarms;

/// <summary>What an administrator is told to see to, and that it ends with its cause.</summary>
public sealed class AlarmListTests : IAsyncDisposable
{
    const int Deadline = 60_000;

    readonly MailBench _bench = new(Stop);
    readonly SiteBench _sites = new();
    readonly AlarmList _alarms;
    long _free = long.MaxValue;

    public AlarmListTests() => _alarms = new(
        _bench.Sites, _sites.Sites, _bench.HeldMail, _bench.Routes, new FreeSpace(_bench.Time, NullLogger<FreeSpace>.Instance, _ => _free),
        new(_bench.DataDirectory, []), _bench.Time);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _sites.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact(Timeout = Deadline)]
    public async Task A_host_that_stays_away_is_told_of_until_it_comes()
    {
        for (var visit = 0; visit < 5; visit++)
        {
            await ComeAsync();
            _bench.Time.Advance(TimeSpan.FromHours(1));
        }
        Assert.Empty(await _alarms.ListAsync(Stop));
        var due = _bench.Time.GetUtcNow().AddHours(1);
        _bench.Time.Advance(TimeSpan.FromMinutes(61));

        var alarm = Assert.Single(await _alarms.ListAsync(Stop));

        Assert.Equal((AlarmKind.HostOverdue, false, 1, "test.com", due), (alarm.Kind, alarm.Failed, alarm.SiteId, alarm.Subject, alarm.Since));
        Assert.StartsWith("The host of test.com is overdue: it usually comes every 60 minutes", alarm.What, StringComparison.Ordinal);
        Assert.NotEmpty(alarm.Advice);
        await ComeAsync();
        Assert.Empty(await _alarms.ListAsync(Stop));
    }

    [Fact(Timeout = Deadline)]
    public async Task That_a_host_is_overdue_and_that_it_came_is_published_once_each()
    {
        var overdue = new OverdueHosts(_bench.Events, _bench.Time, NullLogger<OverdueHosts>.Instance);
        var told = new List<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var second = new TaskCompletionSource();
        var reading = ReadAsync();
        for (var visit = 0; visit < 5; visit++)
        {
            await ComeAsync();
            await LookAsync();
            _bench.Time.Advance(TimeSpan.FromHours(1));
        }
        _bench.Time.Advance(TimeSpan.FromDays(1));
        await LookAsync();
        await LookAsync();
        await ComeAsync();
        await LookAsync();
        await LookAsync();
        await second.Task.WaitAsync(Stop);
        await stop.CancelAsync();
        await reading;
        Assert.Equal(["overdue test.com", "collectedAgain test.com"], told);

        async Task LookAsync() => overdue.Look(await _bench.HeldMail.ListAsync(null, Stop));

        async Task ReadAsync()
        {
            try
            {
                await foreach (var one in _bench.Events.ReadAsync(stop.Token))
                {
                    if (one is not QueueEvent queue) continue;
                    told.Add($"{queue.What} {queue.Domain}");
                    if (told.Count == 2) second.TrySetResult();
                }
            }
            catch (OperationCanceledException)
            {
                // All was told.
            }
        }
    }

    [Fact(Timeout = Deadline)]
    public void An_open_relay_is_told_of_while_it_is_one()
    {
        _bench.Configure(site => (site.Endpoints, site.Settings) = ([new("0.0.0.0", 2525)], """{ "relay": { "allowAddresses": ["0.0.0.0/0"] } }"""));
        var alarm = Assert.Single(_alarms.List([]));
        Assert.Equal((AlarmKind.OpenRelay, false, 1), (alarm.Kind, alarm.Failed, alarm.SiteId));
        Assert.Equal("Default is an open relay: anybody at 0.0.0.0/0 may send to anybody through it.", alarm.What);

        _bench.Configure(site => site.Settings = """{ "relay": { "allowAddresses": ["10.0.0.0/8"] } }""");
        Assert.Empty(_alarms.List([]));
    }

    [Fact(Timeout = Deadline)]
    public void Routes_in_trouble_are_told_of_with_refused_log_ins_first_and_a_number_for_many()
    {
        var until = _bench.Time.GetUtcNow().AddMinutes(5);
        _bench.Routes.Report(1, "far.example", RouteCondition.CoolingDown, "connection refused", until, 1);
        _bench.Routes.Report(null, "budget", RouteCondition.OverBudget, "30 messages a minute", until, 1);
        _bench.Routes.Report(null, "relay", RouteCondition.OnHold, "535 5.7.8 Not you", until, 1);
        Assert.Equal(
            ["RouteOnHold True relay is on hold: 535 5.7.8 Not you", "RouteTrouble False budget has had all that its limits allow: 30 messages a minute", "RouteTrouble False far.example cannot be reached: connection refused"],
            _alarms.List([]).Select(alarm => $"{alarm.Kind} {alarm.Failed} {alarm.What}"));

        for (var n = 0; n < 22; n++) _bench.Routes.Report(1, $"d{n}.example", RouteCondition.CoolingDown, "connection refused", until, 1);
        Assert.Contains(_alarms.List([]), alarm => alarm.What == "5 more routes have trouble.");
        for (var n = 0; n < 22; n++) _bench.Routes.Clear(1, $"d{n}.example", 1);
        _bench.Routes.Clear(1, "far.example", 1);
        _bench.Routes.Clear(null, "budget", 1);
        _bench.Routes.Clear(null, "relay", 1);
        Assert.Empty(_alarms.List([]));
    }

    [Fact]
    public void A_failed_site_and_a_full_disk_have_failed()
    {
        _bench.Configure(_ => { }, SiteState.Failed);
        _free = 1 << 20;

        var alarms = _alarms.List([]);

        Assert.Equal([AlarmKind.SiteFailed, AlarmKind.DiskLow, AlarmKind.DiskLow], alarms.Select(alarm => alarm.Kind));
        Assert.All(alarms, alarm => Assert.True(alarm.Failed));
        Assert.Equal([_bench.DataDirectory, _bench.Site.Folders.Root], alarms.Skip(1).Select(alarm => alarm.Subject));
    }

    [Theory]
    [InlineData(7, 10, null, "")]
    [InlineData(8, 10, false, "test.com holds 8 of at most 10 messages.")]
    [InlineData(10, 10, true, "test.com holds 10 of at most 10 messages.")]
    public void A_held_domain_that_is_nearly_full_is_told_of_and_a_full_one_has_failed(long messages, long limit, bool? failed, string what)
    {
        _bench.ConfigureRoute("test.com", route => route with { MaxMessages = limit });
        var domain = new HeldDomain(1, "Default", _bench.Site.FindDomain("test.com")!, messages, 100, null, null, [], null, new Dictionary<string, AccountVisits>());

        var alarm = _alarms.List([domain]).SingleOrDefault();

        Assert.Equal((failed, what), (alarm?.Failed, alarm?.What ?? ""));
    }

    Task ComeAsync() => _bench.Records.AddAsync(
        [new() { SiteId = 1, Domain = "test.com", Method = CollectionMethod.Turn, From = "192.0.2.1", StartedAt = _bench.Time.GetUtcNow(), EndedAt = _bench.Time.GetUtcNow() }], Stop);
}
