using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using MimeKit;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Tests.Delivery;

namespace WebSmtp.Mta.Tests.Reports;

/// <summary>Reports on their way: from the reply of a host to the sender's own host.</summary>
public sealed class ReportingTests
{
    const int Deadline = 60_000;
    const string Sender = "a@sender.example";
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>away.example's host, and the host that takes what the sender is told.</summary>
    sealed record Scene(MailBench Bench, SinkHost Host, SinkHost Inbox) : IAsyncDisposable
    {
        public static async Task<Scene> BeginAsync()
        {
            var bench = new MailBench(Stop);
            bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "away.example", Kind = DomainKind.Remote, AllowRelay = true }));
            var scene = new Scene(bench, new(bench.Time), new(bench.Time));
            bench.Network.Mx("away.example", (10, "198.51.100.7"));
            bench.Network.Listen("198.51.100.7:25", scene.Host);
            bench.Network.Mx("sender.example", (10, "198.51.100.8"));
            bench.Network.Listen("198.51.100.8:25", scene.Inbox);
            await bench.Scheduler.StartAsync(Stop);
            return scene;
        }

        /// <summary>Waits until the sender was told so often.</summary>
        public async Task<IReadOnlyList<MimeMessage>> WhenToldAsync(int count = 1)
        {
            await Bench.WhenSettledAsync(() => Bench.Queue.Recipients.Count(one => one is { Address: Sender, State: RecipientState.Delivered }) >= count);
            Assert.Equal(count, Inbox.Taken.Count);
            return [.. Inbox.Taken.Select(taken => ReportSamples.Parse(Encoding.Latin1.GetBytes(taken.Content)))];
        }

        public Task WhenAsync(string address, RecipientState state, int attempts = 1) => Bench.WhenSettledAsync(
            () => Bench.Queue.Recipients.Any(one => one.Address == address && one.State == state && one.Attempts == attempts));

        /// <summary>A message with what the test says behind each recipient.</summary>
        public async Task SendAsync(string from, string content, params string[] recipients)
        {
            await using var talk = await Bench.HelloAsync();
            await talk.AskAsync($"MAIL FROM:{from}", "250");
            foreach (var recipient in recipients) await talk.AskAsync($"RCPT TO:{recipient}", "250");
            await talk.AskAsync("DATA", "354");
            await talk.SayAsync(content);
            await talk.AskAsync(".", "250");
        }

        public ValueTask DisposeAsync() => Bench.DisposeAsync();
    }

    [Fact(Timeout = Deadline)]
    public async Task A_sender_is_told_once_of_all_recipients_that_were_refused()
    {
        await using var scene = await Scene.BeginAsync();
        scene.Host.OnRecipient = to => to.StartsWith('u') ? new(550, 5, 1, 1, "No such user") : null;
        await scene.SendAsync($"<{Sender}> RET=FULL ENVID=QQ+2B1", "Subject: Hello\r\nMessage-ID: <h@sender.example>\r\n\r\nbody\r\n",
            "<u1@away.example> ORCPT=rfc822;U+2B1@away.example", "<v@away.example>", "<u2@away.example>");

        var mail = Assert.Single(await scene.WhenToldAsync());
        Assert.Equal(("", Sender), (scene.Inbox.Taken[0].From, Assert.Single(scene.Inbox.Taken[0].To)));
        Assert.Equal(("Delivery Status Notification (Failure)", "h@sender.example"), (mail.Subject, mail.InReplyTo));
        var fields = ReportSamples.Fields(mail);
        Assert.Equal("QQ+1", fields[0]["Original-Envelope-Id"]);
        Assert.Equal(["rfc822; u1@away.example", "rfc822; u2@away.example"], fields.Skip(1).Select(group => group["Final-Recipient"]));
        Assert.Equal("rfc822; U+1@away.example", fields[1]["Original-Recipient"]);
        Assert.Equal("smtp; 550 5.1.1 No such user", fields[1]["Diagnostic-Code"]);
        Assert.EndsWith("Subject: Hello\r\nMessage-ID: <h@sender.example>\r\n\r\nbody\r\n\r\n--" + ((Multipart)mail.Body!).Boundary + "--\r\n", scene.Inbox.Taken[0].Content, StringComparison.Ordinal);

        var original = scene.Bench.Queue.Messages.Single(message => message.MailFrom == Sender);
        var report = scene.Bench.Queue.Messages.Single(message => message.MailFrom == "");
        // The chart counts what its list has.
        Assert.Equal(2, scene.Bench.Traffic.Waiting().Sum(sample => sample.Count.Accepted));
        var trace = await scene.Bench.Queue.TraceAsync(new(original.Id), Stop);
        Assert.Equal($"Failure report {new MessageId(report.Id)} to {Sender}.", Assert.Single(trace, one => one.Event is "reported").Detail);
        Assert.Equal(0, scene.Bench.Queue.Contents);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_sender_is_told_of_a_delay_once_after_twelve_hours_and_of_the_end_after_two_days()
    {
        await using var scene = await Scene.BeginAsync();
        var (bench, began) = (scene.Bench, scene.Bench.Time.GetUtcNow());
        scene.Host.OnRecipient = _ => new(450, 4, 2, 1, "Busy");
        await bench.ReceiveAsync("Subject: x\r\n\r\nbody\r\n", "u@away.example");
        var told = new List<(double Hours, string Subject)>();
        for (var (attempt, over) = (1, false); !over; attempt++)
        {
            await bench.WhenSettledAsync(() => bench.Queue["u@away.example"].Attempts == attempt);
            var reports = bench.Queue.Messages.Count(message => message.MailFrom == "");
            for (var mails = await scene.WhenToldAsync(reports); told.Count < reports;)
                told.Add(((bench.Time.GetUtcNow() - began).TotalHours, mails[told.Count].Subject!));
            over = bench.Queue["u@away.example"].State is RecipientState.Expired;
            if (bench.Queue["u@away.example"].DueAt is { } due) bench.Time.Advance(due - bench.Time.GetUtcNow());
        }
        Assert.Equal([(12, "Delivery Status Notification (Delay)"), (48, "Delivery Status Notification (Failure)")], told);
        var fields = ReportSamples.Fields((await scene.WhenToldAsync(2))[0])[1];
        Assert.Equal(("delayed", "4.2.1", "Sun, 04 Jan 2026 03:04:05 +0000"), (fields["Action"], fields["Status"], fields["Will-Retry-Until"]));
        fields = ReportSamples.Fields((await scene.WhenToldAsync(2))[1])[1];
        Assert.Equal(("failed", "4.4.7", "smtp; 450 4.2.1 Busy"), (fields["Action"], fields["Status"], fields["Diagnostic-Code"]));
    }

    [Fact(Timeout = Deadline)]
    public async Task Success_is_told_where_mail_arrives_or_where_nobody_else_would_tell()
    {
        await using var scene = await Scene.BeginAsync();
        var bench = scene.Bench;
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "old.example", Kind = DomainKind.Remote, AllowRelay = true }));
        bench.Network.Mx("old.example", (10, "198.51.100.9"));
        bench.Network.Listen("198.51.100.9:25", OldHostAsync);
        await scene.SendAsync($"<{Sender}>", "x\r\n", "<u@hub.example> NOTIFY=SUCCESS", "<u@away.example> NOTIFY=SUCCESS", "<u@old.example> NOTIFY=SUCCESS", "<v@old.example> NOTIFY=FAILURE", "<w@old.example>");
        var told = (await scene.WhenToldAsync(2)).Select(ReportSamples.Fields).ToDictionary(fields => fields[1]["Action"], fields => fields[^1]["Final-Recipient"]);
        Assert.Equal(("rfc822; u@hub.example", "rfc822; u@old.example"), (told["delivered"], told["relayed"]));
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(one => one.State is RecipientState.Delivered));
        Assert.Equal(2, scene.Inbox.Taken.Count);
    }

    /// <summary>A host without any extension.</summary>
    static async Task OldHostAsync(IDuplexPipe pipe)
    {
        await using var talk = new Talk(pipe);
        await talk.SayAsync("220 old.example\r\n");
        var content = false;
        while (await talk.LineAsync() is { } line)
        {
            if (content && line is not ".") continue;
            content = line is "DATA";
            await talk.SayAsync(line switch { ['E', ..] => "500 what\r\n", "DATA" => "354 go on\r\n", _ => "250 ok\r\n" });
        }
    }

    [Fact(Timeout = Deadline)]
    public async Task Collected_mail_is_told_of_by_the_same_rules()
    {
        await using var bench = new MailBench(Stop);
        await using (var talk = await bench.HelloAsync())
        {
            await talk.AskAsync($"MAIL FROM:<{Sender}>", "250");
            await talk.AskAsync("RCPT TO:<u@test.com> NOTIFY=SUCCESS,FAILURE", "250");
            await talk.AskAsync("RCPT TO:<v@test.com> NOTIFY=SUCCESS,FAILURE", "250");
            await talk.AskAsync("DATA", "354");
            await talk.AskAsync("x\r\n.", "250");
        }
        await using (var talk = await bench.HelloAsync("testserver"))
        {
            await talk.AskAsync("TURN", "250");
            await talk.SayAsync("220 branch.example\r\n");
            while (await talk.LineAsync() is { } line && line is not "QUIT")
            {
                await talk.SayAsync(line switch
                {
                    ['E', ..] => "250 branch.example\r\n",
                    "DATA" => "354 go on\r\n",
                    "RCPT TO:<v@test.com>" => "550 5.1.1 Unknown\r\n",
                    _ when line.StartsWith("MAIL", StringComparison.Ordinal) || line.StartsWith("RCPT", StringComparison.Ordinal) || line is "." => "250 ok\r\n",
                    _ => "",
                });
            }
            await talk.SayAsync("221 bye\r\n");
        }
        await bench.WhenEndedAsync();
        var reports = bench.Queue.Recipients.Where(one => one.Address == Sender).ToList();
        Assert.Equal(2, reports.Count);
        var actions = new List<string>();
        foreach (var report in reports)
        {
            var content = (await bench.Queue.ReadContentAsync(new(report.MessageId), Stop))!.Value.ToArray();
            actions.Add(ReportSamples.Fields(ReportSamples.Parse(content))[1]["Action"]);
        }
        Assert.Equal(["failed", "relayed"], actions.Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Deadline)]
    public async Task The_postmaster_gets_a_copy_of_failures_when_the_site_says_so()
    {
        await using var scene = await Scene.BeginAsync();
        scene.Bench.Configure(site => site.Settings = """{"postmasterCopyTo": "postmaster"}""");
        scene.Host.OnRecipient = _ => new(550, 5, 1, 1, "No such user");
        await scene.Bench.ReceiveAsync("x\r\n", "u@away.example");
        await scene.WhenToldAsync();
        await scene.WhenAsync("postmaster@hub.example", RecipientState.Delivered);
        var copy = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(scene.Bench.Site.Folders.Drop)), Stop);
        Assert.Equal($"x-sender: <>\r\nx-receiver: postmaster@hub.example\r\n{scene.Inbox.Taken[0].Content}", copy);
    }

    [Fact(Timeout = Deadline)]
    public async Task Large_messages_come_back_as_far_as_the_site_allows()
    {
        await using var scene = await Scene.BeginAsync();
        scene.Host.OnRecipient = _ => new(550, 5, 1, 1, "No such user");
        var large = "Subject: large\r\n\r\n" + string.Concat(Enumerable.Repeat("0123456789\r\n", 20_000));
        await scene.Bench.ReceiveAsync(large, "u@away.example");
        await scene.WhenToldAsync();
        Assert.Contains(large, scene.Inbox.Taken[0].Content, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(scene.Bench.Site.Folders.Queue));

        scene.Bench.Configure(site => site.Settings = """{"maxReportSize": 200000}""");
        await scene.Bench.ReceiveAsync(large, "u@away.example");
        var mail = (await scene.WhenToldAsync(2))[1];
        Assert.Equal("text/rfc822-headers", ((Multipart)mail.Body!)[2].ContentType.MimeType);
        Assert.True(scene.Inbox.Taken[1].Content.Length < 10_000);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_message_that_cannot_be_read_any_more_is_still_reported()
    {
        await using var scene = await Scene.BeginAsync();
        var bench = scene.Bench;
        scene.Host.OnRecipient = _ => new(450, 4, 2, 1, "Busy");
        await bench.ReceiveAsync(string.Concat(Enumerable.Repeat("0123456789\r\n", 20_000)), "u@away.example");
        await scene.WhenAsync("u@away.example", RecipientState.Queued);
        foreach (var file in Directory.GetFiles(bench.Site.Folders.Queue)) File.Delete(file);
        bench.ConfigureRoute("away.example", _ => new() { Type = RouteType.Refuse });
        bench.Time.Advance(TimeSpan.FromMinutes(15));
        var mail = Assert.Single(await scene.WhenToldAsync());
        Assert.Equal(2, ((Multipart)mail.Body!).Count);
        Assert.Equal("X-WebSmtp; 550 5.7.1 Mail for this domain is not taken any more", ReportSamples.Fields(mail)[1]["Diagnostic-Code"]);
    }

    [Fact(Timeout = Deadline)]
    public async Task Trouble_of_the_store_neither_loses_the_report_nor_doubles_it()
    {
        await using var bench = new MailBench(Stop);
        await bench.ReceiveAsync("x\r\n", "u@test.com");
        var leased = await bench.Queue.LeaseHeldAsync(new("n0/x", bench.Time.GetUtcNow().AddHours(1)), 1, ["test.com"], 1, Stop);
        bench.Queue.Trouble = new QueueFullException();
        var entry = leased[0].Recipients[0];
        var end = new Settlement(entry.Id, new(entry.MessageId), "n0/x", RecipientState.Failed, null, "550 5.1.1 No", null, true, new() { Event = "failed" });
        var writing = bench.Settling.WriteAsync(leased[0], [end], Stop);
        for (var n = 0; n < 3; n++) bench.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(writing.IsCompleted);
        Assert.Single(bench.Queue.Messages);
        bench.Queue.Trouble = null;
        while (!writing.IsCompleted)
        {
            bench.Time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }
        await bench.Settling.WriteAsync(leased[0], [end], Stop);
        Assert.Equal((2, 1), (bench.Queue.Messages.Count, bench.Queue.Recipients.Count(one => one.Address == Sender)));
    }

    [Fact(Timeout = Deadline)]
    public async Task Held_mail_that_nobody_collected_is_reported_and_a_held_sender_is_told_when_it_collects()
    {
        await using var bench = new MailBench(Stop);
        bench.ConfigureRoute("test.com", route => route with { MaxAge = TimeSpan.FromDays(3) });
        await using (var talk = await bench.HelloAsync()) await talk.SendAsync("me@test.com", ["u@test.com"], "x\r\n");
        using var upkeep = new QueueUpkeep(bench.Sites, bench.Queue, bench.Records, bench.Spool, bench.Settling, bench.Events, bench.Ids, bench.Time, NullLogger<QueueUpkeep>.Instance);
        bench.Time.Advance(TimeSpan.FromDays(3) + TimeSpan.FromSeconds(1));
        await upkeep.TidyAsync(Stop);
        Assert.Equal(RecipientState.Expired, bench.Queue["u@test.com"].State);
        var report = bench.Queue["me@test.com"];
        Assert.Equal(RecipientState.Held, report.State);
        var mail = ReportSamples.Parse((await bench.Queue.ReadContentAsync(new(report.MessageId), Stop))!.Value.ToArray());
        Assert.Equal("4.4.7", ReportSamples.Fields(mail)[1]["Status"]);
        Assert.Contains("fetches it", ReportSamples.TextOf(mail), StringComparison.Ordinal);

        // The report itself is without a sender: it ends in Badmail, and nothing comes of that.
        bench.Time.Advance(TimeSpan.FromDays(4));
        await upkeep.TidyAsync(Stop);
        Assert.Equal(RecipientState.Expired, bench.Queue["me@test.com"].State);
        Assert.Equal(2, bench.Queue.Messages.Count);
        Assert.Equal(2, Directory.GetFiles(bench.Site.Folders.Badmail).Length);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_host_that_nobody_could_reach_is_not_said_to_have_said_so()
    {
        await using var scene = await Scene.BeginAsync();
        scene.Bench.Configure(site => site.Settings = """{"expireAfter": "PT10M"}""");
        scene.Bench.Network.Mx("away.example", (10, "198.51.100.9"));
        await scene.SendAsync($"<{Sender}>", "Subject: x\r\n\r\nbody\r\n", "<u1@away.example>");
        await scene.WhenAsync("u1@away.example", RecipientState.Queued);
        scene.Bench.Time.Advance(TimeSpan.FromMinutes(11));
        scene.Bench.Scheduler.Wake();

        var mail = Assert.Single(await scene.WhenToldAsync());
        var fields = ReportSamples.Fields(mail)[1];
        Assert.Equal("X-WebSmtp; 451 4.4.1 mx10.away.example [198.51.100.9]:25: connection refused", fields["Diagnostic-Code"]);
        Assert.DoesNotContain("Remote-MTA", fields.Keys);
        Assert.DoesNotContain(" said", ReportSamples.TextOf(mail), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task All_that_wait_for_a_host_are_told_its_words()
    {
        await using var scene = await Scene.BeginAsync();
        scene.Bench.Configure(site => site.Settings = """{"expireAfter": "PT10M"}""");
        scene.Bench.Network.Listen("198.51.100.7:25", new ScriptedHost("greeting", "450 4.7.1 not yet").ServeAsync);
        await scene.SendAsync($"<{Sender}>", "Subject: x\r\n\r\nbody\r\n", "<u1@away.example>");
        await scene.WhenAsync("u1@away.example", RecipientState.Queued);
        await scene.SendAsync($"<{Sender}>", "Subject: x\r\n\r\nbody\r\n", "<u2@away.example>");
        scene.Bench.Time.Advance(TimeSpan.FromMinutes(11));
        scene.Bench.Scheduler.Wake();

        foreach (var mail in await scene.WhenToldAsync(2))
        {
            Assert.Equal(("dns; mx10.away.example", "smtp; 450 4.7.1 not yet"), (ReportSamples.Fields(mail)[1]["Remote-MTA"], ReportSamples.Fields(mail)[1]["Diagnostic-Code"]));
            Assert.Contains("The server mx10.away.example said:", ReportSamples.TextOf(mail), StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = Deadline)]
    public async Task Nobody_outside_learns_how_this_server_logs_in()
    {
        await using var scene = await Scene.BeginAsync();
        scene.Bench.Configure(site => site.Settings = """{"delayNotificationAfter": "PT1H"}""");
        var auth = new Mta.SmartHosts.SmartHostAuth { Type = Mta.SmartHosts.SmartHostAuthType.Password, Username = "hub-user", Password = "secret"u8.ToArray() };
        scene.Bench.SmartHosts.Set([new() { Name = "primary", Target = new("[198.51.100.9]", Tls: Mta.SmartHosts.HostTls.None) { Auth = auth } }]);
        scene.Bench.ConfigureRoute("away.example", _ => new() { Type = RouteType.SmartHost, SmartHost = new() { Use = ["primary"] } });
        scene.Bench.Network.Listen("198.51.100.9:25", new ScriptedHost("auth", "535 5.7.8 hub-user is locked") { Keywords = ["AUTH PLAIN"] }.ServeAsync);
        await scene.SendAsync($"<{Sender}>", "Subject: x\r\n\r\nbody\r\n", "<u1@away.example>");
        await scene.Bench.WhenSettledAsync(() => scene.Bench.Queue["u1@away.example"] is { State: RecipientState.Queued, LastReply: not null });
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (scene.Inbox.Taken.Count == 0)
        {
            scene.Bench.Time.Advance(TimeSpan.FromMinutes(1));
            scene.Bench.Scheduler.Wake();
            await pace.WaitForNextTickAsync(Stop);
        }

        var mail = Assert.Single(await scene.WhenToldAsync());
        Assert.Equal("delayed", ReportSamples.Fields(mail)[1]["Action"]);
        Assert.DoesNotContain("hub-user", scene.Inbox.Taken[0].Content, StringComparison.Ordinal);
        Assert.DoesNotContain("198.51.100.9", scene.Inbox.Taken[0].Content, StringComparison.Ordinal);
        Assert.Contains("for a reason of its own", ReportSamples.TextOf(mail).ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact(Timeout = Deadline)]
    public async Task What_this_server_could_not_hand_on_is_its_own_to_explain()
    {
        await using var scene = await Scene.BeginAsync();
        // It knows nothing of internationalized mail.
        var host = new ScriptedHost("nothing", "");
        scene.Bench.Network.Listen("198.51.100.7:25", host.ServeAsync);
        await scene.SendAsync($"<{Sender}> SMTPUTF8", "Subject: x\r\n\r\nbody\r\n", Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("<ü1@away.example>")), "<u2@away.example>");
        var mail = Assert.Single(await scene.WhenToldAsync());
        Assert.StartsWith("X-WebSmtp; 550 5.6.7", ReportSamples.Fields(mail)[1]["Diagnostic-Code"], StringComparison.Ordinal);
        Assert.DoesNotContain(" said", ReportSamples.TextOf(mail), StringComparison.Ordinal);
        Assert.Equal(1, host.Taken);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_report_to_an_alias_domain_comes_to_the_mailbox_of_the_default_domain()
    {
        await using var scene = await Scene.BeginAsync();
        scene.Bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "alias.example", Kind = DomainKind.Alias }));
        scene.Host.OnRecipient = _ => new(550, 5, 1, 1, "No such user");
        await scene.SendAsync("<a@alias.example>", "Subject: x\r\n\r\nbody\r\n", "<u1@away.example>");
        await scene.Bench.WhenSettledAsync(() => scene.Bench.Queue.Recipients.Any(one => one.Address == "a@hub.example"));
    }
}
