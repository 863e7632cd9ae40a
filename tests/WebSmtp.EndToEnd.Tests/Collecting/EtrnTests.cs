using System.Net;
using System.Net.Http;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Collecting;

/// <summary>ETRN: the mail goes out over new connections to the hosts that DNS names. RFC 1985, RFC 5321 section 5.1.</summary>
public sealed class EtrnTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_host_with_the_lowest_preference_gets_the_mail()
    {
        var port = FreePorts.Next();
        await using var best = new RecordingSink(new() { Name = "best" }, IPAddress.Parse("127.0.0.12"), port);
        await using var second = new RecordingSink(new() { Name = "second" }, IPAddress.Parse("127.0.0.11"), port);
        await using var site = await server.NewSiteAsync($$"""{ "outboundPort": {{port}} }""");
        var domain = Hosts(("127.0.0.11", 20), ("127.0.0.12", 10));
        await site.HoldAsync(domain);
        await site.SendAsync($"user@{domain}", SampleMail.All.Values);
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();

        await talk.PlayAsync($"""
            C: ETRN {domain}
            S: 253 *{SampleMail.All.Count}*
            """);
        await talk.QuitAsync();

        var received = await best.Host.WaitForAsync(SampleMail.All.Count, Stop);
        foreach (var (name, sent) in SampleMail.All)
            Assert.True(received.Any(mail => mail.BelowReceived.AsSpan().SequenceEqual(sent)), $"'{name}' did not come as it was sent.");
        Assert.Equal(0, second.Connections);
        await Eventually.EqualAsync(0, () => site.HeldAsync(domain));
        await using var again = await site.ConnectAsync();
        await again.GreetAsync();
        await Eventually.TrueAsync(async () =>
        {
            await again.SayAsync($"ETRN {domain}");
            return (await again.HearAsync())[^1].StartsWith("251 ", StringComparison.Ordinal);
        });
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task When_the_first_host_is_down_the_next_one_gets_it()
    {
        var port = FreePorts.Next();
        await using var busy = new RecordingSink(new() { ReplyTo = command => command.StartsWith("EHLO", StringComparison.Ordinal) ? "421 4.3.2 Not now" : null }, IPAddress.Parse("127.0.0.22"), port);
        await using var third = new RecordingSink(address: IPAddress.Parse("127.0.0.23"), port: port);
        await using var site = await server.NewSiteAsync($$"""{ "outboundPort": {{port}} }""");
        var domain = Hosts(("127.0.0.23", 30), ("127.0.0.21", 10), ("127.0.0.22", 20));
        await site.HoldAsync(domain);
        await site.SendAsync($"user@{domain}", SampleMail.Plain("one"));

        await AskAsync(site, domain, "253 *");

        await third.Host.WaitForAsync(1, Stop);
        Assert.Equal(1, busy.Connections);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("the name itself has an address")]
    [InlineData("the mail host is an alias")]
    [InlineData("the answer only fits into TCP")]
    public async Task Other_ways_to_a_host_work_too(string way)
    {
        await using var sink = new RecordingSink(address: IPAddress.Parse("127.0.0.31"));
        await using var site = await server.NewSiteAsync($$"""{ "outboundPort": {{sink.Port}} }""");
        var domain = $"{TestSite.Unique("etrn")}.example";
        if (way == "the name itself has an address") server.Dns.Address(domain, "127.0.0.31");
        else server.Dns.Mx(domain, 10, $"mx.{domain}");
        if (way == "the mail host is an alias") server.Dns.Cname($"mx.{domain}", $"real.{domain}").Address($"real.{domain}", "127.0.0.31");
        if (way == "the answer only fits into TCP") server.Dns.Truncate(domain).Address($"mx.{domain}", "127.0.0.31");
        await site.HoldAsync(domain);
        await site.SendAsync($"user@{domain}", SampleMail.Plain("one"));

        await AskAsync(site, domain, "253 *");

        await sink.Host.WaitForAsync(1, Stop);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("no such name")]
    [InlineData("server failure")]
    [InlineData("DNS does not answer")]
    [InlineData("nobody listens")]
    [InlineData("takes no mail")]
    public async Task What_cannot_be_delivered_stays_held(string trouble)
    {
        await using var site = await server.NewSiteAsync($$"""{ "outboundPort": {{FreePorts.Next()}} }""");
        var domain = $"{TestSite.Unique("etrn")}.example";
        if (trouble == "server failure") server.Dns.Fail(domain);
        if (trouble == "DNS does not answer") server.Dns.BeSilent(domain);
        if (trouble == "nobody listens") server.Dns.Address(domain, "127.0.0.41");
        if (trouble == "takes no mail") server.Dns.Mx(domain, 0, ".");
        await site.HoldAsync(domain);
        await site.SendAsync($"user@{domain}", SampleMail.Plain("one"));

        await AskAsync(site, domain, "253 *");

        // Over when it can be asked for again. DNS is asked several times, for some seconds each.
        await Eventually.TrueAsync(
            async () => (await site.Api.GetAsync($"{site.Path}/domains/{domain}"))["held"]!["lastCollected"] is not null, TimeSpan.FromSeconds(60));
        Assert.Equal(1, await site.HeldAsync(domain));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_server_does_not_deliver_to_itself()
    {
        await using var other = await server.NewSiteAsync();
        await using var site = await server.NewSiteAsync($$"""{ "outboundPort": {{other.Port}} }""");
        var domain = Hosts(("127.0.0.1", 10));
        await site.HoldAsync(domain);
        await other.HoldAsync(domain);
        await site.SendAsync($"user@{domain}", SampleMail.Plain("one"));

        await AskAsync(site, domain, "253 *");

        await Eventually.TrueAsync(async () => (await site.Api.GetAsync($"{site.Path}/domains/{domain}"))["held"]!["lastCollected"] is not null);
        Assert.Equal((1, 0), (await site.HeldAsync(domain), await other.HeldAsync(domain)));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_fixed_host_is_used_instead_of_dns()
    {
        await using var sink = new RecordingSink();
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("fixed.example", route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
        await site.SendAsync("user@fixed.example", SampleMail.Plain("one"));
        await AskAsync(site, "fixed.example", "253 *");
        await sink.Host.WaitForAsync(1, Stop);
        Assert.DoesNotContain(server.Dns.Queries, query => query.Name.Contains("fixed.example", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_at_sign_asks_for_the_domain_and_all_below_it()
    {
        await using var sink = new RecordingSink();
        await using var site = await server.NewSiteAsync();
        var to = $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""";
        string[] domains = ["top.example", "*.top.example", "special.top.example", "stop.example"];
        foreach (var domain in domains) await site.HoldAsync(domain, route: to);
        string[] hosts = ["top.example", "any.top.example", "special.top.example", "stop.example"];
        foreach (var host in hosts) await site.SendAsync($"user@{host}", SampleMail.Plain(host));

        await AskAsync(site, "@top.example", "253 *3*");

        var received = await sink.Host.WaitForAsync(3, Stop);
        Assert.Equal(["any.top.example", "special.top.example", "top.example"], received.Select(mail => mail.Subject).Order(StringComparer.Ordinal));
        Assert.Equal(1, await site.HeldAsync("stop.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_number_sign_asks_for_a_set_that_was_given_a_name()
    {
        await using var sink = new RecordingSink();
        await using var site = await server.NewSiteAsync();
        foreach (var domain in (string[])["one.example", "two.example", "three.example"])
        {
            await site.HoldAsync(domain, route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
            await site.SendAsync($"user@{domain}", SampleMail.Plain(domain));
        }
        await site.Api.PutAsync($"{site.Path}/etrn-names/evening", """{ "domains": [ "one.example", "three.example" ] }""");

        await AskAsync(site, "#nothing", "458 *");
        await AskAsync(site, "#evening", "253 *2*");

        var received = await sink.Host.WaitForAsync(2, Stop);
        Assert.Equal(["one.example", "three.example"], received.Select(mail => mail.Subject).Order(StringComparer.Ordinal));
        Assert.Equal(1, await site.HeldAsync("two.example"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_flood_of_requests_starts_one_run()
    {
        const int messages = 3, requests = 60;
        var asked = new TaskCompletionSource();
        await using var sink = new RecordingSink(new()
        {
            ReplyToContent = async _ =>
            {
                await asked.Task.WaitAsync(Stop);
                return "250 2.0.0 Taken";
            },
        });
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("flood.example", route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
        await site.SendAsync("user@flood.example", Enumerable.Range(1, messages).Select(number => SampleMail.Plain($"number {number}")));
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();

        await talk.SayRawAsync(SampleMail.Text(string.Concat(Enumerable.Repeat("ETRN flood.example\r\n", requests))));
        var replies = new List<string>();
        while (replies.Count < requests) replies.Add((await talk.HearAsync())[^1]);
        asked.SetResult();

        Assert.StartsWith("253 ", replies[0], StringComparison.Ordinal);
        Assert.All(replies.Skip(1), reply => Assert.Matches("^25[02] ", reply));
        await Eventually.EqualAsync(0, () => site.HeldAsync("flood.example"));
        Assert.Equal(messages, sink.Host.Received.Count);
        Assert.Equal(1, sink.Connections);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_binary_message_goes_on_as_it_is_only_to_a_host_that_takes_it(bool taken)
    {
        await using var sink = new RecordingSink(new() { Keywords = taken ? ["PIPELINING", "8BITMIME", "CHUNKING", "BINARYMIME"] : ["PIPELINING", "8BITMIME"] });
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example", route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
        // A bare LF, a NUL and no line ending behind the last octet: what only BDAT can carry.
        byte[] part = [0, 1, (byte)'\n', 255, (byte)'\r', 7];
        byte[] binary = [.. "Subject: binary\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"u8, .. part];
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.PlayAsync($"""
                C: MAIL FROM:<sender@away.example> BODY=BINARYMIME
                S: 250 *
                C: RCPT TO:<user@held.example>
                S: 250 *
                C: BDAT {binary.Length} LAST
                """);
            await talk.SayRawAsync(binary);
            await talk.ExpectAsync("250 2.6.0 *");
        }

        await AskAsync(site, "held.example", "253 *");

        var mail = (await sink.Host.WaitForAsync(1, Stop)).Single();
        if (taken)
        {
            Assert.Contains("BODY=BINARYMIME", mail.From, StringComparison.Ordinal);
            mail.AssertSameAs(binary, "binary");
            return;
        }
        Assert.DoesNotContain("BINARYMIME", mail.From, StringComparison.Ordinal);
        var came = await MimeKit.MimeMessage.LoadAsync(new MemoryStream(mail.BelowReceived), Stop);
        var content = new MemoryStream();
        await ((MimeKit.MimePart)came.Body!).Content!.DecodeToAsync(content, Stop);
        Assert.Equal(part, content.ToArray());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Each_refusal_has_its_reply()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("turn-only.example", await site.AddAccountAsync(), """{ "etrn": false }""");
        await site.HoldAsync("held.example");
        await using var talk = await site.ConnectAsync();
        Assert.Contains("ETRN", await talk.GreetAsync());
        await talk.PlayAsync("""
            C: ETRN
            S: 501 *
            C: ETRN not..a.domain
            S: 501 *
            C: ETRN turn-only.example
            S: 459 *
            C: ETRN elsewhere.example
            S: 45* *
            C: ETRN hub.example
            S: 459 *
            C: ETRN held.example
            S: 251 *
            C: MAIL FROM:<sender@away.example>
            S: 250 *
            C: ETRN held.example
            S: 503 *
            """);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_site_may_want_a_log_in_first()
    {
        await using var site = await server.NewSiteAsync("""{ "etrnRequiresAuth": true }""");
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example");
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.PlayAsync("""
            C: ETRN held.example
            S: 530 *
            """);
        await talk.LogInAsync(account);
        await talk.PlayAsync("""
            C: ETRN held.example
            S: 251 *
            """);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_operator_may_start_the_same_run()
    {
        await using var sink = new RecordingSink();
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example", route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
        await site.SendAsync("user@held.example", SampleMail.Plain("one"), SampleMail.Plain("two"));

        var answer = await site.Api.SendAsync(HttpMethod.Post, $"{site.Path}/domains/held.example/dequeue");

        Assert.Equal((HttpStatusCode.Accepted, 2), (answer.Status, answer.Json!["messages"]!.GetValue<int>()));
        await sink.Host.WaitForAsync(2, Stop);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_host_that_refuses_one_recipient_for_now_gets_it_the_next_time()
    {
        var busy = true;
        await using var sink = new RecordingSink(new()
        {
            ReplyTo = command => busy && command.StartsWith("RCPT TO:<busy@", StringComparison.Ordinal) ? "450 4.2.1 Busy" : null,
        });
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example", route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
        await site.SendAsync("busy@held.example", SampleMail.Plain("busy"));
        await site.SendAsync("free@held.example", SampleMail.Plain("free"));
        await AskAsync(site, "held.example", "253 *");
        await sink.Host.WaitForAsync(1, Stop);
        await Eventually.EqualAsync(1, () => site.HeldAsync("held.example"));

        busy = false;
        await Eventually.TrueAsync(async () =>
        {
            await using var talk = await site.ConnectAsync();
            await talk.GreetAsync();
            await talk.SayAsync("ETRN held.example");
            return (await talk.HearAsync())[^1].StartsWith("253", StringComparison.Ordinal);
        });
        Assert.Equal(["free", "busy"], (await sink.Host.WaitForAsync(2, Stop)).Select(mail => mail.Subject));
    }

    // A domain of this test with mail hosts at these addresses.
    string Hosts(params (string Address, int Preference)[] hosts)
    {
        var domain = $"{TestSite.Unique("etrn")}.example";
        foreach (var (address, preference) in hosts)
            server.Dns.Mx(domain, preference, $"mx{preference}.{domain}").Address($"mx{preference}.{domain}", address);
        return domain;
    }

    static async Task AskAsync(TestSite site, string node, string reply)
    {
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.SayAsync($"ETRN {node}");
        await talk.ExpectAsync(reply);
        await talk.QuitAsync();
    }
}
