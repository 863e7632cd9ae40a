using System.Globalization;
using System.Security.Authentication;
using System.Text;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Acceptance;
using WebSmtp.Mta.Tests.SmartHosts;
using static WebSmtp.Mta.Tests.Delivery.RouteScene;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>Log-ins that do not work, TLS that is demanded, and budgets.</summary>
public sealed class RoutePolicyTests
{
    [Fact(Timeout = Deadline)]
    public async Task The_time_on_hold_does_not_count_when_mail_expires()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"expireAfter": "PT1H"}""");
        var host = new SinkHost(bench.Time) { OnRecipient = _ => new(451, 4, 7, 1, "Greylisted") };
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", auth: new() { Type = SmartHostAuthType.Password, Username = "u" }));
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(2, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
        for (var minute = 0; minute < 180; minute += 10)
        {
            Forward(bench, TimeSpan.FromMinutes(10));
            await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
        }
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"));
        bench.Scheduler.Wake();
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 1 } && entry.DueAt > bench.Time.GetUtcNow());
        host.OnRecipient = _ => null;
        Forward(bench, TimeSpan.FromMinutes(15));
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
    }

    [Fact(Timeout = Deadline)]
    public async Task Credentials_that_cannot_be_had_hold_the_route_and_nothing_bounces()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"expireAfter": "PT1H"}""");
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", auth: new() { Type = SmartHostAuthType.Password, Username = "u" }));
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(2, Domain);
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.All(entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow()));
        var state = bench.Routes.Find("primary");
        Assert.Equal(RouteCondition.OnHold, state.State);
        Assert.Contains("There is nothing to log in to primary with", state.Reason, StringComparison.Ordinal);
        Assert.All(bench.Queue.Recipients, entry => Assert.Equal(0, entry.Attempts));
        Assert.Empty(bench.Network.Dialed);

        // Longer than mail may be tried: it waits on.
        for (var minute = 0; minute < 180; minute += 10)
        {
            Forward(bench, TimeSpan.FromMinutes(10));
            await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.DueAt > bench.Time.GetUtcNow());
        }
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"));
        bench.Scheduler.Wake();
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(2, host.Taken.Count);
        Assert.Equal(RouteCondition.Ok, bench.Routes.Find("primary").State);
    }

    [Theory(Timeout = Deadline)]
    [InlineData("530 5.7.57 Client was not authenticated")]
    [InlineData("550 5.7.8 Authentication required")]
    public async Task A_host_that_wants_a_log_in_for_mail_holds_the_route(string reply)
    {
        await using var bench = await BeginAsync();
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"));
        bench.Network.Listen(First, new ScriptedHost("mail", reply).ServeAsync);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 0 } && entry.DueAt > bench.Time.GetUtcNow());
        Assert.Equal(RouteCondition.OnHold, bench.Routes.Find("primary").State);
        Assert.Contains(reply, bench.Queue.Recipients[0].LastReply, StringComparison.Ordinal);
    }

    /// <summary>What some hosts say to one message must not stop all others.</summary>
    [Fact(Timeout = Deadline)]
    public async Task A_refusal_by_policy_is_the_messages_own()
    {
        await using var bench = await BeginAsync();
        UseSmartHosts(bench, Kept("primary", "198.51.100.7"));
        bench.Network.Listen(First, new ScriptedHost("mail", "554 5.7.9 Message not accepted for policy reasons").ServeAsync);
        await bench.ReceiveManyAsync(1, Domain);
        await bench.WhenSettledAsync(() => bench.Queue["u1@away.example"].State is RecipientState.Failed);
        Assert.Equal(RouteCondition.Ok, bench.Routes.Find("primary").State);
    }

    [Fact(Timeout = Deadline)]
    public async Task Tls_that_is_required_and_not_offered_lets_mail_wait()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundTls": "require"}""");
        bench.Network.Listen(First, new SinkHost(bench.Time));
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 1 });
        Assert.StartsWith("451 4.7.5", bench.Queue.Recipients[0].LastReply, StringComparison.Ordinal);
        Assert.Single(bench.Network.Dialed);
    }

    [Fact(Timeout = Deadline)]
    public async Task Mail_that_went_in_clear_because_tls_did_not_work_says_so_in_its_trace()
    {
        await using var bench = await BeginAsync();
        var host = new ScriptedHost("starttls", ScriptedHost.Close) { Keywords = ["PIPELINING", "STARTTLS"] };
        bench.Network.Listen(First, host.ServeAsync);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);

        Assert.Equal((2, 1), (host.Connections, host.Taken));
        var trace = await bench.Queue.TraceAsync(new(bench.Queue.Messages[0].Id), TestContext.Current.CancellationToken);
        Assert.Contains(trace, step => step.Detail?.Contains("In clear: TLS did not work", StringComparison.Ordinal) is true && step.Tls is null);
    }

    [Theory(Timeout = Deadline)]
    [InlineData("hub.example", true, true)]
    [InlineData("hub.example", false, false)]
    [InlineData("other.example", true, false)]
    public async Task A_verified_host_needs_the_right_certificate_and_name(string name, bool trusted, bool delivered)
    {
        await using var bench = await BeginAsync();
        bench.UseTls();
        var host = new SinkHost(bench.Time);
        host.Options = host.Options with { Tls = Smtp.Server.EndpointTls.StartTls, TlsOptions = bench.Options.TlsOptions };
        var certificate = (System.Security.Cryptography.X509Certificates.X509Certificate2)bench.Options.TlsOptions!.ServerCertificate!;
        bench.Options = bench.Options with { Tls = Smtp.Server.EndpointTls.None };
        bench.Network.Listen(First, host);
        bench.Network.Mx(name, (0, "198.51.100.7"));
        bench.Network.NameHosts(name);
        bench.ConfigureRoute(Domain, _ => new()
        {
            Type = RouteType.SmartHost,
            SmartHost = new() { Target = new(name, 25, HostTls.Verify) { CertificateAuthority = trusted ? certificate.ExportCertificatePem() : null } },
        });
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.Attempts == 1);
        Assert.Equal(delivered ? RecipientState.Delivered : RecipientState.Queued, bench.Queue.Recipients[0].State);
        if (delivered) return;
        Assert.StartsWith("451 4.7.5", bench.Queue.Recipients[0].LastReply, StringComparison.Ordinal);
        Assert.Empty(host.Taken);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_budget_a_minute_and_a_day_is_kept_and_the_rest_waits()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT0S"}""");
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", new(PerMinute: 2, PerDay: 5)));
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(8, Domain);
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.Count(entry => entry.State is RecipientState.Delivered) == 2);
        Assert.Equal((2, 2), ((int)bench.Outbound.Budgets.Find("primary")!.ThisMinute, (int)bench.Outbound.Budgets.Find("primary")!.Today));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var tomorrow = new DateTimeOffset(2026, 1, 3, 0, 0, 0, TimeSpan.Zero);
        while (bench.Queue.Recipients.Count(entry => entry.State is RecipientState.Queued && entry.DueAt == tomorrow) < 3)
        {
            Forward(bench, TimeSpan.FromSeconds(30));
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
        var state = bench.Routes.Find("primary");
        Assert.Equal((RouteCondition.OverBudget, tomorrow), (state.State, state.Until));
        Assert.Equal(5, host.Taken.Count);
        // Nobody knocks again and again while there is nothing to give.
        Assert.InRange(bench.Network.Dialed.Count, 1, 40);
        Assert.Equal(5, await bench.Usage.CountSentAsync("primary", new DateOnly(2026, 1, 2), 0, TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = Deadline)]
    public async Task What_waits_for_the_next_minute_waits_in_the_queue_and_goes_at_once_when_the_limit_is_raised()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT0S"}""");
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", new(PerMinute: 2)));
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(8, Domain);
        await bench.WhenSettledAsync(() =>
            bench.Queue.Recipients.Count(entry => entry.State is RecipientState.Delivered) == 2 && bench.Queue.Recipients.All(entry => entry.State is not RecipientState.Delivering));
        Assert.All(bench.Queue.Recipients.Where(entry => entry.LastReply is not null && entry.State is RecipientState.Queued),
            entry => Assert.Equal((0, "451 4.7.0 primary was given its 2 messages of this minute: the rest waits"), (entry.Attempts, entry.LastReply)));

        UseSmartHosts(bench, Kept("primary", "198.51.100.7", new(PerMinute: 100)));
        bench.Scheduler.Wake();
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(8, host.Taken.Count);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_domain_that_is_delivered_to_directly_has_a_budget_too()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT0S", "maxOutboundMessagesPerMinute": 2}""");
        var began = bench.Time.GetUtcNow();
        var host = new SinkHost(bench.Time);
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(5, Domain);
        await bench.WhenSettledAsync(() => bench.Queue.Recipients.Count(entry => entry.State is RecipientState.Delivered) == 2);
        Assert.Equal(2, bench.Outbound.Budgets.Find(Domain, 1)!.ThisMinute);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (host.Taken.Count < 5)
        {
            Assert.InRange(host.Taken.Count, 0, 2 * (1 + (int)(bench.Time.GetUtcNow() - began).TotalMinutes));
            Forward(bench, TimeSpan.FromSeconds(10));
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact(Timeout = Deadline)]
    public async Task A_token_that_ended_before_its_time_is_replaced_once()
    {
        await using var bench = await BeginAsync(site => site.Settings = """{"outboundIdleTimeout": "PT0S"}""");
        UseSmartHosts(bench, new SmartHost
        {
            Name = "cloud",
            Target = new("[198.51.100.7]", Tls: HostTls.None)
            {
                Auth = new()
                {
                    Type = SmartHostAuthType.OAuth2ClientCredentials, Username = "relay@hub.example", TokenEndpoint = "https://login.example/token",
                    ClientId = "hub", ClientSecret = "secret"u8.ToArray(),
                },
            },
        });
        var good = "token-1";
        bench.Network.Listen(First, pipe => new TalkingHost("220 relay.example ESMTP", Answer).ServeAsync(pipe));
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Single(bench.TokenEndpoint.Forms);

        good = "token-2";
        await bench.ReceiveManyAsync(1, Domain, first: 2);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal((2, 3), (bench.TokenEndpoint.Forms.Count, bench.Network.Dialed.Count));
        Assert.Empty(bench.Routes.List());

        // No token is good: one more is asked for, and then the route is on hold.
        good = "none";
        await bench.ReceiveManyAsync(1, Domain, first: 3);
        await bench.WhenSettledAsync(() => bench.Queue["u3@away.example"] is { State: RecipientState.Queued, Attempts: 0, LastReply: not null });
        Assert.Equal((3, RouteCondition.OnHold), (bench.TokenEndpoint.Forms.Count, bench.Routes.Find("cloud").State));

        string Answer(string line) => line switch
        {
            _ when line.StartsWith("EHLO", StringComparison.Ordinal) => "250-relay.example\r\n250 AUTH XOAUTH2",
            _ when line.StartsWith("AUTH XOAUTH2 ", StringComparison.Ordinal) =>
                Encoding.ASCII.GetString(Convert.FromBase64String(line["AUTH XOAUTH2 ".Length..])).Contains($"Bearer {good}\u0001", StringComparison.Ordinal) ? "235 2.7.0 welcome" : "535 5.7.8 no",
            "DATA" => "354 go on",
            "QUIT" => "221 2.0.0 bye",
            _ => "250 2.0.0 ok",
        };
    }

    [Fact(Timeout = Deadline)]
    public async Task All_that_share_a_smart_host_share_its_connections()
    {
        await using var bench = await BeginAsync(site =>
        {
            site.Settings = """{"outboundIdleTimeout": "PT0S"}""";
            site.Domains.Add(new() { SiteId = 1, Name = "other.example", Kind = DomainKind.Remote, AllowRelay = true });
        });
        UseSmartHosts(bench, Kept("primary", "198.51.100.7", new(Connections: 1)), Kept("backup", "198.51.100.8"));
        // Another destination, for it has no backup.
        bench.ConfigureRoute("other.example", _ => new() { Type = RouteType.SmartHost, SmartHost = new() { Use = ["primary"] } });
        var host = new WaitingHost(bench);
        await bench.ReceiveManyAsync(3, Domain);
        await bench.ReceiveManyAsync(3, "other.example");
        await host.WhenAllWaitAsync();
        Assert.Single(bench.Network.Dialed);
        host.GoOn();
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        Assert.Equal(6, host.Taken.Count);
        Assert.DoesNotContain(Second, bench.Network.Dialed);
    }

    [Fact(Timeout = Deadline)]
    public async Task A_smart_host_that_cannot_be_found_or_is_gone_bounces_nothing()
    {
        await using var bench = await BeginAsync();
        UseSmartHosts(bench, new SmartHost { Name = "primary", Target = new("nowhere.example") });
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry is { State: RecipientState.Queued, Attempts: 1 });
        Assert.StartsWith("451 4.4.4 The smart host primary cannot be found", bench.Queue.Recipients[0].LastReply, StringComparison.Ordinal);

        bench.SmartHosts.Set([]);
        Forward(bench, TimeSpan.FromMinutes(15));
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Queued && entry.LastReply!.StartsWith("451 4.3.5", StringComparison.Ordinal));
        Assert.Empty(bench.Network.Dialed);
    }

    [Theory(Timeout = Deadline)]
    [InlineData(SslProtocols.Tls12, "TLS 1.2")]
    [InlineData(SslProtocols.Tls13, "TLS 1.3")]
    public async Task Either_version_of_tls_is_spoken_and_written_down(SslProtocols version, string name)
    {
        await using var bench = await BeginAsync();
        bench.UseTls();
        var host = new SinkHost(bench.Time);
        bench.Options.TlsOptions!.EnabledSslProtocols = version;
        host.Options = host.Options with { Tls = Smtp.Server.EndpointTls.StartTls, TlsOptions = bench.Options.TlsOptions };
        bench.Options = bench.Options with { Tls = Smtp.Server.EndpointTls.None };
        bench.Network.Listen(First, host);
        await bench.ReceiveManyAsync(1, Domain);
        await WhenAllAsync(bench, entry => entry.State is RecipientState.Delivered);
        var trace = await bench.Queue.TraceAsync(new(bench.Queue.Messages[0].Id), TestContext.Current.CancellationToken);
        Assert.StartsWith(name, trace[^1].Tls, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_older_than_tls_12_is_spoken() =>
        Assert.Equal(SslProtocols.Tls12 | SslProtocols.Tls13, HostTlsOptions.Towards("mail.example", HostTls.Opportunistic, HostTrust.OfSystem).EnabledSslProtocols);
}
