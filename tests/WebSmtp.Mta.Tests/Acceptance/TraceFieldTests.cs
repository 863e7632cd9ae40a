using System.Net;
using System.Text;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Queue;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Mta.Tests.Acceptance;

public sealed class TraceFieldTests
{
    static readonly DateTimeOffset At = new(2026, 11, 3, 5, 4, 3, TimeSpan.FromHours(2));
    static readonly MessageId Id = new(0x0123_4567_89AB_CDEF);

    [Theory]
    [InlineData("client.example", "client.example")]
    [InlineData("[192.0.2.1]", "[192.0.2.1]")]
    [InlineData("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]")]
    [InlineData(null, "unknown")]
    [InlineData("", "unknown")]
    [InlineData("a b)\r\nX-Evil: 1", "a?b???X-Evil:?1")]
    [InlineData("(comment);by<>\"\\", "?comment??by????")]
    [InlineData("gr\u00fc\u00dfe.example", "gr??e.example")]
    public void A_helo_name_can_fake_nothing(string? said, string shown) => Assert.Equal(shown, ReceivedField.Clean(said));

    [Fact]
    public void A_helo_name_is_cut_to_what_a_domain_may_have() => Assert.Equal(255, ReceivedField.Clean(new string('a', 4000)).Length);

    [Theory]
    [InlineData("192.0.2.1", " ([192.0.2.1])")]
    [InlineData("2001:db8::1", " ([IPv6:2001:db8::1])")]
    [InlineData("fe80::1%7", " ([IPv6:fe80::1])")]
    [InlineData(null, "")]
    public void The_field_is_as_rfc_5321_has_it(string? client, string shown) => Assert.Equal(
        $"Received: from client.example{shown}\r\n\tby hub.example (WebSmtp) with ESMTPS id 028T5CY4TQKFF\r\n\tfor <u@test.com>;\r\n\tTue, 3 Nov 2026 03:04:03 +0000\r\n",
        ReceivedField.Write("client.example", client is null ? null : IPAddress.Parse(client), "hub.example", "ESMTPS", Id, new MailAddress("u", "test.com"), At));

    [Fact]
    public void Without_a_recipient_to_name_it_names_none() => Assert.Equal(
        "Received: from client.example\r\n\tby hub.example (WebSmtp) with SMTP id 028T5CY4TQKFF;\r\n\tTue, 3 Nov 2026 03:04:03 +0000\r\n",
        ReceivedField.Write("client.example", null, "hub.example", "SMTP", Id, null, At));

    [Theory(Timeout = 30_000)]
    [InlineData("HELO c.example", "", false, false, "SMTP")]
    [InlineData("EHLO c.example", "", false, false, "ESMTP")]
    [InlineData("EHLO c.example", "", true, false, "ESMTPA")]
    [InlineData("EHLO c.example", " SMTPUTF8", false, false, "UTF8SMTP")]
    [InlineData("EHLO c.example", " SMTPUTF8", true, false, "UTF8SMTPA")]
    [InlineData("EHLO c.example", "", false, true, "ESMTPS")]
    [InlineData("EHLO c.example", "", true, true, "ESMTPSA")]
    [InlineData("EHLO c.example", " SMTPUTF8", false, true, "UTF8SMTPS")]
    [InlineData("EHLO c.example", " SMTPUTF8", true, true, "UTF8SMTPSA")]
    public async Task The_protocol_is_named_by_what_the_session_did(string hello, string parameters, bool account, bool tls, string protocol)
    {
        await using var bench = new MailBench(TestContext.Current.CancellationToken);
        if (tls) bench.UseTls();
        await using var talk = await bench.ConnectAsync();
        await talk.AskAsync(hello, "250");
        if (account) await MailBench.LogInAsync(talk, "testserver", MailBench.Password);
        Assert.StartsWith("250", await talk.SendAsync("a@sender.example", ["u@test.com"], "x\r\n", parameters), StringComparison.Ordinal);
        Assert.Equal(protocol, Assert.Single(bench.Queue.Messages).Protocol);
    }

    [Theory]
    [InlineData("Subject: a\r\n\r\nSubject: b\r\n", "a", null, 0)]
    [InlineData("SUBJECT : a\r\nsubject: b\r\n\r\n", "a", null, 0)]
    [InlineData("Subject:\r\n folded\r\n\tmore\r\nMessage-Id: <x@y>\r\n\r\n", "folded more", "<x@y>", 0)]
    [InlineData("Subject:   \r\n\r\n", null, null, 0)]
    [InlineData("Received: a\r\nreceived: b\r\nX-Received: c\r\nReceived-SPF: d\r\n Received: folded\r\nRECEIVED: e\r\n\r\n", null, null, 3)]
    [InlineData("Subject: =?iso-8859-1?q?=FC?=\u0007x\r\n\r\n", "\u00fc x", null, 0)]
    [InlineData("\r\nSubject: body\r\n", null, null, 0)]
    [InlineData("no header at all", null, null, 0)]
    [InlineData("", null, null, 0)]
    public void A_header_is_looked_at_in_pieces_of_any_size(string content, string? subject, string? messageId, int hops)
    {
        foreach (var size in new[] { 1, 2, 7, 10_000 })
        {
            var scanner = new HeaderScanner();
            foreach (var piece in Encoding.Latin1.GetBytes(content).Chunk(size)) scanner.Read(piece);
            Assert.Equal((subject, messageId, hops), (scanner.Subject, scanner.MessageId, scanner.ReceivedFields));
        }
    }

    [Fact]
    public void An_endless_subject_is_cut()
    {
        var scanner = new HeaderScanner();
        scanner.Read(Encoding.ASCII.GetBytes("Subject: " + new string('x', 3_000_000) + "\r\nReceived: a\r\n\r\n"));
        Assert.Equal((250, 1), (scanner.Subject!.Length, scanner.ReceivedFields));
    }
}
