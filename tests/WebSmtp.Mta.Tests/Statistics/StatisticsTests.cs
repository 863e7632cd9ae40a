using Microsoft.Extensions.Logging.Abstractions;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Statistics;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Statistics;

/// <summary>What is counted, how it is written down, and what the charts are told.</summary>
public sealed class StatisticsTests : IAsyncDisposable
{
    const int Deadline = 60_000;

    readonly MailBench _bench = new(Stop);
    readonly FakeStatisticsStore _store = new();
    readonly StatisticsQueries _queries;
    readonly StatisticsUpkeep _upkeep;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public StatisticsTests()
    {
        _bench.Configure(site => site.Domains.Add(MailBench.Held("branch.example")));
        _queries = new(_bench.Traffic, _store, _bench.Sites, _bench.Time);
        _upkeep = new(
            _bench.Traffic, _bench.HeldMail, new(_bench.Events, _bench.Time, NullLogger<OverdueHosts>.Instance), _store, _bench.Time,
            NullLogger<StatisticsUpkeep>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _upkeep.Dispose();
        await _bench.DisposeAsync();
    }

    async Task<TrafficCount> TotalAsync() => (await _queries.TrafficAsync(null, TimeSpan.FromHours(1), null, Stop)).Value!.Total;

    [Fact(Timeout = Deadline)]
    public async Task What_was_counted_shows_at_once_and_stays_the_same_when_it_is_written_down()
    {
        _bench.Traffic.Accepted(1, 500);
        _bench.Traffic.Refused(1);
        Assert.Equal(new(1, 500, 1, 0, 0, 0), await TotalAsync());

        _bench.Time.Advance(TimeSpan.FromMinutes(3));
        _bench.Traffic.Accepted(2, 100);
        await _upkeep.MinuteAsync(Stop);

        Assert.Single(_store.Traffic);
        Assert.Equal(new(2, 600, 1, 0, 0, 0), await TotalAsync());
        var asked = _store.Asked;
        await TotalAsync();
        Assert.Equal(asked, _store.Asked);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_cannot_be_written_down_waits_and_an_end_writes_all()
    {
        _bench.Traffic.Accepted(1, 500);
        _bench.Time.Advance(TimeSpan.FromMinutes(3));
        _store.Trouble = new IOException("No.");
        await _upkeep.MinuteAsync(Stop);
        Assert.Equal(1, (await TotalAsync()).Accepted);
        _store.Trouble = null;

        _bench.Traffic.Accepted(1, 500);
        await _upkeep.StopAsync();

        Assert.Equal(2, _store.Traffic.Sum(sample => sample.Count.Accepted));
        Assert.Equal(2, (await TotalAsync()).Accepted);
    }

    [Fact(Timeout = Deadline)]
    public async Task Steps_follow_one_another_and_the_time_before_is_apart()
    {
        var now = Minutes.Of(_bench.Time.GetUtcNow());
        _store.Traffic.AddRange([new(1, now - 30, new(1, 0, 0, 0, 0, 0)), new(1, now - 70, new(4, 0, 0, 0, 0, 0)), new(1, now - 300, new(16, 0, 0, 0, 0, 0))]);

        var history = (await _queries.TrafficAsync(1, TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), Stop)).Value!;

        Assert.Equal(60, history.Items.Count);
        Assert.Equal((now - 59, now), (history.Items[0].Minute, history.Items[^1].Minute));
        Assert.Equal((1, 4), (history.Total.Accepted, history.Before.Accepted));
    }

    [Theory(Timeout = Deadline)]
    [InlineData("00:01:00", null, "range")]
    [InlineData("36.00:00:00", null, "range")]
    [InlineData("01:00:00", "00:00:30", "step")]
    [InlineData("30.00:00:00", "00:01:00", "step")]
    public async Task What_would_be_too_much_is_refused(string range, string? step, string field)
    {
        var answer = await _queries.TrafficAsync(null, TimeSpan.Parse(range, null), step is null ? null : TimeSpan.Parse(step, null), Stop);
        Assert.Equal((ProblemKind.Invalid, field), (answer.Problem!.Kind, Assert.Single(answer.Problem.Errors).Key));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_backlog_is_written_down_when_it_has_changed()
    {
        await _upkeep.MinuteAsync(Stop);
        await _upkeep.MinuteAsync(Stop);
        Assert.Single(_store.Backlog, sample => sample.Domain == "branch.example");
    }
}
