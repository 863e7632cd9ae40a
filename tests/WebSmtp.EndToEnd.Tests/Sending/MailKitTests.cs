using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Sending;

/// <summary>MailKit sends: TLS, SMTPUTF8, delivery status parameters, chunks.</summary>
public sealed class MailKitTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("startTls", SecureSocketOptions.StartTls)]
    [InlineData("implicit", SecureSocketOptions.SslOnConnect)]
    [InlineData("none", SecureSocketOptions.None)]
    public async Task It_sends_and_the_message_comes_out_unchanged(string tls, SecureSocketOptions options)
    {
        await using var site = await server.NewSiteAsync(tls: tls);
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        var message = Message();
        using (var client = await ConnectAsync(site, options))
        {
            await client.AuthenticateAsync(account.Username, account.Password, Stop);
            await client.SendAsync(message, Stop);
            await client.SendAsync(message, Stop);
            await client.DisconnectAsync(true, Stop);
        }

        var host = tls == "implicit" ? await CollectUnderTlsAsync(site, account) : await TurnHost.CollectAsync(site, account, Stop);
        Assert.Equal(2, host.Received.Count);
        host.Received[0].AssertSameAs(Octets(message), "MailKit's message");
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chunks_are_put_together_again(bool finalNewLine)
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        // 3 MiB of lines with dots, in as many chunks as MailKit likes.
        var sent = SampleMail.OfSize(3 * 1024 * 1024, "chunks");
        if (!finalNewLine) sent = sent[..^2];
        await using var talk = await site.ConnectAsync();
        Assert.Contains("CHUNKING", await talk.GreetAsync());
        await talk.PlayAsync("""
            C: MAIL FROM:<sender@away.example> BODY=8BITMIME
            S: 250 *
            C: RCPT TO:<user@held.example>
            S: 250 *
            """);
        foreach (var chunk in sent.Chunk(1_000_000))
        {
            await talk.SayAsync($"BDAT {chunk.Length}");
            await talk.SayRawAsync(chunk, $"({chunk.Length} octets)");
            await talk.ExpectAsync("250 *");
        }
        await talk.PlayAsync("""
            C: BDAT 0 LAST
            S: 250 2.6.0 *
            """);
        await talk.QuitAsync();

        // What is kept is what came; DATA can only carry it with a line ending behind it.
        var id = (await site.Api.ListAsync($"{site.Path}/messages")).Single()["id"]!.GetValue<string>();
        new ReceivedMail("", [], await site.Api.ContentAsync(id), false).AssertSameAs(sent, "content by REST");
        var mail = Assert.Single((await TurnHost.CollectAsync(site, account, Stop)).Received);
        mail.AssertSameAs(finalNewLine ? sent : [.. sent, .. "\r\n"u8], "by TURN");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task It_sends_chunks_by_itself()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        var message = Message();
        using (var client = await ConnectAsync(site, SecureSocketOptions.StartTls, new ChunkingClient()))
        {
            Assert.True(client.Capabilities.HasFlag(SmtpCapabilities.Chunking | SmtpCapabilities.BinaryMime | SmtpCapabilities.Pipelining));
            await client.SendAsync(message, Stop);
            await client.DisconnectAsync(true, Stop);
        }
        var came = await MimeMessage.LoadAsync(new MemoryStream(Assert.Single((await TurnHost.CollectAsync(site, account, Stop)).Received).BelowReceived), Stop);
        Assert.Equal(message.Subject, came.Subject);
        Assert.Equal(message.TextBody, came.TextBody);
        var (sent, attached) = (Attachment(message), Attachment(came));
        Assert.Equal(sent, attached);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Addresses_in_any_script_are_taken_and_passed_on()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        var message = Message();
        message.From.Clear();
        message.From.Add(new MailboxAddress("Jürgen", "jürgen@away.example"));
        message.To.Clear();
        message.To.Add(new MailboxAddress("用户", "用户@held.example"));
        using (var client = await ConnectAsync(site, SecureSocketOptions.StartTls))
        {
            Assert.True(client.Capabilities.HasFlag(SmtpCapabilities.UTF8));
            var international = FormatOptions.Default.Clone();
            international.International = true;
            await client.SendAsync(international, message, Stop);
            await client.DisconnectAsync(true, Stop);
        }

        var host = await TurnHost.CollectAsync(site, account, Stop);

        var mail = Assert.Single(host.Received);
        Assert.StartsWith("<jürgen@away.example>", mail.From, StringComparison.Ordinal);
        Assert.Contains("SMTPUTF8", mail.From, StringComparison.Ordinal);
        Assert.Equal("<用户@held.example>", mail.To.Single());
        Assert.Contains("with UTF8SMTPS", mail.ReceivedField.Replace("\r\n\t", " ", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Parameters_for_delivery_status_are_passed_on()
    {
        await using var site = await server.NewSiteAsync();
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);
        using (var client = await ConnectAsync(site, SecureSocketOptions.StartTls, new AskingClient()))
        {
            await client.SendAsync(Message(), Stop);
            await client.DisconnectAsync(true, Stop);
        }

        var mail = Assert.Single((await TurnHost.CollectAsync(site, account, Stop)).Received);
        Assert.Contains("ENVID=envelope+2B1", mail.From, StringComparison.Ordinal);
        Assert.Contains("RET=HDRS", mail.From, StringComparison.Ordinal);
        Assert.Contains("NOTIFY=SUCCESS,FAILURE", mail.To.Single(), StringComparison.Ordinal);
        Assert.Contains("ORCPT=rfc822;user@held.example", mail.To.Single(), StringComparison.Ordinal);
    }

    static async Task<SmtpClient> ConnectAsync(TestSite site, SecureSocketOptions options, SmtpClient? client = null)
    {
        client ??= new();
#pragma warning disable CA5359 // The certificate is the one made at first run.
        client.ServerCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        client.LocalDomain = "client.example";
        client.CheckCertificateRevocation = false;
        await client.ConnectAsync("127.0.0.1", site.Port, options, Stop);
        return client;
    }

    static async Task<MailHost> CollectUnderTlsAsync(TestSite site, MailAccount account)
    {
        var host = new MailHost();
        await using var talk = await site.ConnectAsync();
        await talk.HandshakeAsync();
        await talk.GreetAsync();
        await talk.LogInAsync(account);
        await TurnHost.CollectAsync(talk, host, Stop);
        return host;
    }

    static MimeMessage Message()
    {
        var body = new BodyBuilder { TextBody = "Grüße.\r\n.\r\n.two\r\n", HtmlBody = "<p>Grüße.</p>" };
        body.Attachments.Add("random.bin", [.. Enumerable.Range(0, 100_000).Select(number => (byte)(number * 7919 >> 3))]);
        return new([new MailboxAddress("Sender", "sender@away.example")], [new MailboxAddress("User", "user@held.example")], "Grüße", body.ToMessageBody());
    }

    static byte[] Octets(MimeMessage message)
    {
        var options = FormatOptions.Default.Clone();
        options.NewLineFormat = NewLineFormat.Dos;
        options.EnsureNewLine = true;
        options.HiddenHeaders.Add(HeaderId.ContentLength);
        options.HiddenHeaders.Add(HeaderId.ResentBcc);
        options.HiddenHeaders.Add(HeaderId.Bcc);
        var octets = new MemoryStream();
        message.WriteTo(options, octets, Stop);
        return octets.ToArray();
    }

    static byte[] Attachment(MimeMessage message)
    {
        var octets = new MemoryStream();
        ((MimePart)message.Attachments.Single()).Content!.DecodeTo(octets, Stop);
        return octets.ToArray();
    }

    sealed class ChunkingClient : SmtpClient
    {
        protected override bool PreferSendAsBinaryData => true;
    }

    sealed class AskingClient : SmtpClient
    {
        public AskingClient() => DeliveryStatusNotificationType = DeliveryStatusNotificationType.HeadersOnly;

        protected override string GetEnvelopeId(MimeMessage message) => "envelope+1";

        protected override DeliveryStatusNotification? GetDeliveryStatusNotifications(MimeMessage message, MailboxAddress mailbox) =>
            DeliveryStatusNotification.Success | DeliveryStatusNotification.Failure;
    }
}
