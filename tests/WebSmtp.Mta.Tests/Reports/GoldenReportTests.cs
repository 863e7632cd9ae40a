using System.Text;
using MimeKit;
using WebSmtp.Mta.Reports;

namespace WebSmtp.Mta.Tests.Reports;

/// <summary>Every kind of report, octet by octet. With UPDATE_GOLDEN=1 the files are written.</summary>
public sealed class GoldenReportTests
{
    public static TheoryData<string> Names => [.. ReportSamples.All.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task A_report_is_what_it_was(string name)
    {
        var (report, content) = ReportSamples.All[name];
        var written = await ReportSamples.WriteAsync(report, content);
        var path = Path.Combine(Folder(), $"{name}.eml");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") is "1") await File.WriteAllBytesAsync(path, written, TestContext.Current.CancellationToken);
        Assert.Equal(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), Encoding.UTF8.GetString(written));
    }

    static string Folder()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "WebSmtp.sln"))) folder = Path.GetDirectoryName(folder)!;
        return Path.Combine(folder, "tests", "WebSmtp.Mta.Tests", "Reports", "Golden");
    }

    [Theory, MemberData(nameof(Names))]
    public async Task A_report_is_mail_that_any_host_can_take(string name)
    {
        var (report, content) = ReportSamples.All[name];
        var written = await ReportSamples.WriteAsync(report, content);
        if (!report.IsGlobal) Assert.True(Ascii.IsValid(written), "octets above 127");
        var text = Encoding.UTF8.GetString(written);
        Assert.Equal(text.Count(c => c is '\n'), text.Split("\r\n").Length - 1);
        Assert.Equal(text.Count(c => c is '\r'), text.Split("\r\n").Length - 1);
        Assert.All(text.Split("\r\n"), line => Assert.True(line.Length <= 78, line));
    }

    [Theory, MemberData(nameof(Names))]
    public async Task A_report_says_to_programs_what_happened(string name)
    {
        var (report, content) = ReportSamples.All[name];
        var mail = ReportSamples.Parse(await ReportSamples.WriteAsync(report, content));
        var body = Assert.IsType<MultipartReport>(mail.Body);
        Assert.Equal(("delivery-status", 3), (body.ReportType, body.Count));
        Assert.Equal("auto-replied", mail.Headers["Auto-Submitted"]);
        Assert.Equal("postmaster@hub.example", mail.From.Mailboxes.Single().Address);
        Assert.Equal(report.Sender, mail.To.Mailboxes.Single().Address);
        Assert.Equal("lunch@sender.example", mail.InReplyTo);
        Assert.Equal(report.At, mail.Date);

        var fields = ReportSamples.Fields(mail);
        Assert.Equal(("dns; hub.example", "dns; client.example"), (fields[0]["Reporting-MTA"], fields[0]["Received-From-MTA"]));
        Assert.Equal(report.Recipients.Count + 1, fields.Count);
        foreach (var (one, said) in report.Recipients.Zip(fields.Skip(1)))
        {
            Assert.EndsWith($"; {one.Recipient.Address}", said["Final-Recipient"], StringComparison.Ordinal);
            Assert.Equal(report.Kind is ReportKind.Expired ? "failed" : report.Kind.ToString().ToLowerInvariant(), said["Action"]);
            Assert.Equal(one.Status(report.Kind).ToString(), said["Status"]);
        }
    }

    [Fact]
    public async Task What_the_sender_gave_comes_back()
    {
        var (report, content) = ReportSamples.All["failed"];
        var written = await ReportSamples.WriteAsync(report, content);
        var fields = ReportSamples.Fields(ReportSamples.Parse(written));
        Assert.Equal("QQ314159", fields[0]["Original-Envelope-Id"]);
        // Decoded: it came as xtext.
        Assert.Equal("rfc822; Bob+Lunch@away.example", fields[1]["Original-Recipient"]);
        Assert.Equal(("dns; mx10.away.example", "smtp; 550 5.1.1 User unknown"), (fields[1]["Remote-MTA"], fields[1]["Diagnostic-Code"]));
        Assert.Equal("5.0.0", fields[2]["Status"]);
        Assert.Contains(content, Encoding.UTF8.GetString(written), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_learns_where_a_folder_is()
    {
        var (report, content) = ReportSamples.All["delivered"];
        Assert.DoesNotContain("/data", Encoding.UTF8.GetString(await ReportSamples.WriteAsync(report, content)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_beyond_ascii_are_told_as_they_are()
    {
        var (report, content) = ReportSamples.All["failed-global"];
        var body = (MultipartReport)ReportSamples.Parse(await ReportSamples.WriteAsync(report, content)).Body!;
        Assert.Equal(["text/plain", "message/global-delivery-status", "message/global"], body.Select(part => part.ContentType.MimeType));
        using var status = new MemoryStream();
        await ((MimePart)body[1]!).Content!.DecodeToAsync(status, TestContext.Current.CancellationToken);
        var text = Encoding.UTF8.GetString(status.ToArray());
        Assert.Contains("Final-Recipient: utf-8; jürgen@away.example\r\n", text, StringComparison.Ordinal);
        Assert.Contains("Original-Recipient: utf-8; jürgen@away.example\r\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("a bare \n line feed")]
    [InlineData("long")]
    public async Task What_mail_cannot_carry_is_not_given_back(string body)
    {
        var (report, content) = ReportSamples.All["failed"];
        if (body is "long") body = new string('x', 1200);
        var written = Encoding.UTF8.GetString(await ReportSamples.WriteAsync(report, content + body + "\r\n"));
        Assert.Contains("Content-Type: text/rfc822-headers", written, StringComparison.Ordinal);
        Assert.Contains("The header of the message is attached.", written, StringComparison.Ordinal);
        Assert.DoesNotContain(body, written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_of_any_kind_and_length_makes_lines_that_mail_may_have()
    {
        var (report, _) = ReportSamples.All["failed"];
        var written = await ReportSamples.WriteAsync(report, $"Subject: {new string('ß', 3000)}\r\nX: {new string('y', 70_000)}\r\n\r\nbody\r\n");
        Assert.True(Ascii.IsValid(written));
        Assert.All(Encoding.ASCII.GetString(written).Split("\r\n"), line => Assert.True(line.Length <= 998));
        Assert.Equal(3, ((MultipartReport)ReportSamples.Parse(written).Body!).Count);
    }

    [Fact]
    public async Task Without_the_message_a_report_says_so()
    {
        var mail = ReportSamples.Parse(await ReportSamples.WriteAsync(ReportSamples.All["failed"].Report, null));
        Assert.Equal(2, ((MultipartReport)mail.Body!).Count);
        Assert.Contains("could not read it any more", ReportSamples.TextOf(mail).ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Equal("failed", ReportSamples.Fields(mail)[1]["Action"]);
    }

    [Fact]
    public async Task What_no_host_said_is_not_put_into_its_mouth()
    {
        var one = ReportSamples.Reported("bob@away.example", Mta.Queue.RecipientState.Expired, "451 4.4.2 the connection broke");
        one = new(one.Recipient, one.Settlement with { SaidBy = null }, one.Settings);
        var mail = ReportSamples.Parse(await ReportSamples.WriteAsync(ReportSamples.All["expired"].Report with { Recipients = [one] }, null));
        Assert.Equal("X-WebSmtp; 451 4.4.2 the connection broke", ReportSamples.Fields(mail)[1]["Diagnostic-Code"]);
        Assert.DoesNotContain("Remote-MTA", ReportSamples.Fields(mail)[1].Keys);
        Assert.DoesNotContain("said", ReportSamples.TextOf(mail), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_of_strangers_cannot_forge_fields()
    {
        var forged = ReportSamples.Reported("bob@away.example", Mta.Queue.RecipientState.Failed, "550 5.1.1 no\r\nAction: delivered\u0007", host: "evil\r\nX: y");
        var report = ReportSamples.All["failed"].Report with { Recipients = [forged] };
        var fields = ReportSamples.Fields(ReportSamples.Parse(await ReportSamples.WriteAsync(report, null)));
        Assert.Equal(("failed", 2), (fields[1]["Action"], fields.Count));
        Assert.DoesNotContain("X", fields[1].Keys);
    }
}
