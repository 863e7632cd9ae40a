using System.Net;
using System.Net.Sockets;
using System.Text;
using WebSmtp.Composition;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Collection;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Demo;

/// <summary>
/// Plays the main job for someone who has never seen it: mail for a branch office is held, and the branch's host
/// collects it with TURN. A real server in a folder of its own, real TCP; nothing stays behind.
/// </summary>
static class HeldMailDemo
{
    const string Domain = "branch.example", Username = "branch", Password = "only-for-this-demo";
    internal static readonly Actor Demonstrator = new("demo", Role.Administrator, "local");

    /// <summary>0 when all messages were collected, else 1.</summary>
    public static async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("websmtp-demo-");
        try
        {
            string[] args =
            [
                $"--WEBSMTP_DATA={folder.FullName}", "--WEBSMTP_URLS=http://127.0.0.1:0", "--WEBSMTP_DATABASE=sqlite",
                $"--WEBSMTP_SMTP_PORT={FreePort()}", "--WEBSMTP_SMTP_ADDRESS=127.0.0.1", "--Logging:LogLevel:Default=Error",
            ];
            await using var server = await ServerProcess.StartAsync(args, TextWriter.Null);
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            return await PlayAsync(server.App.Services, limit.Token);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static async Task<int> PlayAsync(IServiceProvider services, CancellationToken stop)
    {
        Say("1. The provider makes a second site, and on it a domain whose mail is held for the account 'branch'.");
        var port = FreePort();
        var site = await MakeSiteAsync(services, port, stop);
        Say($"   Site '{site.Name}' listens on 127.0.0.1:{port}; mail for {Domain} waits for TURN by '{Username}'.");

        Say("2. Somebody sends three messages to the branch. Its host is not connected; each 250 says that the message is on disk.");
        for (var number = 1; number <= 3; number++) await SendAsync(port, number, stop);
        var held = services.GetRequiredService<HeldMail>();
        var waiting = await held.FindAsync(site.Id, Domain, stop);
        Say($"   Held for {Domain}: {waiting!.Messages} messages, {waiting.Bytes} bytes. Nothing was tried, nothing is late.");

        Say("3. The branch's host connects, logs in and says TURN. From then on it is the server, on the same connection.");
        var collected = await CollectAsync(port, stop);

        waiting = await held.FindAsync(site.Id, Domain, stop);
        Say($"   Collected {collected} messages; {waiting!.Messages} are held now.");

        Say("4. The branch may run WebSmtp too: a site of its own, with a collector that asks for the mail and takes it into its queue.");
        await SendAsync(port, 4, stop);
        var delivered = await BranchDemo.PlayAsync(services, new(Domain, port, Username, Password), stop);
        waiting = await held.FindAsync(site.Id, Domain, stop);
        Say("The same is done by fetchmail in ODMR mode (ATRN), and with ETRN for hosts with a fixed address. See docs/.");
        return collected == 3 && delivered && waiting!.Messages == 0 ? 0 : 1;
    }

    static async Task<SiteSnapshot> MakeSiteAsync(IServiceProvider services, int port, CancellationToken stop)
    {
        var sites = services.GetRequiredService<SiteOperations>();
        var created = await sites.CreateAsync(
            new("Branch offices", [new("127.0.0.1", port)], null, "hub.example", null, true, []), Demonstrator, stop);
        var id = Must(created.Value, created.Problem).Site.Id;
        var account = await services.GetRequiredService<AccountOperations>().CreateAsync(
            new(Username, Password, true, false, "the branch's host", [id]), Demonstrator, stop);
        Must(account.Value, account.Problem);
        var domain = await sites.CreateDomainAsync(
            id, new(Domain, DomainKind.Remote, new() { Type = RouteType.Hold, Etrn = true }, [Username], null, []), Demonstrator, stop);
        Must(domain.Value, domain.Problem);
        var started = await sites.StartAsync(id, Demonstrator, stop);
        return Must(started.Value, started.Problem).Site;
    }

    static async Task SendAsync(int port, int number, CancellationToken stop)
    {
        await using var talk = await Conversation.ConnectAsync(port, stop);
        await talk.HearAsync(stop);
        await talk.SayAsync("EHLO office.example", stop);
        await talk.HearAsync(stop);
        foreach (var line in new[] { "MAIL FROM:<boss@office.example>", $"RCPT TO:<crew@{Domain}>", "DATA" })
        {
            await talk.SayAsync(line, stop);
            await talk.HearAsync(stop);
        }
        foreach (var line in new[] { "From: boss@office.example", $"To: crew@{Domain}", $"Subject: Order {number}", "", $"This is order {number}." })
            await talk.SayAsync(line, stop);
        await talk.SayAsync(".", stop);
        await talk.HearAsync(stop);
        await talk.SayAsync("QUIT", stop);
        await talk.HearAsync(stop);
    }

    static async Task<int> CollectAsync(int port, CancellationToken stop)
    {
        await using var talk = await Conversation.ConnectAsync(port, stop);
        await talk.HearAsync(stop);
        await talk.SayAsync("EHLO branch.example", stop);
        await talk.HearAsync(stop);
        var login = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{Username}\0{Password}"));
        await talk.SayAsync($"AUTH PLAIN {login}", stop, shown: "AUTH PLAIN *");
        await talk.HearAsync(stop);
        await talk.SayAsync("TURN", stop);
        if (!(await talk.HearAsync(stop)).StartsWith("250", StringComparison.Ordinal)) return 0;
        Say("   -- the roles are exchanged: C: and S: change sides --");
        talk.ExchangeRoles();
        return await BeServerAsync(talk, stop);
    }

    static async Task<int> BeServerAsync(Conversation talk, CancellationToken stop)
    {
        var taken = 0;
        await talk.SayAsync("220 branch.example ESMTP", stop);
        while (await talk.HearLineAsync(stop) is { } command)
        {
            switch (command.Split(' ')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await talk.SayAsync("250-branch.example", stop);
                    await talk.SayAsync("250 PIPELINING", stop);
                    break;
                case "DATA":
                    await talk.SayAsync("354 Go on", stop);
                    while (await talk.HearLineAsync(stop) is not ("." or null)) { }
                    taken++;
                    await talk.SayAsync("250 2.0.0 Taken", stop);
                    break;
                case "QUIT":
                    await talk.SayAsync("221 2.0.0 Bye", stop);
                    return taken;
                default:
                    await talk.SayAsync("250 2.0.0 OK", stop);
                    break;
            }
        }
        return taken;
    }

    internal static T Must<T>(T? value, Problem? problem) where T : class =>
        value ?? throw new InvalidOperationException(problem?.Detail);

    internal static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    internal static void Say(string text) => Console.WriteLine(text);
}
