using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Collecting;

/// <summary>ATRN, and endpoints that serve nothing else. RFC 2645.</summary>
public sealed class AtrnTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task It_takes_the_named_domains_or_all()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        foreach (var domain in (string[])["a.example", "b.example", "c.example"])
        {
            await site.HoldAsync(domain, account);
            await site.SendAsync($"user@{domain}", SampleMail.Plain(domain));
        }

        var named = await TurnHost.CollectAsync(site, account, Stop, "ATRN a.example,C.EXAMPLE");
        Assert.Equal(["a.example", "c.example"], named.Received.Select(mail => mail.Subject).Order(StringComparer.Ordinal));
        var rest = await TurnHost.CollectAsync(site, account, Stop, "ATRN");
        Assert.Equal(["b.example"], rest.Received.Select(mail => mail.Subject));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Each_refusal_has_its_reply()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("mine.example", account);
        await site.HoldAsync("other.example", await site.AddAccountAsync("other"));
        await site.SendAsync("user@mine.example", SampleMail.Plain("mine"));
        await using var talk = await site.ConnectAsync();
        Assert.Contains("ATRN", await talk.GreetAsync());
        await talk.PlayAsync("""
            C: ATRN
            S: 530 5.7.0 *
            """);
        await talk.LogInWithChallengeAsync(account);
        await talk.PlayAsync("""
            C: ATRN not a domain
            S: 501 *
            C: ATRN mine.example,,
            S: 501 *
            C: ATRN mine.example,other.example
            S: 450 *
            C: ATRN nowhere.example
            S: 450 *
            C: NOOP
            S: 250 *
            """);
        Assert.Equal(1, await site.HeldAsync("mine.example"));
        await TurnHost.CollectAsync(talk, new(), Stop, "ATRN mine.example");

        await using var again = await site.ConnectAsync();
        await again.GreetAsync();
        await again.LogInWithChallengeAsync(account);
        await again.PlayAsync("""
            C: ATRN mine.example
            S: 453 *
            C: QUIT
            S: 221 *
            """);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task While_another_collection_has_all_of_it_the_reply_is_451()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("user@test.com", SampleMail.Plain("one"));

        var first = await TurnHost.CollectAsync(site, account, Stop, host: new()
        {
            ReplyToContent = async _ =>
            {
                await using var second = await site.ConnectAsync();
                await second.GreetAsync();
                await second.LogInAsync(account);
                await second.PlayAsync("""
                    C: ATRN test.com
                    S: 451 *
                    """);
                return "250 2.0.0 Taken";
            },
        });

        Assert.Single(first.Received);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_odmr_endpoint_serves_nothing_but_this()
    {
        await using var site = await server.NewSiteAsync(odmr: true);
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        // Mail comes in at another endpoint of the same site.
        var ordinary = FreePorts.Next();
        await site.Api.PatchAsync(site.Path, $$"""{ "endpoints": [ {{TestSite.Endpoint(site.Port, odmr: true)}}, {{TestSite.Endpoint(ordinary)}} ] }""");
        await using (var sender = await SmtpTalk.ConnectAsync(ordinary, Stop))
        {
            await sender.GreetAsync();
            await sender.SendMailAsync("sender@away.example", ["user@test.com"], SampleMail.Plain("one"));
        }
        await using var talk = await site.ConnectAsync();
        var keywords = await talk.GreetAsync();
        Assert.Contains("ATRN", keywords);
        Assert.Contains(keywords, keyword => keyword.StartsWith("AUTH ", StringComparison.Ordinal) && keyword.Contains("CRAM-MD5", StringComparison.Ordinal));
        Assert.DoesNotContain("ETRN", keywords);
        await talk.LogInWithChallengeAsync(account);
        await talk.PlayAsync("""
            C: MAIL FROM:<sender@away.example>
            S: 502 *
            C: ETRN test.com
            S: 502 *
            C: VRFY user
            S: 502 *
            C: NOOP
            S: 250 *
            """);
        var host = new MailHost();
        await TurnHost.CollectAsync(talk, host, Stop, "ATRN test.com");
        Assert.Single(host.Received);
    }
}
