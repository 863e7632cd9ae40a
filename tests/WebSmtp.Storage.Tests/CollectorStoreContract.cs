using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Storage.Tests;

public abstract class CollectorStoreContract : StorageContract
{
    ICollectorStore Collectors => Database.Get<ICollectorStore>();

    async Task<int> NewSiteAsync(string name)
    {
        var site = new Site { Name = name, Mailroot = name };
        await Database.Get<ISiteStore>().AddAsync(site, Stop);
        return site.Id;
    }

    static Collector NewCollector(int siteId, string name) => new()
    {
        SiteId = siteId, Name = name, Enabled = false, Host = "hub.example", Port = 366, Tls = HostTls.Verify, CertificateAuthority = "pem",
        Method = CollectionMethod.Etrn, Username = "branch", Password = [1, 2, 3], Domains = ["test.com", "@other.com"], Schedule = "*/5 * * * *",
        Every = TimeSpan.FromMinutes(15),
    };

    CollectorRun NewRun(int siteId, int minutes, string collector = "Provider") =>
        new() { SiteId = siteId, Collector = collector, StartedAt = TestDatabase.Start.AddMinutes(minutes), By = "schedule" };

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_collector_is_kept_whole_and_its_name_is_taken_in_its_site_alone()
    {
        var (first, second) = (await NewSiteAsync("one"), await NewSiteAsync("two"));
        var collector = NewCollector(first, "Provider");
        Assert.True(await Collectors.AddAsync(collector, Stop));
        Assert.True(collector.Id > 0);
        Assert.False(await Collectors.AddAsync(NewCollector(first, "provider"), Stop));
        Assert.True(await Collectors.AddAsync(NewCollector(second, "provider"), Stop));
        Assert.True(await Collectors.AddAsync(NewCollector(first, "another"), Stop));

        var all = await Collectors.ListAsync(Stop);
        Assert.Equal([(first, "another"), (first, "Provider"), (second, "provider")], all.Select(one => (one.SiteId, one.Name)));
        Assert.Equivalent(collector, all[1], strict: true);
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_stale_collector_is_not_written_and_a_deleted_one_is_gone()
    {
        await Collectors.AddAsync(NewCollector(await NewSiteAsync("one"), "Provider"), Stop);
        var (mine, theirs) = ((await Collectors.ListAsync(Stop))[0], (await Collectors.ListAsync(Stop))[0]);
        (mine.Enabled, mine.Password, mine.Domains, mine.Schedule, mine.Every) = (true, null, [], null, null);
        Assert.True(await Collectors.UpdateAsync(mine, Stop));
        Assert.False(await Collectors.UpdateAsync(theirs, Stop));
        Assert.Equal(2, mine.Version);
        Assert.Equivalent(mine, Assert.Single(await Collectors.ListAsync(Stop)), strict: true);
        await Collectors.DeleteAsync(mine.Id, Stop);
        Assert.False(await Collectors.UpdateAsync(mine, Stop));
        Assert.Empty(await Collectors.ListAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task A_site_takes_its_collectors_with_it()
    {
        var site = await NewSiteAsync("one");
        await Collectors.AddAsync(NewCollector(site, "Provider"), Stop);
        await Database.Get<ISiteStore>().DeleteAsync(site, Stop);
        Assert.Empty(await Collectors.ListAsync(Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Runs_are_listed_newest_first_in_pages()
    {
        var runs = Enumerable.Range(0, 3).Select(minutes => NewRun(1, minutes)).ToList();
        foreach (var run in runs) await Collectors.AddRunAsync(run, Stop);
        await Collectors.AddRunAsync(NewRun(2, 9), Stop);
        await Collectors.AddRunAsync(NewRun(1, 9, "another"), Stop);
        var last = runs[2];
        (last.EndedAt, last.Result, last.End, last.Messages, last.Bytes) =
            (TestDatabase.Start.AddMinutes(5), CollectorResult.Collected, "2 messages collected.", 2, 5_000_000_000);
        await Collectors.UpdateRunAsync(last, Stop);

        var page = await Collectors.ListRunsAsync(1, "Provider", null, 2, Stop);
        Assert.Equal([last.Id, runs[1].Id], page.Select(run => run.Id));
        Assert.Equivalent(last, page[0], strict: true);
        Assert.Equal([runs[0].Id], (await Collectors.ListRunsAsync(1, "Provider", runs[1].Id, 2, Stop)).Select(run => run.Id));
        Assert.Equal(3, await Collectors.CountRunsAsync(1, "Provider", Stop));
    }

    [Fact(Timeout = DeadlineMilliseconds)]
    public async Task Runs_that_were_cut_off_are_closed_and_old_ones_are_purged()
    {
        await Collectors.AddRunAsync(NewRun(1, 0), Stop);
        await Collectors.PurgeAsync(TestDatabase.Start.AddDays(9), Stop);
        await Collectors.CloseInterruptedAsync(TestDatabase.Start.AddMinutes(5), Stop);
        var closed = Assert.Single(await Collectors.ListRunsAsync(1, "Provider", null, 9, Stop));
        Assert.Equal((TestDatabase.Start.AddMinutes(5), CollectorResult.Failed), (closed.EndedAt, closed.Result));
        Assert.NotNull(closed.End);

        await Collectors.CloseInterruptedAsync(TestDatabase.Start.AddMinutes(7), Stop);
        await Collectors.PurgeAsync(TestDatabase.Start.AddMinutes(5), Stop);
        Assert.Equal(1, await Collectors.CountRunsAsync(1, "Provider", Stop));
        await Collectors.PurgeAsync(TestDatabase.Start.AddMinutes(6), Stop);
        Assert.Equal(0, await Collectors.CountRunsAsync(1, "Provider", Stop));
    }
}
