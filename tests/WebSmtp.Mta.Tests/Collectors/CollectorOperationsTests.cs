using System.Text;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Collectors;
using WebSmtp.Mta.SmartHosts;
using static WebSmtp.Mta.Tests.Collectors.CollectorBench;

namespace WebSmtp.Mta.Tests.Collectors;

public sealed class CollectorOperationsTests
{
    const int Deadline = 60_000;

    public static TheoryData<string, CollectorConfiguration> Wrong => new()
    {
        { "name", Wanted() with { Name = "" } },
        { "name", Wanted() with { Name = "a/b" } },
        { "name", Wanted() with { Name = " a" } },
        { "host", Wanted() with { Host = "two words" } },
        { "host", Wanted() with { Host = "" } },
        { "port", Wanted() with { Port = 0 } },
        { "port", Wanted() with { Port = 65536 } },
        { "certificateAuthority", Wanted() with { CertificateAuthority = "pem" } },
        { "certificateAuthority", Wanted() with { CertificateAuthority = "pem", Tls = HostTls.Verify } },
        { "username", Wanted() with { Password = "secret" } },
        { "username", Wanted() with { Username = "a\nb", Password = "secret" } },
        { "password", Wanted() with { Username = "a", Password = "a\r\nb" } },
        { "password", Wanted() with { Username = "a" } },
        { "domains", Wanted(CollectionMethod.Turn, "test.com") },
        { "domains", Wanted(CollectionMethod.Etrn) },
        { "domains[1]", Wanted(CollectionMethod.Atrn, "test.com", "@other.com") },
        { "domains[0]", Wanted(CollectionMethod.Etrn, "a b") },
        { "domains[0]", Wanted(CollectionMethod.Etrn, "#a b") },
        { "domains", Wanted(CollectionMethod.Atrn, [.. Enumerable.Range(0, 101).Select(i => $"d{i}.example")]) },
        { "method", Wanted(CollectionMethod.Operator) },
        { "every", Wanted() with { Every = TimeSpan.FromSeconds(59) } },
        { "every", Wanted() with { Every = TimeSpan.FromDays(31) } },
        { "every", Wanted() with { Every = TimeSpan.FromHours(1), Schedule = "* * * * *" } },
        { "schedule", Wanted() with { Schedule = "* * * *" } },
        { "schedule", Wanted() with { Schedule = "* * * * * *" } },
        { "schedule", Wanted() with { Schedule = "61 * * * *" } },
        { "schedule", Wanted() with { Schedule = "0 0 30 2 *" } },
        // The site's own endpoint.
        { "host", Wanted() with { Host = "127.0.0.1", Port = 2525 } },
        { "host", Wanted() with { Host = "self.example", Port = 2525 } },
        { "host", Wanted() with { Host = "localhost", Port = 2525 } },
    };

    [Theory(Timeout = Deadline, DisableDiscoveryEnumeration = true), MemberData(nameof(Wrong))]
    public async Task What_cannot_be_right_is_refused_by_field(string field, CollectorConfiguration wanted)
    {
        await using var bench = new CollectorBench();
        bench.Mail.Network.Mx("self.example", (10, "127.0.0.1"));
        var problem = (await bench.Operations.CreateAsync(1, wanted, Administrator, Stop)).Problem!;
        Assert.Equal(ProblemKind.Invalid, problem.Kind);
        Assert.Contains(field, problem.Errors.Keys);
        Assert.Empty(await bench.Store.ListAsync(Stop));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_password_is_kept_until_another_is_given_and_goes_with_its_name()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted() with { Username = "testserver", Password = "secret" });
        var collector = (await bench.Store.ListAsync(Stop))[0];
        Assert.Equal("secret", Encoding.UTF8.GetString(collector.Password!));

        async Task ChangeAsync(CollectorConfiguration wanted) =>
            Assert.Null((await bench.Operations.UpdateAsync(1, "provider", wanted, null, Administrator, Stop)).Problem);
        await ChangeAsync(Wanted() with { Username = "other" });
        Assert.Equal(("other", "secret"), (collector.Username, Encoding.UTF8.GetString(collector.Password!)));
        await ChangeAsync(Wanted() with { Username = "other", Password = "new" });
        Assert.Equal("new", Encoding.UTF8.GetString(collector.Password!));
        await ChangeAsync(Wanted());
        Assert.Null(collector.Password);
    }

    [Fact(Timeout = Deadline)]
    public async Task Who_may_what()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted());
        var (viewer, worker) = (new Actor("v", Role.Viewer, "local"), new Actor("o", Role.Operator, "local"));
        Assert.Equal(ProblemKind.Forbidden, (await bench.Operations.CreateAsync(1, Wanted(), worker, Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await bench.Operations.UpdateAsync(1, "provider", Wanted(), null, worker, Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await bench.Operations.DeleteAsync(1, "provider", null, worker, Stop))!.Kind);
        Assert.Equal(ProblemKind.Forbidden, (await bench.Operations.RunAsync(1, "provider", viewer, Stop)).Problem!.Kind);
        Assert.Null((await bench.Operations.RunAsync(1, "provider", worker, Stop)).Problem);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_not_there_or_there_already_or_stale_is_told()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted());
        Assert.Equal(ProblemKind.Conflict, (await bench.Operations.CreateAsync(1, Wanted() with { Name = "PROVIDER" }, Administrator, Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.NotFound, (await bench.Operations.CreateAsync(9, Wanted(), Administrator, Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.NotFound, (await bench.Operations.FindAsync(1, "nobody", Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.NotFound, (await bench.Operations.ListAsync(9, Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.NotFound, (await bench.Operations.RunAsync(1, "nobody", Administrator, Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Stale, (await bench.Operations.UpdateAsync(1, "provider", Wanted(), 7, Administrator, Stop)).Problem!.Kind);
        Assert.Equal(ProblemKind.Stale, (await bench.Operations.DeleteAsync(1, "provider", 7, Administrator, Stop))!.Kind);
        Assert.Contains("name", (await bench.Operations.UpdateAsync(1, "provider", Wanted() with { Name = "other" }, null, Administrator, Stop)).Problem!.Errors.Keys);
        Assert.Null(await bench.Operations.DeleteAsync(1, "provider", 1, Administrator, Stop));
        Assert.Empty((await bench.Operations.ListAsync(1, Stop)).Value!);
    }

    [Fact(Timeout = Deadline)]
    public async Task Runs_come_in_pages_newest_first()
    {
        await using var bench = new CollectorBench();
        await bench.AddAsync(Wanted());
        for (var i = 0; i < 3; i++) await bench.RunAsync();
        var first = (await bench.Operations.RunsAsync(1, "provider", null, 2, Stop)).Value!;
        Assert.Equal([3L, 2L], first.Items.Select(run => run.Id));
        Assert.Equal(3, first.Total);
        var second = (await bench.Operations.RunsAsync(1, "provider", first.NextCursor, 2, Stop)).Value!;
        Assert.Equal(1, Assert.Single(second.Items).Id);
        Assert.Null(second.NextCursor);
    }
}
