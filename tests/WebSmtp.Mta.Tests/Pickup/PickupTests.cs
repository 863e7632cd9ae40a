using System.Net.Mail;
using System.Text;
using WebSmtp.Mta.Pickup;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Pickup;

public sealed class PickupTests
{
    const int Deadline = 60_000;
    const string Header = "Date: Fri, 2 Jan 2026 03:04:05 +0000\r\nMessage-ID: <1@sender.example>\r\nSubject: hello\r\n";
    const string Simple = "x-sender: a@sender.example\r\nx-receiver: u@test.com\r\n" + Header + "\r\nbody\r\n";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_is_put_there_is_sent_and_gone()
    {
        await using var bench = new PickupBench(Stop);
        bench.Put("one.eml", Simple);
        await bench.TakeAsync();
        var message = bench.OnlyMessage;
        Assert.Equal("a@sender.example", message.MailFrom);
        Assert.Equal(("u@test.com", RecipientState.Held), (message.Recipients[0].Address, message.Recipients[0].State));
        Assert.Equal(("Pickup", "hello"), (message.Protocol, message.Subject));
        Assert.Equal(Header + "\r\nbody\r\n", await bench.ContentAsync(message));
        Assert.Empty(bench.Left);
        Assert.Empty(bench.Bad);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_is_left_alone_while_it_grows()
    {
        await using var bench = new PickupBench(Stop);
        var path = bench.Put("slow.eml", Simple[..20]);
        for (var length = 21; length <= Simple.Length; length++)
        {
            await bench.LookAfterAsync(PickupFolder.Settle);
            bench.Put("slow.eml", Simple[..length]);
        }
        Assert.True(File.Exists(path));
        Assert.Empty(bench.Mail.Queue.Messages);
        await bench.TakeAsync();
        Assert.EndsWith("\r\n\r\nbody\r\n", await bench.ContentAsync(bench.OnlyMessage), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_somebody_has_open_is_left_until_it_is_closed()
    {
        await using var bench = new PickupBench(Stop);
        var path = bench.Put("open.eml", Simple);
        await using (File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            await bench.TakeAsync();
            await bench.TakeAsync();
            Assert.Equal(["open.eml"], bench.Left);
        }
        await bench.TakeAsync();
        Assert.Equal(1, bench.OnlyMessage.LiveRecipients);
    }

    [Theory(Timeout = Deadline)]
    [InlineData(".hidden.eml")]
    [InlineData("one.tmp")]
    [InlineData("ONE.TMP")]
    public async Task Names_of_unfinished_files_are_left_alone(string name)
    {
        await using var bench = new PickupBench(Stop);
        bench.Put(name, Simple);
        await bench.TakeAsync();
        await bench.LookAfterAsync(TimeSpan.FromHours(1));
        Assert.Equal([name], bench.Left);
        Assert.Empty(bench.Mail.Queue.Messages);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_crash_before_the_commit_loses_nothing_and_one_after_it_repeats_nothing()
    {
        await using var bench = new PickupBench(Stop);
        bench.Put("one.eml", Simple);
        bench.Mail.Queue.Trouble = new QueueUnavailableException("down");
        await bench.TakeAsync();
        var taken = Path.Combine(bench.TakenFolder, Assert.Single(bench.Left));
        File.Copy(taken, Path.Combine(bench.Mail.DataDirectory, "copy"));

        // Killed between taking and commit.
        bench.Mail.Queue.Trouble = null;
        bench.Restart();
        await bench.LookAsync();
        Assert.Equal(Path.GetFileName(taken)[..13], new MessageId(bench.OnlyMessage.Id).ToString());
        Assert.Empty(bench.Left);

        // Killed between commit and deletion; the message may have been delivered meanwhile.
        File.Move(Path.Combine(bench.Mail.DataDirectory, "copy"), taken);
        await bench.Mail.Queue.DeleteAsync(new(bench.OnlyMessage.Id), "test");
        bench.Restart();
        await bench.LookAsync();
        Assert.Equal(0, bench.OnlyMessage.LiveRecipients);
        Assert.Empty(bench.Left);
        Assert.Empty(bench.Bad);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_was_written_late_survives_a_crash_after_the_commit()
    {
        await using var bench = new PickupBench(Stop);
        bench.Put("one.eml", Simple);
        bench.Mail.Queue.Trouble = new QueueUnavailableException("down");
        await bench.TakeAsync();
        var taken = Path.Combine(bench.TakenFolder, Assert.Single(bench.Left));
        File.Copy(taken, Path.Combine(bench.Mail.DataDirectory, "copy"));
        bench.Mail.Queue.Trouble = null;
        bench.Restart();
        await bench.LookAsync();

        // Killed after the commit; its writer, who had it open, went on.
        File.Move(Path.Combine(bench.Mail.DataDirectory, "copy"), taken);
        await File.AppendAllTextAsync(taken, "the rest", Stop);
        bench.Restart();
        await bench.LookAsync();

        Assert.Single(bench.Mail.Queue.Messages);
        Assert.Empty(bench.Left);
        Assert.Equal(Simple + "the rest", await File.ReadAllTextAsync(Assert.Single(bench.Bad), Stop));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_the_queue_may_have_forgotten_is_not_sent_on_a_guess()
    {
        await using var bench = new PickupBench(Stop);
        bench.Put("one.eml", Simple);
        bench.Mail.Queue.Trouble = new QueueUnavailableException("down");
        await bench.TakeAsync();
        bench.Mail.Queue.Trouble = null;
        bench.Restart();
        await bench.LookAfterAsync(TimeSpan.FromDays(31));
        Assert.Empty(bench.Mail.Queue.Messages);
        Assert.Empty(bench.Left);
        Assert.Equal(Simple, await File.ReadAllTextAsync(Assert.Single(bench.Bad), Stop));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_queue_in_trouble_is_asked_again_later()
    {
        await using var bench = new PickupBench(Stop);
        bench.Put("one.eml", Simple);
        bench.Put("two.eml", Simple);
        bench.Mail.Queue.Trouble = new QueueFullException("full");
        await bench.TakeAsync();
        Assert.Equal(2, bench.Left.Length);
        bench.Mail.Queue.Trouble = null;
        await bench.LookAfterAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(bench.Mail.Queue.Messages);
        await bench.LookAfterAsync(TakenFiles.RetryAfter);
        Assert.Equal(2, bench.Mail.Queue.Messages.Count);
        Assert.Empty(bench.Left);
        Assert.Empty(bench.Bad);
    }

    [Fact(Timeout = Deadline)]
    public async Task Two_hundred_files_at_once_are_two_hundred_messages()
    {
        await using var bench = new PickupBench(Stop);
        for (var n = 0; n < 200; n++) bench.Put($"{n}.eml", Simple.Replace("hello", $"hello {n}", StringComparison.Ordinal));
        await bench.TakeAsync();
        Assert.Equal(200, bench.Mail.Queue.Messages.Select(message => message.Subject).Distinct().Count());
        Assert.Equal(200, bench.Mail.Queue.Messages.Count);
        Assert.Empty(bench.Left);
    }

    [Theory(Timeout = Deadline)]
    [InlineData("just some text\r\n", "Line 1 is no header field")]
    [InlineData("Subject: x\r\nno field\r\n\r\nbody\r\n", "Line 2 is no header field")]
    [InlineData("From: a@sender.example\r\nSubject: x\r\n\r\nbody\r\n", "There is no recipient")]
    [InlineData("To: u@test.com\r\n\r\nbody\r\n", "There is no sender")]
    [InlineData("From: a@sender.example\r\nTo: u@@test..com\r\n\r\nbody\r\n", "To")]
    [InlineData("x-sender: a@sender.example\r\nx-receiver: u@test.com\r\n\r\nbody\r\n", "There is no header")]
    [InlineData("x-sender: a b\r\nx-receiver: u@test.com\r\nSubject: x\r\n\r\nbody\r\n", "x-sender is not an address: a b")]
    [InlineData("x-sender: a@sender.example\r\nx-receiver: <>\r\nSubject: x\r\n\r\nbody\r\n", "x-receiver is not an address")]
    [InlineData("\r\nbody\r\n", "Line 1 is no header field")]
    [InlineData("x-receiver: u@test.com\r\nFrom: a@sender.example\r\nx-receiver: v@test.com\r\n\r\nbody\r\n", "x-receiver lines on top and others")]
    public async Task A_bad_file_goes_to_Badmail_with_the_reason_beside_it(string content, string reason)
    {
        await using var bench = new PickupBench(Stop);
        bench.Put("bad one.eml", content);
        await bench.TakeAsync();
        Assert.Empty(bench.Mail.Queue.Messages);
        Assert.Empty(bench.Left);
        var bad = Assert.Single(bench.Bad);
        Assert.EndsWith("-bad one.bad", bad, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(bad, Stop));
        Assert.Contains(reason, await File.ReadAllTextAsync(Path.ChangeExtension(bad, ".bdr"), Stop), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_is_too_large_goes_to_Badmail_and_so_does_one_with_too_many_hops()
    {
        await using var bench = new PickupBench(Stop);
        bench.Mail.Configure(site => site.Settings = """{ "maxMessageSize": 2000, "maxHops": 3 }""");
        bench.Put("large.eml", Simple + new string('x', 2000));
        bench.Put("loop.eml", Simple.Replace("Subject", "Received: x\r\nReceived: x\r\nReceived: x\r\nReceived: x\r\nSubject", StringComparison.Ordinal));
        await bench.TakeAsync();
        Assert.Empty(bench.Mail.Queue.Messages);
        var reasons = Directory.GetFiles(bench.Mail.Site.Folders.Badmail, "*.bdr").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToList();
        Assert.Contains(reasons, reason => reason.Contains("exceeds the limit of 2000 bytes", StringComparison.Ordinal));
        Assert.Contains(reasons, reason => reason.Contains("Too many hops", StringComparison.Ordinal));
        Assert.Equal(2, reasons.Count);
        Assert.Empty(bench.Left);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_file_that_cannot_be_taken_away_is_refused_once_and_never_sent()
    {
        await using var bench = new PickupBench(Stop);
        bench.Move = (_, _) => throw new UnauthorizedAccessException();
        bench.Put("protected.eml", Simple);
        await bench.TakeAsync();
        Assert.Equal(Simple, await File.ReadAllTextAsync(Assert.Single(bench.Bad), Stop));
        File.Delete(bench.Bad[0]);
        for (var n = 0; n < 3; n++) await bench.TakeAsync();
        bench.Restart();
        for (var n = 0; n < 3; n++) await bench.TakeAsync();
        Assert.Empty(bench.Bad);
        Assert.Empty(bench.Mail.Queue.Messages);
        Assert.Equal(["protected.eml"], bench.Left);
    }

    [Fact(Timeout = Deadline)]
    public async Task Links_and_pipes_are_refused_unopened()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var bench = new PickupBench(Stop);
        var secret = Path.Combine(bench.Mail.DataDirectory, "secret");
        await File.WriteAllTextAsync(secret, Simple, Stop);
        File.CreateSymbolicLink(Path.Combine(bench.Folder, "link.eml"), secret);
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", Path.Combine(bench.Folder, "pipe.eml"))) await mkfifo.WaitForExitAsync(Stop);
        await bench.TakeAsync();
        await bench.LookAfterAsync(PickupFolder.EmptyFor);
        Assert.Empty(bench.Left);
        Assert.Equal(2, bench.Bad.Length);
        Assert.All(bench.Bad, bad => Assert.Equal(0, new FileInfo(bad).Length));
        Assert.True(File.Exists(secret));
        Assert.Empty(bench.Mail.Queue.Messages);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_full_quota_keeps_the_file_until_there_is_room()
    {
        await using var bench = new PickupBench(Stop);
        bench.Mail.ConfigureRoute("test.com", route => route with { MaxMessages = 1 });
        bench.Put("one.eml", Simple);
        await bench.TakeAsync();
        var first = bench.OnlyMessage;
        bench.Put("two.eml", Simple);
        bench.Put("other.eml", Simple.Replace("u@test.com", "u@elsewhere.example", StringComparison.Ordinal));
        await bench.TakeAsync();
        Assert.EndsWith("-two.eml", Assert.Single(bench.Left), StringComparison.Ordinal);
        Assert.Equal(2, bench.Mail.Queue.Messages.Count);
        await bench.Mail.Queue.DeleteAsync(new(first.Id), "test");
        await bench.LookAfterAsync(TakenFiles.RetryAfter);
        Assert.Equal(3, bench.Mail.Queue.Messages.Count);
        Assert.Empty(bench.Left);
    }

    [Theory(Timeout = Deadline)]
    [InlineData(SiteState.Running, true, true)]
    [InlineData(SiteState.Paused, true, true)]
    [InlineData(SiteState.Stopped, true, false)]
    [InlineData(SiteState.Failed, true, false)]
    [InlineData(SiteState.Running, false, false)]
    public async Task Sites_that_run_or_are_paused_take_files_unless_they_are_told_not_to(SiteState state, bool enabled, bool takes)
    {
        await using var bench = new PickupBench(Stop);
        bench.Mail.Configure(site => site.Settings = $$"""{ "pickupEnabled": {{(enabled ? "true" : "false")}} }""", state);
        bench.Put("one.eml", Simple);
        await bench.TakeAsync();
        Assert.Equal(takes ? 1 : 0, bench.Mail.Queue.Messages.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task Files_of_the_framework_s_own_client_are_sent()
    {
        await using var bench = new PickupBench(Stop);
        using (var client = new SmtpClient { DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory, PickupDirectoryLocation = bench.Folder })
        using (var mail = new MailMessage("a@sender.example", "u@test.com", "Grüße", "Line one\r\n.dot\r\n"))
        {
            mail.BodyTransferEncoding = System.Net.Mime.TransferEncoding.SevenBit;
            mail.Bcc.Add("secret@test.com");
            mail.To.Add(new MailAddress("v@test.com", "A rather long name that makes the field longer than one line may be, and longer still"));
            client.Send(mail);
        }
        await bench.TakeAsync();
        var message = bench.OnlyMessage;
        Assert.Equal("a@sender.example", message.MailFrom);
        Assert.Equal(["secret@test.com", "u@test.com", "v@test.com"], message.Recipients.Select(recipient => recipient.Address).Order(StringComparer.Ordinal));
        Assert.Equal("Grüße", message.Subject);
        var content = await bench.ContentAsync(message);
        Assert.DoesNotContain("secret", content, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-receiver", content, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\r\n.dot\r\n", content, StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task An_export_is_picked_up_byte_for_byte()
    {
        await using var bench = new PickupBench(Stop);
        var large = "Subject: large\r\n\r\n" + string.Concat(Enumerable.Range(0, 8000).Select(n => $".line {n} \u00e4\u00f6\r\n..two\r\n\r\n.\r\n"));
        await bench.Mail.ReceiveAsync(large.Replace("\r\n.", "\r\n..", StringComparison.Ordinal), " BODY=8BITMIME", ["u@test.com", "v@hub.example"]);
        var original = bench.OnlyMessage;
        var stored = await File.ReadAllBytesAsync(Path.Combine(bench.Mail.DataDirectory, original.ContentPath!), Stop);
        var export = new Mta.Delivery.MailExport(
            bench.Mail.Queue, bench.Mail.Spool, bench.Mail.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<Mta.Delivery.MailExport>.Instance);
        var (count, folder) = await export.ExportSiteAsync(bench.Mail.Site, Stop);
        Assert.Equal(1, count);
        foreach (var file in Directory.GetFiles(folder)) File.Move(file, Path.Combine(bench.Folder, Path.GetFileName(file)));
        await bench.TakeAsync();
        var again = bench.Mail.Queue.Messages.Single(message => message.Id != original.Id);
        Assert.Equal(original.MailFrom, again.MailFrom);
        Assert.Equal(original.Recipients.Select(recipient => recipient.Address), again.Recipients.Select(recipient => recipient.Address));
        var content = await bench.ContentAsync(again);
        // The Date and Message-ID that the original lacks come first.
        var added = content.IndexOf("Received: from client.example", StringComparison.Ordinal);
        Assert.Equal(["Date", "Message-ID"], content[..added].Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':')[0]));
        Assert.Equal(Encoding.Latin1.GetString(stored), content[added..]);
        Assert.Equal(Smtp.BodyType.EightBitMime, again.Body);
    }
}
