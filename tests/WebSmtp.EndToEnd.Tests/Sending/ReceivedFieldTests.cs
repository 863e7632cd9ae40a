using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Sending;

/// <summary>The field that the site puts on top. RFC 5321 section 4.4, RFC 3848.</summary>
public sealed class ReceivedFieldTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task It_says_from_whom_by_whom_how_and_when()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        await site.SendAsync("user@held.example", SampleMail.Plain("one"));

        var mail = Assert.Single((await TurnHost.CollectAsync(site, account, Stop)).Received);

        var field = mail.ReceivedField.Replace("\r\n", " ", StringComparison.Ordinal).Replace('\t', ' ');
        Assert.Matches(@"^Received: from client\.example \(.*\[127\.0\.0\.1\]\) +by hub\.example .*with ESMTP .*id [0-9A-Z]+ +for <user@held\.example>; +\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4} ?$", field);
        Assert.All(mail.ReceivedField.Split("\r\n"), line => Assert.True(line.Length <= 78, line));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task It_names_no_recipient_when_there_are_several()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", ["one@held.example", "hidden@held.example"], SampleMail.Plain("two"));
        }
        var mail = Assert.Single((await TurnHost.CollectAsync(site, account, Stop)).Received);
        Assert.Equal(["<one@held.example>", "<hidden@held.example>"], mail.To);
        Assert.DoesNotContain("held.example>", mail.ReceivedField, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_message_with_too_many_of_them_is_a_loop()
    {
        await using var site = await server.NewSiteAsync("""{ "maxHops": 3 }""");
        await site.HoldAsync("held.example");
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.PlayAsync("""
            C: MAIL FROM:<sender@away.example>
            S: 250 *
            C: RCPT TO:<user@held.example>
            S: 250 *
            C: DATA
            S: 354 *
            """);
        await talk.SayContentAsync(SampleMail.Text(string.Concat(Enumerable.Repeat("Received: from a by b; Mon, 23 Nov 2026 00:00:00 +0000\r\n", 4)) + "\r\nround and round\r\n"));
        await talk.ExpectAsync("554 5.4.6 *");
        Assert.Equal(0, await site.HeldAsync("held.example"));
    }
}
