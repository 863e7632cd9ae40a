namespace WebSmtp.Mta.Tests.Acceptance;

public sealed class AddressTests
{
    const int Deadline = 60_000;

    static MailBench NewBench()
    {
        var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site => site.Domains.Add(new() { SiteId = 1, Name = "alias.example", Kind = Mta.Sites.DomainKind.Alias }));
        return bench;
    }

    [Fact(Timeout = Deadline)]
    public async Task A_mailbox_of_an_alias_is_the_default_domain_s_and_reports_name_what_was_said()
    {
        await using var bench = NewBench();
        await bench.ReceiveAsync("Subject: x\r\n\r\n", "u=1@alias.example", "v@ALIAS.example");
        Assert.Equal(["u=1@hub.example", "v@hub.example"], bench.Queue.Recipients.Select(recipient => recipient.Address));
        Assert.Equal(["rfc822;u+3D1@alias.example", "rfc822;v@alias.example"], bench.Queue.Recipients.Select(recipient => recipient.OriginalRecipient));
        Assert.All(bench.Queue.Recipients, recipient => Assert.Equal("hub.example", recipient.Domain));
    }

    [Fact(Timeout = Deadline)]
    public async Task What_the_sender_said_about_the_original_recipient_stays()
    {
        await using var bench = NewBench();
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await talk.AskAsync("RCPT TO:<u@alias.example> ORCPT=rfc822;old@elsewhere.example", "250");
        // The same mailbox by its other name is the same recipient.
        await talk.AskAsync("RCPT TO:<u@hub.example>", "250");
        await talk.AskAsync("DATA", "354");
        await talk.AskAsync(".", "250");
        var recipient = Assert.Single(bench.Queue.Recipients);
        Assert.Equal(("u@hub.example", "rfc822;old@elsewhere.example"), (recipient.Address, recipient.OriginalRecipient));
    }

    [Fact(Timeout = Deadline)]
    public async Task An_international_mailbox_of_an_alias_is_named_in_the_form_that_every_host_takes()
    {
        await using var bench = NewBench();
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example> SMTPUTF8", "250");
        await talk.AskAsync("RCPT TO:<\u00c3\u00bc@alias.example>", "250");
        await talk.AskAsync("DATA", "354");
        await talk.AskAsync(".", "250");
        var recipient = Assert.Single(bench.Queue.Recipients);
        Assert.Equal(("ü@hub.example", @"utf-8;\x{FC}@alias.example"), (recipient.Address, recipient.OriginalRecipient));
    }

    [Fact(Timeout = Deadline)]
    public async Task Bare_names_get_the_default_domain_and_no_original_recipient()
    {
        await using var bench = NewBench();
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<root>", "250");
        await talk.AskAsync("RCPT TO:<bob>", "250");
        await talk.AskAsync("DATA", "354");
        await talk.AskAsync(".", "250");
        var recipient = Assert.Single(bench.Queue.Recipients);
        Assert.Equal(("root@hub.example", "bob@hub.example", null), (bench.Queue.Messages[0].MailFrom, recipient.Address, recipient.OriginalRecipient));
    }

    [Fact(Timeout = Deadline)]
    public async Task The_null_sender_stays_null_and_sub_addresses_and_source_routes_change_nothing()
    {
        await using var bench = NewBench();
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<>", "250");
        await talk.AskAsync("RCPT TO:<@relay.example,@other.example:u+tag@test.com>", "250");
        await talk.AskAsync("DATA", "354");
        await talk.AskAsync(".", "250");
        Assert.Equal(("", "u+tag@test.com"), (bench.Queue.Messages[0].MailFrom, bench.Queue.Recipients[0].Address));
    }

    [Fact(Timeout = Deadline)]
    public async Task A_drop_folder_that_is_full_takes_no_more_until_somebody_empties_it()
    {
        await using var bench = NewBench();
        bench.Configure(site => site.Settings = """{ "dropMaxBytes": 5000 }""");
        var body = "Subject: x\r\n\r\n" + new string('x', 900) + "\r\n";
        var taken = 0;
        await using var talk = await bench.HelloAsync();
        while ((await talk.SendAsync("a@sender.example", ["u@hub.example"], body)).StartsWith("250", StringComparison.Ordinal)) taken++;
        Assert.InRange(taken, 4, 6);
        await talk.AskAsync("RCPT TO:<v@alias.example>", "452 4.2.2");
        // Others are not concerned.
        await talk.AskAsync("RCPT TO:<u@test.com>", "250");
        await talk.AskAsync("RSET", "250");

        Directory.CreateDirectory(bench.Site.Folders.Drop);
        var file = Path.Combine(bench.Site.Folders.Drop, "x.eml");
        await File.WriteAllBytesAsync(file, new byte[5000], TestContext.Current.CancellationToken);
        bench.Time.Advance(TimeSpan.FromMinutes(1));
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await talk.AskAsync("RCPT TO:<u@hub.example>", "452 4.2.2");
        File.Delete(file);
        bench.Time.Advance(TimeSpan.FromMinutes(1));
        await talk.AskAsync("RCPT TO:<u@hub.example>", "250");
    }

    [Fact(Timeout = Deadline)]
    public async Task A_domain_has_a_drop_quota_of_its_own()
    {
        await using var bench = NewBench();
        bench.Configure(site =>
        {
            site.Settings = """{ "dropMaxBytes": 1024 }""";
            site.Domains.Add(new()
            {
                SiteId = 1, Name = "roomy.example", Kind = Mta.Sites.DomainKind.Remote, Overrides = """{ "dropMaxBytes": 0 }""",
                Route = new() { Type = Mta.Sites.RouteType.Drop, Directory = "roomy" },
            });
        });
        await bench.ReceiveAsync("Subject: x\r\n\r\n" + new string('x', 900) + "\r\n", "u@hub.example", "u@roomy.example");
        await bench.ReceiveAsync("Subject: x\r\n\r\n" + new string('x', 900) + "\r\n", "u@roomy.example");
        await using var talk = await bench.HelloAsync();
        await talk.AskAsync("MAIL FROM:<a@sender.example>", "250");
        await talk.AskAsync("RCPT TO:<u@hub.example>", "452 4.2.2");
        await talk.AskAsync("RCPT TO:<u@roomy.example>", "250");
    }
}
