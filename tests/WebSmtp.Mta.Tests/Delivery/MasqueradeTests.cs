using System.Text;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Delivery;

public sealed class MasqueradeTests
{
    const int Deadline = 60_000;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<(MailBench Bench, SinkHost Host)> BeginAsync()
    {
        var bench = new MailBench(Stop);
        bench.Configure(site =>
        {
            site.Settings = """{ "masqueradeDomain": "shown.example" }""";
            site.Domains.Add(new() { SiteId = 1, Name = "alias.example", Kind = DomainKind.Alias });
            site.Domains.Add(new() { SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true });
            site.Domains.Add(new() { SiteId = 1, Name = "friend.example", Kind = DomainKind.Remote, AllowRelay = true, Overrides = """{ "masqueradeDomain": "" }""" });
        });
        var host = new SinkHost(bench.Time);
        foreach (var domain in (string[])["away.example", "friend.example"]) bench.Network.Mx(domain, (10, "198.51.100.7"));
        bench.Network.Listen("198.51.100.7:25", host);
        await bench.Scheduler.StartAsync(Stop);
        return (bench, host);
    }

    /// <summary>What the other host got.</summary>
    static async Task<TakenMessage> SendAsync(MailBench bench, SinkHost host, string from, string content, string to = "u@away.example")
    {
        await using (var talk = await bench.HelloAsync()) Assert.StartsWith("250", await talk.SendAsync(from, [to], content), StringComparison.Ordinal);
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(recipient => recipient.State is RecipientState.Delivered));
        return host.Taken[^1];
    }

    [Theory(Timeout = Deadline)]
    [InlineData("a@hub.example", "a@shown.example")]
    [InlineData("a@ALIAS.example", "a@shown.example")]
    [InlineData("a@elsewhere.example", "a@elsewhere.example")]
    public async Task Mail_that_leaves_shows_the_masquerade_domain_instead_of_own_ones(string from, string shown)
    {
        var (bench, host) = await BeginAsync();
        await using var _ = bench;
        const string rest = "To: other@hub.example\r\nMessage-ID: <1@hub.example>\r\n\r\nFrom: a@hub.example\r\nbody\r\n";
        var taken = await SendAsync(bench, host, from, $"Subject: x\r\nFrom: \"Ann\" <{from}>\r\n{rest}");
        Assert.Equal(shown, taken.From);
        Assert.Equal($"Subject: x\r\nFrom: \"Ann\" <{shown}>\r\n{rest}", taken.Original);
        // SIZE told the truth.
        Assert.Equal(taken.Content.Length, taken.Parameters.Size);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_domain_may_be_shown_the_real_one()
    {
        var (bench, host) = await BeginAsync();
        await using var _ = bench;
        var taken = await SendAsync(bench, host, "a@hub.example", "From: a@hub.example\r\n\r\n", "u@friend.example");
        Assert.Equal(("a@hub.example", "From: a@hub.example\r\n\r\n"), (taken.From, taken.Original));
    }

    [Fact(Timeout = Deadline)]
    public async Task Reports_are_left_alone()
    {
        var (bench, host) = await BeginAsync();
        await using var _ = bench;
        var taken = await SendAsync(bench, host, "", "From: postmaster@hub.example\r\n\r\n");
        Assert.Equal(("", "From: postmaster@hub.example\r\n\r\n"), (taken.From, taken.Original));
    }

    [Fact(Timeout = Deadline)]
    public async Task Signed_mail_is_left_alone_and_the_trace_says_so()
    {
        var (bench, host) = await BeginAsync();
        await using var _ = bench;
        const string content = "dkim-signature: v=1; d=hub.example;\r\n\tb=x\r\nFrom: a@hub.example\r\n\r\n";
        var taken = await SendAsync(bench, host, "a@hub.example", content);
        Assert.Equal(("a@hub.example", content), (taken.From, taken.Original));
        var trace = await bench.Queue.TraceAsync(new(bench.Queue.Messages[0].Id), Stop);
        Assert.Contains("DKIM", trace.Single(one => one.Event == "delivered").Detail, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task Local_mail_is_left_alone()
    {
        var (bench, _) = await BeginAsync();
        await using var __ = bench;
        await bench.ReceiveAsync("From: a@hub.example\r\n\r\n", "u@hub.example");
        await bench.WhenSettledAsync(() => bench.Queue["u@hub.example"].State is RecipientState.Delivered);
        var file = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(bench.Site.Folders.Drop)), Stop);
        Assert.EndsWith("\r\nFrom: a@hub.example\r\n\r\n", file, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_large_message_is_changed_in_one_place_only()
    {
        var (bench, host) = await BeginAsync();
        await using var _ = bench;
        var (before, after) = ("Subject: x\r\nX-Long: " + new string('x', 40_000) + "\r\n", string.Concat(Enumerable.Range(0, 20_000).Select(n => $"line {n}\r\n")));
        var taken = await SendAsync(bench, host, "a@hub.example", $"{before}From: a@hub.example\r\n\r\n{after}");
        Assert.Equal($"{before}From: a@shown.example\r\n\r\n{after}", taken.Original);
    }

    [Theory]
    [InlineData("From: a@own.example\r\n", "From: a@new.example\r\n")]
    [InlineData("From: <a@own.example>, \"B\" <b@OWN.example>,c@other.example\r\n", "From: <a@new.example>, \"B\" <b@new.example>,c@other.example\r\n")]
    [InlineData("From: \"x@own.example\" <a@own.example> (me@own.example (too))\r\n", "From: \"x@own.example\" <a@new.example> (me@own.example (too))\r\n")]
    [InlineData("From: \"quoted \\\" @own.example\"@own.example\r\n", "From: \"quoted \\\" @own.example\"@new.example\r\n")]
    [InlineData("From: =?utf-8?Q?x@own.example?= <a@own.example>\r\n", "From: =?utf-8?Q?x@own.example?= <a@new.example>\r\n")]
    [InlineData("From: A\r\n\t<a@own.example>\r\n", "From: A\r\n\t<a@new.example>\r\n")]
    [InlineData("From: a@sub.own.example\r\n", null)]
    [InlineData("From: a@own.example.com\r\n", null)]
    [InlineData("From: \"never ends @own.example\r\n", null)]
    [InlineData("From: (never (ends) @own.example\r\n", null)]
    [InlineData("From: =?never @own.example\\", "From: =?never @new.example\\")]
    [InlineData("From: a@\r\n", null)]
    public void Only_the_domains_of_addresses_are_replaced(string field, string? rewritten)
    {
        var bytes = Masquerade.Rewrite(Encoding.Latin1.GetBytes(field), name => name == "own.example", "new.example");
        Assert.Equal(rewritten, bytes is null ? null : Encoding.Latin1.GetString(bytes));
    }
}
