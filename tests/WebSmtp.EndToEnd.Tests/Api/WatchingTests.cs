using System.Net;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Collecting;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Sessions, conversations, the log and its files over REST.</summary>
public sealed class WatchingTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static IEnumerable<string> Lines(JsonNode conversation) => conversation["lines"]!.AsArray().Select(line => $"{line!["speaker"]} {line["text"]}");

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Refused_sessions_stay_findable_with_what_was_said()
    {
        await using var site = await server.NewSiteAsync("""{ "protocolLog": "memory" }""");
        await using (var talk = await site.ConnectAsync(IPAddress.Parse("127.0.0.61")))
        {
            await talk.GreetAsync("refused.example");
            await talk.SayAsync("RCPT TO:<too@early.example>");
            await talk.ExpectAsync("503 *");
            await talk.QuitAsync();
        }
        await site.SendAsync("somebody@hub.example", SampleMail.Plain("one"));
        await Eventually.EqualAsync(2, async () => (await site.Api.ListAsync($"{site.Path}/sessions?history=true")).Count);

        var refused = Assert.Single(await site.Api.ListAsync($"{site.Path}/sessions?history=true&outcome=refused&address=127.0.0.61"));
        var shown = await site.Api.GetAsync($"/sessions/{refused["id"]}");

        Assert.Equal(("refused.example", "503 5.5.1"), (shown["helo"]!.GetValue<string>(), shown["lastRefusal"]!.GetValue<string>()[..9]));
        Assert.Contains("client RCPT TO:<too@early.example>", Lines(shown["conversation"]!));
        Assert.Single(await site.Api.ListAsync($"{site.Path}/sessions?history=true&outcome=completed&direction=inbound"));
        Assert.Empty(await site.Api.ListAsync($"{site.Path}/sessions?history=true&account=nobody"));
        var wrong = await site.Api.SendAsync(HttpMethod.Get, $"{site.Path}/sessions?history=true&outcome=odd");
        Assert.Contains("completed", wrong.Problem(HttpStatusCode.BadRequest, "outcome"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task All_sessions_of_an_address_are_closed_and_no_others()
    {
        await using var site = await server.NewSiteAsync();
        await using var one = await site.ConnectAsync(IPAddress.Parse("127.0.0.62"));
        await using var two = await site.ConnectAsync(IPAddress.Parse("127.0.0.62"));
        await using var other = await site.ConnectAsync();
        foreach (var talk in (SmtpTalk[])[one, two, other]) await talk.GreetAsync();

        var closed = await site.Api.DeleteAsync($"{site.Path}/sessions?address=127.0.0.62");

        Assert.Equal(2, closed["sessions"]!.GetValue<int>());
        await one.ExpectAsync("421 *");
        await two.ExpectAsync("421 *");
        await other.SayAsync("NOOP");
        await other.ExpectAsync("250 *");
        foreach (var wrong in (string[])["", "?address=127.0.0", "?address=nowhere.example"])
        {
            var answer = await site.Api.SendAsync(HttpMethod.Delete, $"{site.Path}/sessions{wrong}");
            Assert.Contains("IP address", answer.Problem(HttpStatusCode.BadRequest, "address"), StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_connection_of_ours_is_listed_and_closed_and_its_mail_tried_again()
    {
        await using var site = await server.NewSiteAsync("""{ "retryIntervals": ["PT1S"] }""");
        var (asked, first) = (new TaskCompletionSource(), 0);
        await using var sink = new RecordingSink(new()
        {
            // The first connection never hears more than this.
            ReplyTo = command =>
            {
                if (command.StartsWith("MAIL", StringComparison.Ordinal) && Interlocked.Increment(ref first) == 1) asked.SetResult();
                // Also to what was said behind MAIL without waiting.
                return first == 1 && command.Split(' ', ':')[0] is "MAIL" or "RCPT" or "DATA" ? "250-wait" : null;
            },
        });
        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "slow.example", "kind": "remote", "allowRelay": true,
              "route": { "type": "smartHost", "smartHost": { "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none" } } }
            """);
        await site.SendAsync("somebody@slow.example", SampleMail.Plain("one"));
        await asked.Task.WaitAsync(Stop);

        var session = Assert.Single(await site.Api.ListAsync($"{site.Path}/sessions?direction=outbound"));
        Assert.Equal(("outbound", "delivery"), (session["direction"]!.GetValue<string>(), session["purpose"]!.GetValue<string>()));
        await site.Api.DeleteAsync($"/sessions/{session["id"]}");

        await sink.Host.WaitForAsync(1, Stop);
        Assert.Equal("closed", (await site.Api.GetAsync($"/sessions/{session["id"]}"))["outcome"]!.GetValue<string>());
        var message = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages?history=true"))["id"]!.GetValue<string>();
        await Eventually.EqualAsync(2, async () => (await site.Api.ListAsync($"/messages/{message}/conversations")).Count(one => one["endedAt"] is not null));
        var attempts = await site.Api.ListAsync($"/messages/{message}/conversations");
        Assert.Contains("client MAIL FROM:<sender@away.example>", string.Join('\n', Lines(attempts[0]["conversation"]!)), StringComparison.Ordinal);
        Assert.StartsWith("250", attempts[1]["outcome"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await site.Api.SendAsync(HttpMethod.Get, "/messages/0000000000000/conversations")).Status);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_log_goes_on_where_it_was_read_and_is_written_into_files()
    {
        await using var site = await server.NewSiteAsync("""{ "protocolLog": "file" }""");
        await site.SendAsync("somebody@hub.example", SampleMail.Plain("one"));
        var before = await site.Api.GetAsync($"/log?site={site.Id}&text=rcpt%20to");
        Assert.Equal("RCPT TO:<somebody@hub.example>", Assert.Single(before["items"]!.AsArray())!["text"]!.GetValue<string>());

        await site.SendAsync("other@hub.example", SampleMail.Plain("two"));

        var after = await site.Api.GetAsync($"/log?site={site.Id}&text=rcpt%20to&after={before["last"]}");
        Assert.Equal("RCPT TO:<other@hub.example>", Assert.Single(after["items"]!.AsArray())!["text"]!.GetValue<string>());
        Assert.Contains("C: RCPT TO:<other@hub.example>", (await site.Api.SendAsync(HttpMethod.Get, $"/log?site={site.Id}&format=text")).Text, StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => (await site.Api.ListAsync($"{site.Path}/log/files")).Count == 1);
        var name = (await site.Api.ListAsync($"{site.Path}/log/files"))[0]["name"]!.GetValue<string>();
        await Eventually.TrueAsync(async () => (await site.Api.SendAsync(HttpMethod.Get, $"{site.Path}/log/files/{name}")).Text.Contains($" SMTPSVC{site.Id} ", StringComparison.Ordinal));
        Assert.Contains(" RCPT - +TO:<somebody@hub.example> 250 ", (await site.Api.SendAsync(HttpMethod.Get, $"{site.Path}/log/files/{name}")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await site.Api.SendAsync(HttpMethod.Get, $"{site.Path}/log/files/..%2F..%2Fwebsmtp.db")).Status);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_collection_keeps_its_conversation()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        await site.SendAsync("somebody@held.example", SampleMail.Plain("one"));
        await TurnHost.CollectAsync(site, account, Stop);

        var run = Assert.Single(await site.Api.ListAsync($"{site.Path}/domains/held.example/collections"));
        var shown = await site.Api.GetAsync($"{site.Path}/domains/held.example/collections/{run["id"]}");

        Assert.Equal((1, 1), (shown["waiting"]!.GetValue<int>(), shown["delivered"]!.GetValue<int>()));
        Assert.Contains("client RCPT TO:<somebody@held.example>", string.Join('\n', Lines(shown["conversation"]!)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await site.Api.SendAsync(HttpMethod.Get, $"{site.Path}/domains/hub.example/collections/{run["id"]}")).Status);
    }
}
