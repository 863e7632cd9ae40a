using System.Net;
using MimeKit;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Reports;

/// <summary>Mail that comes back: the recipient's host refuses, the sender's host gets the report.</summary>
public sealed class ReportTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_a_host_refuses_comes_back_to_its_sender()
    {
        var port = FreePorts.Next();
        var (from, to) = ($"{TestSite.Unique("sender")}.example", $"{TestSite.Unique("refuses")}.example");
        await using var refusing = new RecordingSink(
            new() { ReplyTo = command => command.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 Nobody of that name" : null }, IPAddress.Parse("127.0.0.51"), port);
        await using var home = new RecordingSink(address: IPAddress.Parse("127.0.0.52"), port: port);
        server.Dns.Address(to, "127.0.0.51").Address(from, "127.0.0.52");
        await using var site = await server.NewSiteAsync($$"""{ "outboundPort": {{port}} }""");
        var sent = SampleMail.Text($"From: ann@{from}\r\nSubject: Lunch\r\nMessage-ID: <lunch@{from}>\r\n\r\nToday?\r\n");
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync($"ann@{from}", [$"bob@{to}"], sent, " RET=FULL ENVID=one+2Btwo");
            await talk.QuitAsync();
        }

        var report = Assert.Single(await home.Host.WaitForAsync(1, Stop));
        Assert.StartsWith("<>", report.From, StringComparison.Ordinal);
        Assert.StartsWith($"<ann@{from}>", Assert.Single(report.To), StringComparison.Ordinal);
        using var mail = MimeMessage.Load(new MemoryStream(report.Content), Stop);
        Assert.Equal($"lunch@{from}", mail.InReplyTo);
        var body = Assert.IsType<MultipartReport>(mail.Body);
        Assert.Contains("no such mailbox", ((TextPart)body[0]!).Text, StringComparison.Ordinal);
        var status = Assert.IsType<MessageDeliveryStatus>(body[1]).StatusGroups;
        Assert.Equal("one+two", status[0]["Original-Envelope-Id"]);
        Assert.Equal(("failed", "5.1.1", $"rfc822; bob@{to}", "smtp; 550 5.1.1 Nobody of that name"),
            (status[1]["Action"], status[1]["Status"], status[1]["Final-Recipient"], status[1]["Diagnostic-Code"]));
        Assert.IsType<MessagePart>(body[2]);
        Assert.True(report.Content.AsSpan().IndexOf(sent) > 0, "the message does not come back as it was sent");
        Assert.Empty(refusing.Host.Received);

        var message = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages?history=true&sender=ann@{from}"));
        var trace = (await site.Api.GetAsync($"/messages/{message["id"]}/trace"))["items"]!.AsArray();
        Assert.Equal(["received", "queued", "failed", "reported"], trace.Select(one => one!["event"]!.GetValue<string>()));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Mail_without_a_sender_that_is_refused_is_told_to_who_looks_after_bad_mail()
    {
        var port = FreePorts.Next();
        var (to, watch) = ($"{TestSite.Unique("refuses")}.example", $"{TestSite.Unique("watch")}.example");
        await using var refusing = new RecordingSink(new() { ReplyToContent = _ => Task.FromResult<string?>("554 5.7.1 Go away") }, IPAddress.Parse("127.0.0.53"), port);
        await using var watching = new RecordingSink(address: IPAddress.Parse("127.0.0.54"), port: port);
        server.Dns.Address(to, "127.0.0.53").Address(watch, "127.0.0.54");
        await using var site = await server.NewSiteAsync($$"""{ "outboundPort": {{port}}, "badmailCopy": "admin@{{watch}}" }""");
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("", [$"bob@{to}"], SampleMail.Plain("lost"));
            await talk.QuitAsync();
        }
        var copy = System.Text.Encoding.UTF8.GetString(Assert.Single(await watching.Host.WaitForAsync(1, Stop)).Content);
        Assert.Contains("554 5.7.1 Go away", copy, StringComparison.Ordinal);
        Assert.Contains("This is lost.", copy, StringComparison.Ordinal);
    }
}
