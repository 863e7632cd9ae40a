using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Reports;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Reports;

public sealed class BadmailTests
{
    const int Deadline = 60_000;
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<MailBench> BeginAsync()
    {
        var bench = new MailBench(Stop);
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true }));
        bench.Network.Fail("away.example", RouteFailure.NoSuchDomain, "away.example does not exist");
        await bench.Scheduler.StartAsync(Stop);
        return bench;
    }

    static async Task SendAsync(MailBench bench, string from, params string[] to)
    {
        await using var talk = await bench.HelloAsync();
        Assert.StartsWith("250", await talk.SendAsync(from, to, "Subject: lost\r\n\r\nbody\r\n"), StringComparison.Ordinal);
    }

    static string[] Names(MailBench bench) => [.. Directory.GetFiles(bench.Site.Folders.Badmail).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];

    [Fact(Timeout = Deadline)]
    public async Task Mail_without_a_sender_that_fails_is_in_badmail_with_the_reason_beside_it()
    {
        await using var bench = await BeginAsync();
        await SendAsync(bench, "", "u@away.example", "v@away.example");
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(one => one.State is RecipientState.Failed));
        var id = new MessageId(Assert.Single(bench.Queue.Messages).Id);
        Assert.Equal([$"{id}.bad", $"{id}.bdr"], Names(bench));
        var bad = await File.ReadAllTextAsync(Path.Combine(bench.Site.Folders.Badmail, $"{id}.bad"), Stop);
        Assert.StartsWith("x-sender: <>\r\nx-receiver: u@away.example\r\nx-receiver: v@away.example\r\nReceived: ", bad, StringComparison.Ordinal);
        Assert.EndsWith("\r\nSubject: lost\r\n\r\nbody\r\n", bad, StringComparison.Ordinal);
        var reason = await File.ReadAllTextAsync(Path.Combine(bench.Site.Folders.Badmail, $"{id}.bdr"), Stop);
        Assert.Contains("Reason:     550 5.1.2 away.example does not exist", reason, StringComparison.Ordinal);
        Assert.Contains(await bench.Queue.TraceAsync(id, Stop), one => one.Event is "failed" && one.Detail == $"Put into Badmail as {id}.bad.");
        Assert.Equal(0, bench.Queue.Contents);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_report_that_cannot_be_delivered_ends_there_as_well()
    {
        await using var bench = await BeginAsync();
        await SendAsync(bench, "nobody@nowhere.example", "u@away.example");
        await bench.WhenSettledAsync(() => bench.Queue.Recipients is { Count: 2 } all && all.All(one => one.State is RecipientState.Failed));
        var report = bench.Queue.Messages.Single(message => message.MailFrom == "");
        Assert.Equal([$"{new MessageId(report.Id)}.bad", $"{new MessageId(report.Id)}.bdr"], Names(bench));
    }

    [Fact(Timeout = Deadline)]
    public async Task While_badmail_cannot_be_written_nothing_is_given_up()
    {
        await using var bench = await BeginAsync();
        Directory.CreateDirectory(bench.Site.Folders.Root);
        await File.WriteAllTextAsync(bench.Site.Folders.Badmail, "a file where the folder should be", Stop);
        await SendAsync(bench, "", "u@away.example");
        await bench.WhenSettledAsync(() => bench.Queue["u@away.example"] is { State: RecipientState.Queued, Attempts: 1 });
        File.Delete(bench.Site.Folders.Badmail);
        bench.Time.Advance(TimeSpan.FromMinutes(15));
        await bench.WhenSettledAsync(() => bench.Queue["u@away.example"] is { State: RecipientState.Failed, Attempts: 2 });
        Assert.Equal(2, Names(bench).Length);
    }

    [Fact(Timeout = Deadline)]
    public async Task Who_looks_after_bad_mail_gets_a_copy_but_none_about_that_copy()
    {
        await using var bench = await BeginAsync();
        bench.Configure(site => site.Settings = """{"badmailCopy": "admin@hub.example"}""");
        await SendAsync(bench, "", "u@away.example");
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.Any(one => one is { Address: "admin@hub.example", State: RecipientState.Delivered }));
        var copy = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(bench.Site.Folders.Drop)), Stop);
        Assert.Contains("away.example does not exist", copy, StringComparison.Ordinal);
        Assert.Contains("Subject: lost\r\n\r\nbody\r\n", copy, StringComparison.Ordinal);

        bench.Configure(site => site.Settings = """{"badmailCopy": "admin@away.example"}""");
        await SendAsync(bench, "", "v@away.example");
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.Any(one => one is { Address: "admin@away.example", State: RecipientState.Failed }));
        Assert.Equal(4, bench.Queue.Messages.Count);
        Assert.Equal(6, Names(bench).Length);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_is_no_message_keeps_its_name_and_takes_no_others()
    {
        await using var bench = new MailBench(Stop);
        foreach (var content in new[] { "one", "two" })
            await Badmail.WriteAsync(bench.Site.Folders, "order 7", new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)), "It has no recipients.", Stop);
        Assert.Equal(["order 7-2.bad", "order 7-2.bdr", "order 7.bad", "order 7.bdr"], Names(bench));
        Assert.Equal("two", await File.ReadAllTextAsync(Path.Combine(bench.Site.Folders.Badmail, "order 7-2.bad"), Stop));
        Assert.Equal("It has no recipients.", await File.ReadAllTextAsync(Path.Combine(bench.Site.Folders.Badmail, "order 7.bdr"), Stop));
    }
}
