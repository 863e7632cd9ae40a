using System.Text;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Sending;

/// <summary>A real Postfix as next hop: as the host that DNS names for a domain, and as a smart host that wants a log-in.</summary>
public sealed class PostfixNextHopTests(SharedServer server)
{
    // What Postfix changes by itself: it makes a header where there is none, and ends one that does not end.
    static readonly string[] NotForPostfix = ["a dot first", "no fields", "nothing", "fields only"];

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_host_of_a_domain_gets_its_mail_byte_for_byte_under_tls()
    {
        var samples = SampleMail.All.Where(sample => !NotForPostfix.Contains(sample.Key)).ToList();
        samples.Add(new("2 MiB", SampleMail.OfSize(2 * 1024 * 1024)));
        using var authority = new TestAuthority();
        var options = ForDomain() with { Users = [.. samples.Select((_, at) => $"user{at}")], Authority = authority };
        await using var postfix = await Postfix.StartAsync(options, Stop);
        await using var site = await NewSiteAsync(postfix, options);

        foreach (var (at, (_, sent)) in samples.Index()) await site.SendAsync($"user{at}@{options.Domain}", sent);

        foreach (var (at, (name, sent)) in samples.Index())
            Assert.Single(await postfix.WaitForAsync($"user{at}", 1, Stop)).AssertSameAs(sent, name);
        await Eventually.EqualAsync(0, async () => (await site.Api.ListAsync($"{site.Path}/queues")).Count);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_it_refuses_comes_back_to_the_sender()
    {
        var options = ForDomain();
        await using var postfix = await Postfix.StartAsync(options, Stop);
        await using var site = await NewSiteAsync(postfix, options);

        await SendAsync(site, options, "nobody");

        var report = Encoding.UTF8.GetString(Assert.Single(await postfix.WaitForAsync("ann", 1, Stop)).Content);
        Assert.Contains("multipart/report", report, StringComparison.Ordinal);
        Assert.Contains($"Final-Recipient: rfc822; nobody@{options.Domain}", report, StringComparison.Ordinal);
        Assert.Contains("Status: 5.1.1", report, StringComparison.Ordinal);
        Assert.Contains("Diagnostic-Code: smtp; 550 5.1.1", report, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Whom_it_puts_off_waits_and_the_others_get_their_mail()
    {
        var options = ForDomain();
        await using var postfix = await Postfix.StartAsync(options, Stop);
        await using var site = await NewSiteAsync(postfix, options);

        await SendAsync(site, options, "bob", PostfixOptions.Busy);

        Assert.Single(await postfix.WaitForAsync("bob", 1, Stop)).AssertSameAs(SampleMail.Plain("one"), "one");
        await Eventually.EqualAsync("delivered retry", () => StatesAsync(site));
        var waiting = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["recipients"]![1]!;
        Assert.StartsWith(PostfixOptions.BusyReply[..9], waiting["lastReply"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(1, waiting["attempts"]!.GetValue<int>());
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("PLAIN")]
    [InlineData("LOGIN")]
    [InlineData("CRAM-MD5")]
    [InlineData("SCRAM-SHA-256")]
    [InlineData("PLAIN", true)]
    public async Task A_smart_host_is_logged_in_to_by_the_one_mechanism_that_it_offers(string mechanism, bool implicitTls = false)
    {
        using var authority = new TestAuthority();
        var account = new MailAccount("relay", "a long secret, with spaces");
        var options = ForDomain() with { Mechanism = mechanism, Account = account, Authority = authority, ImplicitTls = implicitTls };
        await using var postfix = await Postfix.StartAsync(options, Stop);
        var process = await server.ProcessAsync();
        var name = await MakeSmartHostAsync(process, postfix, options, account);

        var test = await process.Api.PostAsync($"/smarthosts/{name}/test");
        Assert.True(test["ok"]!.GetValue<bool>(), test.ToJsonString());
        await using var site = await server.NewSiteAsync($$"""{ "smartHost": { "use": [ "{{name}}" ] } }""");
        await SendAsync(site, options, "bob");

        Assert.Single(await postfix.WaitForAsync("bob", 1, Stop)).AssertSameAs(SampleMail.Plain("one"), "one");
        await LoggedAsync(postfix, $"sasl_method={mechanism}, sasl_username=relay");
        await Eventually.EqualAsync("delivered", () => StatesAsync(site));
    }

    [Fact(Timeout = Limits.Long)]
    public async Task A_wrong_password_stops_the_route_and_bounces_nothing_until_it_is_corrected()
    {
        using var authority = new TestAuthority();
        var account = new MailAccount("relay", "the-right-one-0815");
        var wrong = account with { Password = "the-wrong-one-4711" };
        var options = ForDomain() with { Mechanism = "PLAIN", Account = account, Authority = authority };
        await using var postfix = await Postfix.StartAsync(options, Stop);
        await using var own = await WebSmtpProcess.StartAsync(new() { Dns = server.Dns.EndPoint }, Stop);
        var name = await MakeSmartHostAsync(own, postfix, options, wrong);
        await using var site = await TestSite.CreateAsync(own, $$"""{ "smartHost": { "use": [ "{{name}}" ] } }""");

        await SendAsync(site, options, "bob");

        // The smart host itself, and what the site has for it.
        await Eventually.EqualAsync(2, async () => (await own.Api.ListAsync("/routes")).Count);
        Assert.All(await own.Api.ListAsync("/routes"), route =>
        {
            Assert.Equal((name, "onHold"), (route["route"]!.GetValue<string>(), route["state"]!.GetValue<string>()));
            Assert.Contains("535 5.7.8", route["reason"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.NotNull(route["until"]);
        });
        // One message, which has lost no try: none was made that tells the sender.
        await Eventually.EqualAsync("queued", () => StatesAsync(site));
        Assert.NotNull((await own.Api.GetAsync($"/smarthosts/{name}"))["status"]!["trouble"]);

        await own.Api.PatchAsync($"/smarthosts/{name}", $$"""{ "auth": { "password": "{{account.Password}}" } }""");

        Assert.Single(await postfix.WaitForAsync("bob", 1, Stop)).AssertSameAs(SampleMail.Plain("one"), "one");
        await Eventually.EqualAsync("delivered", () => StatesAsync(site));
        await Eventually.EqualAsync(0, async () => (await own.Api.ListAsync("/routes")).Count);
        Assert.Empty(await postfix.MailOfAsync("ann", Stop));
        var printed = $"{own.Output}\n{own.Errors}";
        Assert.Contains(name, printed, StringComparison.Ordinal);
        foreach (var (user, password) in (MailAccount[])[account, wrong])
        {
            Assert.DoesNotContain(password, printed, StringComparison.Ordinal);
            var response = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{password}"));
            Assert.DoesNotContain(response, printed, StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Mail_goes_as_soon_as_a_test_finds_that_the_log_in_works_again()
    {
        using var authority = new TestAuthority();
        var account = new MailAccount("relay", "the-old-one-0815");
        var wanted = account with { Password = "the-new-one-4711" };
        var options = ForDomain() with { Mechanism = "PLAIN", Account = account, Authority = authority };
        await using var postfix = await Postfix.StartAsync(options, Stop);
        var process = await server.ProcessAsync();
        var name = await MakeSmartHostAsync(process, postfix, options, wanted);
        await using var site = await server.NewSiteAsync($$"""{ "smartHost": { "use": [ "{{name}}" ] } }""");
        await SendAsync(site, options, "bob");
        await Eventually.TrueAsync(async () => (await process.Api.ListAsync("/routes")).Any(
            route => route["route"]!.GetValue<string>() == name && route["state"]!.GetValue<string>() == "onHold"));

        await postfix.SetPasswordAsync(wanted, Stop);
        Assert.True((await process.Api.PostAsync($"/smarthosts/{name}/test"))["ok"]!.GetValue<bool>());

        Assert.Single(await postfix.WaitForAsync("bob", 1, Stop)).AssertSameAs(SampleMail.Plain("one"), "one");
        await Eventually.EqualAsync("delivered", () => StatesAsync(site));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_certificate_of_another_authority_is_not_trusted_with_the_password()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        var account = new MailAccount("relay", "secret");
        var options = ForDomain() with { Mechanism = "PLAIN", Account = account, Authority = authority };
        await using var postfix = await Postfix.StartAsync(options, Stop);
        var process = await server.ProcessAsync();
        var name = await MakeSmartHostAsync(process, postfix, options, account, trusted: other);
        await using var site = await server.NewSiteAsync($$"""{ "smartHost": { "use": [ "{{name}}" ] } }""");

        await SendAsync(site, options, "bob");

        await Eventually.EqualAsync("retry", () => StatesAsync(site));
        var waiting = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["recipients"]![0]!;
        Assert.Contains("4.7.5", waiting["lastReply"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.DoesNotContain("sasl_method", postfix.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_smart_host_that_wants_our_certificate_gets_it()
    {
        using var authority = new TestAuthority();
        var options = ForDomain() with { Authority = authority, NeedsClientCertificate = true };
        await using var postfix = await Postfix.StartAsync(options, Stop);
        var process = await server.ProcessAsync();
        var name = await MakeSmartHostAsync(process, postfix, options);
        Assert.False((await process.Api.PostAsync($"/smarthosts/{name}/test"))["ok"]!.GetValue<bool>());

        var certificate = new JsonObject { ["clientCertificate"] = authority.Issue("hub.example") };
        var changed = await process.Api.PatchAsync($"/smarthosts/{name}", certificate.ToJsonString());
        Assert.True(changed["hasClientCertificate"]!.GetValue<bool>());
        await using var site = await server.NewSiteAsync($$"""{ "smartHost": { "use": [ "{{name}}" ] } }""");
        await SendAsync(site, options, "bob");

        Assert.Single(await postfix.WaitForAsync("bob", 1, Stop)).AssertSameAs(SampleMail.Plain("one"), "one");
        await LoggedAsync(postfix, "Trusted TLS connection established from");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_smart_host_of_one_site_alone_gets_our_certificate_too()
    {
        using var authority = new TestAuthority();
        var options = ForDomain() with { Authority = authority, NeedsClientCertificate = true };
        await using var postfix = await Postfix.StartAsync(options, Stop);
        server.Dns.Address(options.Name, "127.0.0.1");
        var certificate = authority.Issue("hub.example");
        var host = new JsonObject
        {
            ["host"] = options.Name,
            ["port"] = postfix.Port,
            ["tls"] = "verify",
            ["certificateAuthority"] = authority.Pem,
            ["clientCertificate"] = certificate,
        };
        await using var site = await server.NewSiteAsync(new JsonObject { ["smartHost"] = host }.ToJsonString());
        // What is never given out stays when a change does not name it.
        await site.Api.PatchAsync(site.Path, """{ "settings": { "smartHost": { "use": null } } }""");
        Assert.DoesNotContain("PRIVATE KEY", (await site.Api.GetAsync(site.Path)).ToJsonString(), StringComparison.Ordinal);

        await SendAsync(site, options, "bob");

        Assert.Single(await postfix.WaitForAsync("bob", 1, Stop)).AssertSameAs(SampleMail.Plain("one"), "one");
        await LoggedAsync(postfix, "Trusted TLS connection established from");
    }

    static PostfixOptions ForDomain() => new(TestSite.Unique("postfix") + ".example");

    /// <summary>A site that finds it by DNS.</summary>
    async Task<TestSite> NewSiteAsync(Postfix postfix, PostfixOptions options)
    {
        server.Dns.Mx(options.Domain, 10, options.Name).Address(options.Name, "127.0.0.1");
        return await server.NewSiteAsync($$"""{ "outboundPort": {{postfix.Port}} }""");
    }

    async Task<string> MakeSmartHostAsync(
        WebSmtpProcess process, Postfix postfix, PostfixOptions options, MailAccount? account = null, TestAuthority? trusted = null)
    {
        server.Dns.Address(options.Name, "127.0.0.1");
        var name = TestSite.Unique("postfix-relay");
        var host = new JsonObject
        {
            ["name"] = name,
            ["host"] = options.Name,
            ["port"] = postfix.Port,
            ["tls"] = options.ImplicitTls ? "implicit" : "verify",
            ["certificateAuthority"] = (trusted ?? options.Authority!).Pem,
        };
        if (account is var (user, password))
            host["auth"] = new JsonObject { ["type"] = "password", ["username"] = user, ["password"] = password };
        await process.Api.PostAsync("/smarthosts", host.ToJsonString());
        return name;
    }

    /// <summary>Sends a message from ann, who has a mailbox there.</summary>
    static async Task SendAsync(TestSite site, PostfixOptions options, params string[] users)
    {
        await using var talk = await site.ConnectAsync();
        await talk.GreetAsync();
        await talk.SendMailAsync($"ann@{options.Domain}", users.Select(user => $"{user}@{options.Domain}"), SampleMail.Plain("one"));
        await talk.QuitAsync();
    }

    static Task<string> LoggedAsync(Postfix postfix, string text) =>
        postfix.Log.WaitForAsync(line => line.Contains(text, StringComparison.Ordinal), Stop);

    /// <summary>Of every recipient of every message, also of those that have left.</summary>
    static async Task<string> StatesAsync(TestSite site)
    {
        var messages = await site.Api.ListAsync($"{site.Path}/messages?history=true");
        var recipients = messages.SelectMany(message => message["recipients"]!.AsArray());
        return string.Join(' ', recipients.Select(recipient => recipient!["state"]!.GetValue<string>()));
    }
}
