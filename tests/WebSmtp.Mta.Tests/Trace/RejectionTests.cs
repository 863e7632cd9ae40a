using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Trace;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Tests.Trace;

/// <summary>"They say they sent it": each refusal is written down, and floods are not.</summary>
public sealed class RejectionTests
{
    const int Deadline = 60_000;
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<IReadOnlyList<Rejection>> WrittenAsync(MailBench bench)
    {
        await bench.Rejections.StopAsync();
        return bench.Trace.Rejections;
    }

    static MailBench Begin()
    {
        var bench = new MailBench(Stop);
        bench.Rejections.Start();
        return bench;
    }

    [Fact(Timeout = Deadline)]
    public async Task Refused_senders_recipients_and_log_ins_are_written_down_with_who_it_was()
    {
        await using var bench = Begin();
        bench.Options = bench.Options with { MaxMessageSize = 1000 };
        await using (var talk = await bench.HelloAsync())
        {
            await MailBench.LogInAsync(talk, "stranger", "wrong", "535");
            await talk.AskAsync("MAIL FROM:<big@sender.example> SIZE=2000", "552");
            await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
            await talk.AskAsync("RCPT TO:<Bob@elsewhere.example>", "550");
            await talk.AskAsync("RCPT TO:<u@test.com>", "250");
        }

        var written = await WrittenAsync(bench);
        Assert.Equal(["AUTH", "MAIL", "RCPT"], written.Select(one => one.Stage));
        Assert.All(written, one => Assert.Equal((1, "192.0.2.99", "client.example", bench.Time.GetUtcNow()), (one.SiteId, one.ClientAddress, one.HeloName, one.At)));
        Assert.Equal(("stranger", "535 5.7.8 Authentication credentials invalid"), (written[0].Account, written[0].Reply));
        Assert.Equal(("big@sender.example", (string?)null), (written[1].MailFrom, written[1].Recipient));
        Assert.Equal(("a@sender.example", "Bob@elsewhere.example"), (written[2].MailFrom, written[2].Recipient));
        Assert.StartsWith("550 5.7.1 Unable to relay", written[2].Reply, StringComparison.Ordinal);
        Assert.True(written[0].Id < written[1].Id && written[1].Id < written[2].Id);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_refused_message_is_written_down_for_each_recipient_with_its_Message_ID()
    {
        await using var bench = Begin();
        await using (var talk = await bench.HelloAsync())
        {
            var hops = string.Concat(Enumerable.Repeat("Received: x\r\n", 101));
            Assert.StartsWith("554 5.4.6", await talk.SendAsync("a@sender.example", ["u@test.com", "v@test.com"], $"Message-ID: <1@away.example>\r\n{hops}\r\nx\r\n"), StringComparison.Ordinal);
        }

        var written = await WrittenAsync(bench);
        Assert.Equal(
            [("DATA", "a@sender.example", "u@test.com", "<1@away.example>"), ("DATA", "a@sender.example", "v@test.com", "<1@away.example>")],
            written.Select(one => (one.Stage, one.MailFrom!, one.Recipient!, one.HeaderMessageId!)));
    }

    [Fact(Timeout = Deadline)]
    public async Task Errors_of_form_are_no_refusals_until_the_session_ends_with_them()
    {
        await using var bench = Begin();
        bench.Options = bench.Options with { MaxErrors = 4 };
        await using (var talk = await bench.HelloAsync())
        {
            await talk.AskAsync("RCPT TO:<u@test.com>", "503");
            await talk.AskAsync("MAIL FROM:nonsense", "501");
            await talk.AskAsync("WHAT", "500");
            await talk.AskAsync("WHAT", "500");
            Assert.StartsWith("421 4.7.0 Too many errors", await talk.ReplyAsync(), StringComparison.Ordinal);
        }
        await using (var talk = await bench.HelloAsync()) await talk.AskAsync("QUIT", "221");

        var one = Assert.Single(await WrittenAsync(bench));
        Assert.Equal(("UNKNOWN", "421 4.7.0 Too many errors"), (one.Stage, one.Reply));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_client_that_may_not_connect_is_written_down_unless_the_site_wants_none()
    {
        await using var bench = Begin();
        bench.Configure(site => site.Settings = """{ "denyAddresses": ["192.0.2.99"] }""");
        await (await bench.ConnectAsync()).DisposeAsync();
        bench.Configure(site => site.Settings = """{ "denyAddresses": ["192.0.2.99"], "traceRejections": false }""");
        await (await bench.ConnectAsync()).DisposeAsync();

        var one = Assert.Single(await WrittenAsync(bench));
        Assert.Equal(("CONNECT", "554 5.7.1 You may not connect to this server", null), (one.Stage, one.Reply, one.HeloName));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_flood_is_summed_up_and_does_not_hide_others()
    {
        await using var bench = Begin();
        Record(bench, "192.0.2.1", 5000);
        Record(bench, "192.0.2.2", 1);
        bench.Time.Advance(TimeSpan.FromMinutes(1));
        Record(bench, "192.0.2.1", 1);

        var written = await WrittenAsync(bench);
        Assert.Equal(RejectionLog.MostOfClient + 1, written.Count(one => one.ClientAddress == "192.0.2.1" && one.Stage == "RCPT"));
        Assert.Single(written, one => one.ClientAddress == "192.0.2.2");
        var summary = Assert.Single(written, one => one.Stage == RejectionLog.Many);
        Assert.StartsWith($"{5000 - RejectionLog.MostOfClient} more refusals", summary.Reply, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_store_that_hangs_holds_up_nobody()
    {
        await using var bench = Begin();
        var stuck = new TaskCompletionSource();
        bench.Trace.Until = stuck.Task;
        for (var client = 0; client < 300; client++) Record(bench, $"198.51.100.{client}", 20);
        stuck.SetResult();

        var written = await WrittenAsync(bench);
        Assert.Equal(RejectionLog.MostOfSite, written.Count(one => one.Stage == "RCPT"));
        Assert.StartsWith($"{6000 - RejectionLog.MostOfSite} more", Assert.Single(written, one => one.Stage == RejectionLog.Many).Reply, StringComparison.Ordinal);
        Assert.True(bench.Trace.Writes < 10);
    }

    static void Record(MailBench bench, string client, int count)
    {
        for (var i = 0; i < count; i++) bench.Rejections.Record(bench.Site, new() { ClientAddress = client, Stage = "RCPT", Reply = new Reply(550, 5, 7, 1, "No").ToString() });
    }
}
