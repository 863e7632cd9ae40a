using System.Text;
using MimeKit;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Submissions;
using WebSmtp.Mta.Tests.Pickup;
using WebSmtp.Smtp;

namespace WebSmtp.Mta.Tests.Submissions;

public sealed class SubmissionTests
{
    const int Deadline = 60_000;
    const string Whole = "Date: Fri, 2 Jan 2026 03:04:05 +0000\r\nMessage-ID: <1@sender.example>\r\nSubject: hello\r\n\r\nbody\r\n";
    static readonly Actor Operator = new("ann", Role.Operator, "192.0.2.1");

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static async Task<Problem?> SendAsync(PickupBench bench, string content, string? from = "a@sender.example", string[]? to = null, bool headerRecipients = false, Actor? actor = null)
    {
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes(content));
        return (await bench.Submission.SendAsync(1, from, to ?? ["u@test.com"], headerRecipients, stream.Length, stream, actor ?? Operator, Stop)).Problem;
    }

    [Fact(Timeout = Deadline)]
    public async Task What_is_complete_stays_byte_for_byte()
    {
        await using var bench = new PickupBench(Stop);
        Assert.Null(await SendAsync(bench, Whole));
        var message = bench.OnlyMessage;
        Assert.Equal(("HTTP", "192.0.2.1", "a@sender.example"), (message.Protocol, message.ClientAddress, message.MailFrom));
        Assert.Equal(Whole, await bench.ContentAsync(message));
        Assert.Equal(BodyType.SevenBit, message.Body);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_missing_date_and_message_id_are_added()
    {
        await using var bench = new PickupBench(Stop);
        Assert.Null(await SendAsync(bench, "Subject: hello\r\n\r\nbody\r\n"));
        var id = new MessageId(bench.OnlyMessage.Id);
        Assert.Equal(
            $"Date: Fri, 2 Jan 2026 03:04:05 +0000\r\nMessage-ID: <{id}@hub.example>\r\nSubject: hello\r\n\r\nbody\r\n", await bench.ContentAsync(bench.OnlyMessage));
        Assert.Equal($"<{id}@hub.example>", bench.OnlyMessage.HeaderMessageId);
    }

    [Theory(Timeout = Deadline)]
    [InlineData("\n")]
    [InlineData("\r")]
    [InlineData("\r\n")]
    public async Task Every_way_to_end_a_line_becomes_CRLF(string end)
    {
        await using var bench = new PickupBench(Stop);
        var text = Whole + ".\r\n..\r\n\r\nlast line without an end";
        Assert.Null(await SendAsync(bench, text.Replace("\r\n", end, StringComparison.Ordinal)));
        Assert.Equal(text + "\r\n", await bench.ContentAsync(bench.OnlyMessage));
    }

    [Fact(Timeout = Deadline)]
    public async Task Bcc_is_taken_out_and_all_are_recipients()
    {
        await using var bench = new PickupBench(Stop);
        const string before = "Date: x\r\nMessage-ID: <1@x>\r\nFrom: \"A, B\" <a@sender.example>, other@sender.example\r\nTo: group: u@test.com,\r\n\tV <v@test.com>;\r\n", after = "cc: w@test.com\r\n\r\nBcc: in the body\r\n";
        Assert.Null(await SendAsync(bench, before + "bcc: x@test.com,\r\n y@test.com\r\nBCC : z@test.com\r\n" + after, from: null, to: []));
        Assert.Equal("a@sender.example", bench.OnlyMessage.MailFrom);
        Assert.Equal("uvwxyz", string.Concat(bench.OnlyMessage.Recipients.Select(recipient => recipient.Address[0]).Order()));
        Assert.Equal(before + after, await bench.ContentAsync(bench.OnlyMessage));
    }

    [Fact(Timeout = Deadline)]
    public async Task Sender_comes_before_From_and_what_was_resent_before_both()
    {
        await using var bench = new PickupBench(Stop);
        Assert.Null(await SendAsync(bench, "From: a@one.example\r\nSender: b@two.example\r\nTo: u@test.com\r\n\r\n", null, []));
        Assert.Equal("b@two.example", bench.OnlyMessage.MailFrom);
        Assert.Null(await SendAsync(bench,
            "Resent-From: c@three.example\r\nResent-To: v@test.com\r\nResent-Bcc: w@test.com\r\nFrom: a@one.example\r\nTo: u@test.com\r\n\r\n", null, []));
        var resent = bench.Mail.Queue.Messages[^1];
        Assert.Equal("c@three.example", resent.MailFrom);
        Assert.Equal(["v@test.com", "w@test.com"], resent.Recipients.Select(recipient => recipient.Address));
        Assert.DoesNotContain("w@test.com", await bench.ContentAsync(resent), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task Those_of_the_header_get_it_beside_those_that_were_named_only_when_that_is_wanted()
    {
        await using var bench = new PickupBench(Stop);
        const string content = "From: a@sender.example\r\nTo: u@test.com\r\n\r\n";
        Assert.Null(await SendAsync(bench, content, to: ["v@test.com"]));
        Assert.Equal(["v@test.com"], bench.OnlyMessage.Recipients.Select(recipient => recipient.Address));
        Assert.Null(await SendAsync(bench, content, to: ["v@test.com", "u@test.com"], headerRecipients: true));
        Assert.Equal(["v@test.com", "u@test.com"], bench.Mail.Queue.Messages[^1].Recipients.Select(recipient => recipient.Address));
    }

    [Fact(Timeout = Deadline)]
    public async Task Names_without_a_domain_belong_to_the_default_domain_and_the_null_sender_to_nobody()
    {
        await using var bench = new PickupBench(Stop);
        Assert.Null(await SendAsync(bench, Whole, "root", ["postmaster"]));
        Assert.Equal(("root@hub.example", "postmaster@hub.example"), (bench.OnlyMessage.MailFrom, bench.OnlyMessage.Recipients[0].Address));
        Assert.Null(await SendAsync(bench, Whole, "<>"));
        Assert.Equal("", bench.Mail.Queue.Messages[^1].MailFrom);
    }

    [Fact(Timeout = Deadline)]
    public async Task Octets_above_127_are_declared_and_addresses_with_them_need_SMTPUTF8()
    {
        await using var bench = new PickupBench(Stop);
        Assert.Null(await SendAsync(bench, Whole + "\u00e4\r\n"));
        Assert.Equal((BodyType.EightBitMime, false), (bench.OnlyMessage.Body, bench.OnlyMessage.SmtpUtf8));
        Assert.Null(await SendAsync(bench, Whole, to: ["ü@test.com"]));
        Assert.True(bench.Mail.Queue.Messages[^1].SmtpUtf8);
    }

    [Fact(Timeout = Deadline)]
    public async Task Large_content_is_a_file_in_Queue_and_one_that_is_refused_leaves_none()
    {
        await using var bench = new PickupBench(Stop);
        var large = Whole + string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 1000));
        Assert.Null(await SendAsync(bench, large));
        Assert.Equal(large, await bench.ContentAsync(bench.OnlyMessage));
        Assert.Single(Directory.GetFiles(bench.Mail.Site.Folders.Queue));
        bench.Mail.Configure(site => site.Settings = """{ "maxMessageSize": 500000 }""");
        Assert.Equal(ProblemKind.TooLarge, (await SendAsync(bench, large))!.Kind);
        using var unknownSize = new MemoryStream(Encoding.Latin1.GetBytes(large));
        Assert.Equal(ProblemKind.TooLarge, (await bench.Submission.SendAsync(1, "a@b.example", ["u@test.com"], false, null, unknownSize, Operator, Stop)).Problem!.Kind);
        Assert.Single(Directory.GetFiles(bench.Mail.Site.Folders.Queue));
    }

    [Fact(Timeout = Deadline)]
    public async Task It_is_refused_where_it_is_wrong_with_the_field_that_is()
    {
        await using var bench = new PickupBench(Stop);
        bench.Mail.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "never.example", Kind = DomainKind.Remote, Route = new() { Type = RouteType.Refuse } }));
        Assert.Contains("mailFrom", (await SendAsync(bench, Whole, "a@@b"))!.Errors.Keys);
        Assert.Contains("rcptTo", (await SendAsync(bench, Whole, to: ["u@test.com", ""]))!.Errors.Keys);
        Assert.Contains("rcptTo", (await SendAsync(bench, Whole, to: ["u@test.com", "u@never.example"]))!.Errors.Keys);
        Assert.Contains("content", (await SendAsync(bench, "no header\r\n"))!.Errors.Keys);
        Assert.Equal(ProblemKind.Forbidden, (await SendAsync(bench, Whole, actor: new("bob", Role.Viewer, "local")))!.Kind);
        bench.Mail.Queue.Trouble = new QueueUnavailableException("down");
        Assert.Equal(ProblemKind.Unavailable, (await SendAsync(bench, Whole))!.Kind);
        bench.Mail.Queue.Trouble = null;
        bench.Mail.Configure(_ => { }, SiteState.Stopped);
        Assert.Equal(ProblemKind.Conflict, (await SendAsync(bench, Whole))!.Kind);
        Assert.Empty(bench.Mail.Queue.Messages);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_message_is_composed_of_its_parts()
    {
        await using var bench = new PickupBench(Stop);
        var written = new ComposedMessage(
            "Ann Ä <ann@hub.example>", ["Bob <bob@test.com>", "c@test.com"], [], ["secret@test.com"], "Grüße", "Text\nzwei", "<p>Text</p>",
            [new("a b.txt", null, Encoding.UTF8.GetBytes("attached"))]).Write();
        await using var stream = written.Value!;
        Assert.Null((await bench.Submission.SendAsync(1, null, [], false, stream.Length, stream, Operator, Stop)).Problem);
        Assert.Equal(["bob@test.com", "c@test.com", "secret@test.com"], bench.OnlyMessage.Recipients.Select(recipient => recipient.Address));
        var content = await bench.ContentAsync(bench.OnlyMessage);
        Assert.DoesNotContain("secret", content, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", content.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        using var read = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(content)), Stop);
        Assert.Equal(("Grüße", "Ann Ä", "Text\nzwei"), (read.Subject, read.From[0].Name, read.TextBody?.Trim().ReplaceLineEndings("\n")));
        Assert.Equal("<p>Text</p>", read.HtmlBody?.Trim());
        Assert.Equal("a b.txt", Assert.IsType<TextPart>(Assert.Single(read.Attachments)).FileName);
        Assert.Single(read.Headers, header => header.Id is HeaderId.Date);
        Assert.EndsWith("@hub.example", read.MessageId, StringComparison.Ordinal);
    }

    [Theory(Timeout = Deadline)]
    [InlineData(5_000)]
    [InlineData(70_000)]
    public async Task A_composed_message_has_short_lines_of_ASCII(int length)
    {
        await using var bench = new PickupBench(Stop);
        var text = "Grüße 字 " + new string('x', length);
        var attached = Encoding.UTF8.GetBytes("ä" + new string('y', length));
        var written = new ComposedMessage("ann@hub.example", ["u@test.com"], [], [], "x", text, $"<p>{text}</p>", [new("a.txt", null, attached)]).Write();
        await using var stream = written.Value!;
        Assert.Null((await bench.Submission.SendAsync(1, null, [], false, stream.Length, stream, Operator, Stop)).Problem);
        Assert.Equal(BodyType.SevenBit, bench.OnlyMessage.Body);
        var content = await bench.ContentAsync(bench.OnlyMessage);
        Assert.All(content.Split("\r\n"), line => Assert.InRange(line.Length, 0, 998));
        Assert.True(Ascii.IsValid(content));
        using var read = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(content)), Stop);
        Assert.Equal((text, $"<p>{text}</p>"), (read.TextBody?.Trim(), read.HtmlBody?.Trim()));
        using var file = new MemoryStream();
        await Assert.IsType<TextPart>(Assert.Single(read.Attachments)).Content!.DecodeToAsync(file, Stop);
        Assert.Equal(attached, file.ToArray());
    }

    [Theory(Timeout = Deadline)]
    [InlineData("\u00ef\u00bb\u00bf")]
    [InlineData("\r\n\n")]
    [InlineData("\u00ef\u00bb\u00bf\r\n")]
    public async Task A_byte_order_mark_and_empty_lines_in_front_are_left_out(string front)
    {
        await using var bench = new PickupBench(Stop);
        Assert.Null(await SendAsync(bench, front + Whole));
        Assert.Equal(Whole, await bench.ContentAsync(bench.OnlyMessage));
        Assert.Equal(BodyType.SevenBit, bench.OnlyMessage.Body);
    }

    [Fact(Timeout = Deadline)]
    public async Task Source_routes_are_ignored()
    {
        await using var bench = new PickupBench(Stop);
        Assert.Null(await SendAsync(bench, Whole, "<@r1.example,@r2.example:a@sender.example>", ["<@r1.example:u@test.com>"]));
        Assert.Equal(("a@sender.example", "u@test.com"), (bench.OnlyMessage.MailFrom, bench.OnlyMessage.Recipients[0].Address));
        Assert.NotNull(await SendAsync(bench, Whole, to: ["<@r1..example:u@test.com>"]));
        bench.Put("one.eml", "x-sender: <@r1.example:b@sender.example>\r\nx-receiver: <@r1.example,@r2.example:v@test.com>\r\n" + Whole);
        await bench.TakeAsync();
        var message = bench.Mail.Queue.Messages[^1];
        Assert.Equal(("b@sender.example", "v@test.com"), (message.MailFrom, message.Recipients[0].Address));
    }

    [Fact(Timeout = Deadline)]
    public async Task Envelope_lines_below_other_fields_are_the_envelope_and_never_sent()
    {
        await using var bench = new PickupBench(Stop);
        bench.Put("one.eml", "From: c@sender.example\r\nX-Sender: a@sender.example\r\nTo: u@test.com\r\nX-Receiver: secret@test.com\r\n" + Whole);
        await bench.TakeAsync();
        Assert.Equal(("a@sender.example", "secret@test.com"), (bench.OnlyMessage.MailFrom, Assert.Single(bench.OnlyMessage.Recipients).Address));
        Assert.Equal("From: c@sender.example\r\nTo: u@test.com\r\n" + Whole, await bench.ContentAsync(bench.OnlyMessage));
        Assert.Null(await SendAsync(bench, "X-Receiver: secret@test.com\r\n" + Whole));
        Assert.Equal(Whole, await bench.ContentAsync(bench.Mail.Queue.Messages[^1]));
        Assert.Contains("content", (await SendAsync(bench, "X-Receiver: secret@test.com\r\nTo: u@test.com\r\n" + Whole, to: []))!.Errors.Keys);
    }

    [Fact]
    public void What_is_wrong_with_the_parts_is_said_by_field()
    {
        var wrong = new ComposedMessage("nobody@", [], [], ["x\r\nBcc: y@z.example"], "two\r\nlines", null, null, [new("", null, []), new("x", "no type", [])]).Write();
        Assert.Equal(["attachments[0].name", "attachments[1].contentType", "bcc", "from", "subject", "to"], wrong.Problem!.Errors.Keys.Order(StringComparer.Ordinal));
    }
}
