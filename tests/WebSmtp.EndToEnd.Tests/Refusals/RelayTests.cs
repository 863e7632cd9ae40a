using System.Net;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Refusals;

/// <summary>Who may send where: relaying is closed, held and local domains are open, full domains say so.</summary>
public sealed class RelayTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Strangers_may_only_send_to_local_and_held_domains()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example");
        await site.Api.PostAsync($"{site.Path}/domains", """{ "name": "alias.example", "kind": "alias" }""");
        // On the relay list by default is 127.0.0.1, and not all of 127.0.0.0/8.
        await using var stranger = await site.ConnectAsync(IPAddress.Parse("127.0.0.2"));
        await stranger.GreetAsync();
        const string attempts = """
            C: MAIL FROM:<sender@away.example>
            S: 250 *
            C: RCPT TO:<user@elsewhere.example>
            S: 550 5.7.1 *
            C: RCPT TO:<@hub.example:user@elsewhere.example>
            S: 550 5.7.1 *
            C: RCPT TO:<user@held.example>
            S: 250 *
            C: RCPT TO:<user@hub.example>
            S: 250 *
            C: RCPT TO:<user@alias.example>
            S: 250 *
            C: RCPT TO:<postmaster>
            S: 250 *
            C: RSET
            S: 250 *
            """;
        await stranger.PlayAsync(attempts);
        const string allowed = """
            C: MAIL FROM:<sender@away.example>
            S: 250 *
            C: RCPT TO:<user@elsewhere.example>
            S: 250 *
            C: RSET
            S: 250 *
            """;
        await stranger.LogInWithChallengeAsync(account);
        await stranger.PlayAsync(allowed);
        await using var listed = await site.ConnectAsync();
        await listed.GreetAsync();
        await listed.PlayAsync(allowed);

        await site.Api.PatchAsync(site.Path, """{ "settings": { "relay": { "allowAuthenticated": false, "allowAddresses": [ "127.0.0.8/32" ] } } }""");
        await using var notAnyMore = await site.ConnectAsync();
        await notAnyMore.GreetAsync();
        await notAnyMore.LogInAsync(account);
        await notAnyMore.PlayAsync(attempts);
        await using var new8 = await site.ConnectAsync(IPAddress.Parse("127.0.0.8"));
        await new8.GreetAsync();
        await new8.PlayAsync(allowed);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_full_domain_says_so_until_there_is_room()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("few.example", account, """{ "maxMessages": 2 }""");
        await site.HoldAsync("small.example", account, """{ "maxBytes": 4000 }""");
        await site.SendAsync("user@few.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        await site.SendAsync("user@small.example", SampleMail.OfSize(3500));
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.PlayAsync("""
            C: MAIL FROM:<sender@away.example> SIZE=1000
            S: 250 *
            C: RCPT TO:<user@few.example>
            S: 452 4.2.2 *
            C: RCPT TO:<user@small.example>
            S: 452 4.2.2 *
            C: RSET
            S: 250 *
            """);
        await talk.QuitAsync();

        await TurnHost.CollectAsync(site, account, Stop);
        await Eventually.EqualAsync(0, () => site.HeldAsync("few.example"));
        await Eventually.EqualAsync(0, () => site.HeldAsync("small.example"));

        await site.SendAsync("user@few.example", SampleMail.Plain("three"));
        await site.SendAsync("user@small.example", SampleMail.Plain("four"));
        Assert.Equal((1, 1), (await site.HeldAsync("few.example"), await site.HeldAsync("small.example")));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_message_for_two_held_domains_is_one_message()
    {
        await using var site = await server.NewSiteAsync();
        var (first, second) = (await site.AddAccountAsync(), await site.AddAccountAsync());
        await site.HoldAsync("first.example", first);
        await site.HoldAsync("second.example", second);
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", ["a@first.example", "b@second.example"], SampleMail.Plain("both"));
        }
        var message = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"));
        Assert.Equal(2, message["recipients"]!.AsArray().Count);

        var host = await TurnHost.CollectAsync(site, first, Stop);

        Assert.Equal(["<a@first.example>"], Assert.Single(host.Received).To);
        Assert.Equal(1, await site.HeldAsync("second.example"));
        var other = await TurnHost.CollectAsync(site, second, Stop);
        Assert.Equal(host.Received[0].Content, Assert.Single(other.Received).Content);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Local_mail_is_dropped_into_a_folder()
    {
        await using var site = await server.NewSiteAsync();
        await site.SendAsync("user@hub.example", SampleMail.All["leading dots"]);
        var mailroot = Path.Combine(site.Server.DataDirectory, (await site.Api.GetAsync(site.Path))["mailroot"]!.GetValue<string>());
        var drop = Path.Combine(mailroot, "Drop");

        await Eventually.EqualAsync(1, () => Task.FromResult(Directory.GetFiles(drop, "*.eml").Length));

        var file = await File.ReadAllBytesAsync(Directory.GetFiles(drop, "*.eml").Single(), Stop);
        Assert.True(file.AsSpan().EndsWith(SampleMail.All["leading dots"]), System.Text.Encoding.UTF8.GetString(file));
        await Eventually.EqualAsync(0, async () => (await site.Api.ListAsync($"{site.Path}/messages")).Count);
        Assert.Equal("delivered", (await site.Api.ListAsync($"{site.Path}/messages?history=true")).Single()["recipients"]![0]!["state"]!.GetValue<string>());
    }
}
