using System.Collections.Concurrent;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Collecting;

/// <summary>Collections that do not go smoothly: refusals, break-offs, two at once, mail that comes meanwhile.</summary>
public sealed class CollectionTroubleTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Each_recipient_is_settled_by_the_reply_that_it_got()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await using (var sender = await site.ConnectAsync())
        {
            await sender.GreetAsync();
            await sender.SendMailAsync("sender@away.example", ["taken@test.com", "busy@test.com", "gone@test.com"], SampleMail.Plain("three"));
            await sender.SendMailAsync("sender@away.example", ["whole@test.com"], SampleMail.Plain("content refused for now"));
        }
        var host = await TurnHost.CollectAsync(site, account, Stop, host: new()
        {
            ReplyTo = command => command switch
            {
                _ when command.StartsWith("RCPT TO:<busy@", StringComparison.Ordinal) => "450 4.2.1 Busy",
                _ when command.StartsWith("RCPT TO:<gone@", StringComparison.Ordinal) => "550 5.1.1 Nobody here",
                _ => null,
            },
            ReplyToContent = mail => Task.FromResult<string?>(mail.To.Contains("<whole@test.com>") ? "452 4.3.1 No room" : "250 2.0.0 Taken"),
        });
        Assert.Equal(["<taken@test.com>"], Assert.Single(host.Received).To);

        await Eventually.EqualAsync("busy@test.com held, gone@test.com failed, taken@test.com delivered, whole@test.com held",
            async () => string.Join(", ", (await site.Api.ListAsync($"{site.Path}/messages?history=true&sender=sender@away.example"))
                .SelectMany(message => message["recipients"]!.AsArray())
                .Select(recipient => $"{recipient!["address"]} {recipient["state"]}").Order(StringComparer.Ordinal)));
        var second = await TurnHost.CollectAsync(site, account, Stop);
        Assert.Equal(["<busy@test.com>", "<whole@test.com>"], second.Received.SelectMany(mail => mail.To).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task After_a_break_in_the_middle_only_what_was_not_answered_is_offered_again()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", Enumerable.Range(1, 5).Select(number => SampleMail.Plain($"number {number}")));
        var host = new MailHost { ReplyToContent = mail => Task.FromResult(mail.Subject == "number 3" ? null : "250 2.0.0 Taken") };
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.LogInAsync(account);
            Assert.Equal(HostEnd.BrokenOff, await TurnHost.CollectAsync(talk, host, Stop));
        }
        Assert.Equal(["number 1", "number 2"], host.Received.Select(mail => mail.Subject));
        await Eventually.EqualAsync(3, () => site.HeldAsync("test.com"));

        var second = await CollectWhenFreeAsync(site, account);

        Assert.Equal(["number 3", "number 4", "number 5"], second.Received.Select(mail => mail.Subject).Order(StringComparer.Ordinal));
        await Eventually.EqualAsync(0, () => site.HeldAsync("test.com"));
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("220", "421 4.3.2 Not now")]
    [InlineData("EHLO", "")]
    [InlineData("MAIL", "421 4.3.2 Not now")]
    [InlineData("DATA", "")]
    public async Task A_host_that_goes_away_early_leaves_everything_held(string at, string reply)
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.Plain("one"), SampleMail.Plain("two"));
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.LogInAsync(account);
            await talk.SayAsync("TURN");
            await talk.ExpectAsync("250 *");
            if (at == "220") await talk.SayAsync(reply);
            else await new MailHost { ReplyTo = command => command.StartsWith(at, StringComparison.Ordinal) ? reply : null }.ServeAsync(talk.Wire, Stop);
        }
        Assert.Equal(2, await site.HeldAsync("test.com"));
        Assert.Equal(2, (await CollectWhenFreeAsync(site, account)).Received.Count);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Two_collections_at_once_never_send_a_message_twice()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", Enumerable.Range(1, 60).Select(number => SampleMail.Plain($"number {number}")));
        var subjects = new ConcurrentBag<string>();
        async Task CollectAsync()
        {
            for (var more = true; more;)
            {
                await using var talk = await site.ConnectAsync();
                await talk.GreetAsync();
                await talk.LogInAsync(account);
                await talk.SayAsync("ATRN");
                var reply = (await talk.HearAsync())[^1];
                if (reply[..3] is "250")
                {
                    var host = new MailHost();
                    await host.ServeAsync(talk.Wire, Stop);
                    foreach (var mail in host.Received) subjects.Add(mail.Subject);
                }
                else
                {
                    Assert.Contains(reply[..3], new[] { "451", "453" });
                    more = reply[..3] is "451";
                }
            }
        }

        await Task.WhenAll(CollectAsync(), CollectAsync(), CollectAsync());

        Assert.Equal(Enumerable.Range(1, 60).Select(number => $"number {number}").Order(StringComparer.Ordinal), subjects.Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Mail_that_arrives_meanwhile_is_part_of_the_collection()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.Plain("first"));

        var host = await TurnHost.CollectAsync(site, account, Stop, host: new()
        {
            ReplyToContent = async mail =>
            {
                if (mail.Subject == "first") await site.SendAsync("somebody@test.com", SampleMail.Plain("late"));
                return "250 2.0.0 Taken";
            },
        });

        Assert.Equal(["first", "late"], host.Received.Select(mail => mail.Subject));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Late_mail_does_not_make_a_collection_endless()
    {
        await using var site = await server.NewSiteAsync("""{ "maxLateMessagesPerCollection": 3 }""");
        var account = await site.AddAccountAsync();
        await site.HoldAsync("test.com", account);
        await site.SendAsync("somebody@test.com", SampleMail.Plain("first"));

        var host = await TurnHost.CollectAsync(site, account, Stop, host: new()
        {
            ReplyToContent = async _ =>
            {
                await site.SendAsync("somebody@test.com", SampleMail.Plain("late"));
                return "250 2.0.0 Taken";
            },
        });

        Assert.Equal(4, host.Received.Count);
        await Eventually.EqualAsync(1, () => site.HeldAsync("test.com"));
    }

    // The server may notice the end of a connection a moment after we do; until then that collection has the mail.
    static async Task<MailHost> CollectWhenFreeAsync(TestSite site, MailAccount account)
    {
        var host = new MailHost();
        await Eventually.TrueAsync(async () =>
        {
            await using var talk = await site.ConnectAsync();
            await talk.GreetAsync();
            await talk.LogInAsync(account);
            await talk.SayAsync("TURN");
            if ((await talk.HearAsync())[^1][..3] is not "250") return false;
            await host.ServeAsync(talk.Wire, Stop);
            return true;
        });
        return host;
    }
}
