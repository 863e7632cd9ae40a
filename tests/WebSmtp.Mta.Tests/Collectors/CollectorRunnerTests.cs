using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using static WebSmtp.Mta.Tests.Collectors.CollectorBench;

namespace WebSmtp.Mta.Tests.Collectors;

/// <summary>When collectors run. It is 03:04:05 on a Friday when a bench begins.</summary>
public sealed class CollectorRunnerTests
{
    const int Deadline = 60_000;

    [Fact(Timeout = Deadline)]
    public async Task What_runs_at_intervals_runs_at_once_and_then_after_each_interval()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted() with { Every = TimeSpan.FromMinutes(15) });
        var start = bench.Mail.Time.GetUtcNow();
        await PassAsync(bench, TimeSpan.Zero);
        for (var minutes = 0; minutes < 30; minutes++) await PassAsync(bench, TimeSpan.FromMinutes(1));
        Assert.Equal([0, 15, 30], bench.Store.Runs.Select(run => (run.StartedAt - start).TotalMinutes));
        Assert.All(bench.Store.Runs, run => Assert.Equal("schedule", run.By));
        var view = (await bench.Operations.FindAsync(1, "PROVIDER", Stop)).Value!;
        Assert.Equal((start.AddMinutes(45), 3L), (view.NextRun!.Value, view.LastRun!.Id));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_cron_expression_is_followed_in_utc()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted() with { Schedule = "*/20 3-4 * * 5" });
        await PassAsync(bench, TimeSpan.Zero);
        var day = bench.Mail.Time.GetUtcNow().Date;
        Assert.Equal(day.AddHours(3).AddMinutes(20), (await bench.Operations.FindAsync(1, "provider", Stop)).Value!.NextRun!.Value.UtcDateTime);
        for (var minutes = 0; minutes < 180; minutes++) await PassAsync(bench, TimeSpan.FromMinutes(1));
        Assert.Equal(["03:20", "03:40", "04:00", "04:20", "04:40"], bench.Store.Runs.Select(run => run.StartedAt.ToString("HH:mm", null)));
        Assert.Equal(day.AddDays(7).AddHours(3), (await bench.Operations.FindAsync(1, "provider", Stop)).Value!.NextRun!.Value.UtcDateTime);
    }

    [Fact(Timeout = Deadline)]
    public async Task Only_one_run_of_a_collector_is_on_its_way()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted() with { Every = TimeSpan.FromMinutes(1) });
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = bench.ListenAsync("SIZE", async talk =>
        {
            Assert.Equal("ATRN", await talk.LineAsync());
            asked.TrySetResult();
            await go.Task;
            await talk.SayAsync("453 none\r\n");
            await QuitAsync(talk);
        });
        await bench.Runner.LookAsync(Stop);
        await asked.Task;
        Assert.Equal(ProblemKind.Conflict, (await bench.Operations.RunAsync(1, "provider", Administrator, Stop)).Problem!.Kind);
        bench.Mail.Time.Advance(TimeSpan.FromMinutes(3));
        await bench.Runner.LookAsync(Stop);
        Assert.Single(bench.Store.Runs);
        go.SetResult();
        await bench.Runner.EndedAsync();
        // The interval is over long since.
        await bench.Runner.LookAsync(Stop);
        Assert.Equal(2, bench.Store.Runs.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_disabled_or_on_demand_or_belongs_to_a_stopped_site_does_not_run_by_itself()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted() with { Name = "off", Enabled = false, Every = TimeSpan.FromMinutes(1) });
        await bench.AddAsync(Wanted() with { Name = "on demand" });
        for (var i = 0; i < 5; i++) await PassAsync(bench, TimeSpan.FromHours(1));
        Assert.Empty(bench.Store.Runs);

        // On demand it runs though its schedule is off.
        Assert.Equal(CollectorResult.Failed, (await bench.RunAsync("off")).Result);

        bench.Mail.Sites.Replace(new Dictionary<int, SiteView> { [1] = new(bench.Mail.Site, SiteState.Stopped, null, []) });
        await bench.AddAsync(Wanted() with { Name = "due", Every = TimeSpan.FromMinutes(1) });
        await PassAsync(bench, TimeSpan.FromMinutes(5));
        Assert.Single(bench.Store.Runs);
        Assert.Equal(ProblemKind.Conflict, (await bench.Operations.RunAsync(1, "due", Administrator, Stop)).Problem!.Kind);

        bench.Mail.Sites.Replace(new Dictionary<int, SiteView> { [1] = new(bench.Mail.Site, SiteState.Running, null, []) });
        await PassAsync(bench, TimeSpan.FromMinutes(1));
        Assert.Equal(["off", "due"], bench.Store.Runs.Select(run => run.Collector));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_changed_schedule_holds_at_once_and_trouble_of_the_database_is_outlived()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted() with { Schedule = "0 0 1 1 *" });
        await bench.Runner.StartAsync(Stop);
        bench.Store.Trouble = new InvalidOperationException("no database");
        bench.Runner.Wake();
        await bench.Store.Troubled.Task;
        bench.Store.Trouble = null;
        Assert.Null((await bench.Operations.UpdateAsync(1, "provider", Wanted() with { Every = TimeSpan.FromHours(1) }, null, Administrator, Stop)).Problem);
        await bench.Store.WhenEndedAsync(1);
        Assert.Equal("schedule", bench.Store.Runs[0].By);

        // From now on it is the clock that wakes it.
        while (bench.Store.Runs.Count < 3)
        {
            bench.Mail.Time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }
    }

    [Fact(Timeout = Deadline)]
    public async Task A_start_closes_what_was_cut_off_and_old_runs_are_forgotten_with_the_history()
    {
        await using var bench = new CollectorBench();
        await bench.Store.AddRunAsync(new() { SiteId = 1, Collector = "provider", StartedAt = bench.Mail.Time.GetUtcNow(), By = "schedule" }, Stop);
        await bench.Runner.StartAsync(Stop);
        Assert.Equal(CollectorResult.Failed, Assert.Single(bench.Store.Runs).Result);
        var kept = bench.Mail.Site.Settings.Get(SettingsTable.HistoryFor);
        await bench.Runner.StopAsync(TimeSpan.Zero);
        await PassAsync(bench, kept - TimeSpan.FromHours(2));
        Assert.Single(bench.Store.Runs);
        await PassAsync(bench, TimeSpan.FromHours(3));
        Assert.Empty(bench.Store.Runs);
    }

    [Fact(Timeout = Deadline)]
    public async Task Stopping_ends_what_still_asks_and_records_it()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted());
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = bench.ListenAsync("SIZE", async talk =>
        {
            await talk.LineAsync();
            asked.SetResult();
            await talk.LineAsync();
        });
        var started = (await bench.Operations.RunAsync(1, "provider", Administrator, Stop)).Value!;
        await asked.Task;
        await bench.Runner.StopAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((CollectorResult.Failed, "The server was stopped."), (started.Result, started.End));
        Assert.Equal(ProblemKind.Conflict, (await bench.Operations.RunAsync(1, "provider", Administrator, Stop)).Problem!.Kind);
    }

    /// <summary>Moves the clock, and lets what is due run to its end.</summary>
    static async Task PassAsync(CollectorBench bench, TimeSpan time)
    {
        bench.Mail.Time.Advance(time);
        await bench.Runner.LookAsync(Stop);
        await bench.Runner.EndedAsync();
    }
}
