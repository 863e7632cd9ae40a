using System.Globalization;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;
using WebSmtp.Mta.Tests.Acceptance;

namespace WebSmtp.Mta.Tests.Delivery;

/// <summary>Mail for one domain, which two hosts may be there for.</summary>
static class RouteScene
{
    public const int Deadline = 60_000;
    public const string Domain = "away.example", First = "198.51.100.7:25", Second = "198.51.100.8:25";

    public static async Task<MailBench> BeginAsync(Action<Site>? configure = null)
    {
        var bench = new MailBench(TestContext.Current.CancellationToken);
        bench.Configure(site =>
        {
            site.Domains.Add(new() { SiteId = 1, Name = Domain, Kind = DomainKind.Remote, AllowRelay = true });
            configure?.Invoke(site);
        });
        bench.Network.Mx(Domain, (10, "198.51.100.7"));
        await bench.Scheduler.StartAsync(TestContext.Current.CancellationToken);
        return bench;
    }

    public static SmartHost Kept(string name, string address, SmartHostLimits? limits = null, SmartHostAuth? auth = null) =>
        new() { Name = name, Target = new($"[{address}]") { Auth = auth ?? new() }, Limits = limits ?? new() };

    public static void UseSmartHosts(MailBench bench, params SmartHost[] hosts)
    {
        bench.SmartHosts.Set(hosts);
        bench.ConfigureRoute(Domain, _ => new() { Type = RouteType.SmartHost, SmartHost = new() { Use = [.. hosts.Select(host => host.Name)] } });
    }

    /// <summary>And what is due is looked for: a look that was on its way has set its timer behind the jump.</summary>
    public static void Forward(MailBench bench, TimeSpan time)
    {
        bench.Time.Advance(time);
        bench.Scheduler.Wake();
    }

    public static Task WhenAllAsync(MailBench bench, Func<Recipient, bool> condition) =>
        bench.WhenSettledAsync(() => bench.Queue.Recipients.All(condition));
}
