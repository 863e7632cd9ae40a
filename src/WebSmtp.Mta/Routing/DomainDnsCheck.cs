using System.Globalization;
using System.Net;
using System.Text;
using WebSmtp.Mta.Administration;
using WebSmtp.Mta.Delivery;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Routing;

/// <summary>
/// Looks at a domain as others do: where they send its mail, and what it publishes about mail from it. Asks the DNS
/// servers that deliveries ask; bounded in time and number. Thread-safe.
/// </summary>
public sealed class DomainDnsCheck(
    SiteRegistry sites, IDnsRecords records, IMailRouteResolver resolver, OwnListeners own, IDialer dialer, IPolicySource policies, TimeProvider time)
{
    const int MostHosts = 10, MostAddresses = 4, MostSelectors = 20, MostConnections = 12, MaxGreeting = 512;
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(30), ConnectLimit = TimeSpan.FromSeconds(8);

    public async Task<Result<DomainDns>> CheckAsync(int siteId, string name, DnsWishes wishes, Actor actor, CancellationToken stop)
    {
        // Who only reads lets this server connect to nobody.
        if (actor.Demand(wishes.Connect || wishes.Policy ? Role.Operator : Role.Viewer) is { } refusal) return refusal;
        if (sites.Find(siteId) is not { } view) return Problem.NotFound($"There is no site {siteId}.");
        if (view.Site.FindDomain(name) is not { } domain) return Problem.NotFound($"Site {siteId} has no domain '{name}'.");
        if (domain.IsWildcard) return Problem.Invalid("name", "A wildcard is no name in DNS; look at one of its subdomains.");
        if (wishes.Selectors.Count > MostSelectors || wishes.Selectors.Any(selector => selector.Length is 0 or > 63 * 4 || !selector.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')))
            return Problem.Invalid("selectors", $"Give at most {MostSelectors} selectors of letters, digits, hyphens, underscores and dots.");

        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            var hosts = HostsAsync(domain, wishes.Connect, either.Token);
            var texts = records.FindTextsAsync(domain.Name, either.Token);
            var dkim = DkimAsync(domain.Name, wishes.Selectors, either.Token);
            var dmarc = DmarcAsync(domain.Name, either.Token);
            var reports = records.FindTextsAsync($"_smtp._tls.{domain.Name}", either.Token);
            var (found, mx) = await hosts;
            var sts = MtaStsAsync(domain.Name, found, wishes.Policy, either.Token);
            await Task.WhenAll(texts, dkim, dmarc, reports, sts);
            return new DomainDns(domain.Name, found,
                [mx, PublishedPolicies.Spf(domain.Name, await texts), await dkim, await dmarc, await sts, PublishedPolicies.TlsReports(domain.Name, await reports)]);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return Problem.Unavailable($"DNS did not answer within {Limit.TotalSeconds:0} seconds; see WEBSMTP_DNS.");
        }
    }

    async Task<(IReadOnlyList<DnsMailHost> Hosts, DnsFinding Finding)> HostsAsync(DomainSnapshot domain, bool connect, CancellationToken stop)
    {
        var mx = await records.FindMailHostsAsync(domain.Name, stop);
        if (mx.Trouble is { } trouble) return ([], new("MX", DnsVerdict.Unknown, trouble, []));
        if (mx.Records is [['0', ' ', '.']] or ["0 "])
            return ([], new("MX", domain.Route.Type is RouteType.Refuse ? DnsVerdict.Good : DnsVerdict.Bad, "It says that it takes no mail at all (null MX, RFC 7505).", mx.Records));

        // Implicit MX: the domain itself.
        IReadOnlyList<(int Preference, string Name)> names = mx.Records.Count == 0
            ? [(0, domain.Name)]
            : [.. mx.Records.Where(text => !text.EndsWith(" .", StringComparison.Ordinal)).Take(MostHosts).Select(text => text.Split(' ')).Select(parts => (int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]))];
        var hosts = new List<DnsMailHost>();
        var connections = 0;
        foreach (var (preference, name) in names)
        {
            var answer = await resolver.ResolveHostAsync(name, stop);
            var addresses = answer.Hosts.Take(MostAddresses).Select(host => host.Address).ToList();
            var ours = addresses.Exists(address => own.Contains(new(address, 25)));
            var greeting = connect && addresses.Count > 0 && connections++ < MostConnections ? await GreetingAsync(new(addresses[0], 25), stop) : null;
            hosts.Add(new(preference, name, [.. addresses.Select(address => address.ToString())], ours, answer.Hosts.Count == 0 ? answer.Reason : null, greeting));
        }
        return (hosts, Judge(domain, mx.Records, hosts));
    }

    static DnsFinding Judge(DomainSnapshot domain, IReadOnlyList<string> mx, List<DnsMailHost> hosts)
    {
        var forUs = domain.Kind is not DomainKind.Remote || domain.Route.Type is RouteType.Drop or RouteType.Hold;
        var publish = $"{domain.Name}. MX 10 {(domain.Kind is DomainKind.Remote ? "mail.example.net" : $"mail.{domain.Name}")}. ; a name with the public address of this server";
        var reachable = hosts.Where(host => host.Addresses.Count > 0).ToList();
        if (reachable.Count == 0)
        {
            return mx.Count == 0
                ? new("MX", DnsVerdict.Bad, "There is neither an MX record nor an address: others cannot send mail to it.", mx, forUs ? publish : null)
                : new("MX", DnsVerdict.Bad, "None of its mail hosts has an address: others cannot send mail to it.", mx);
        }
        var broken = hosts.Where(host => host.Addresses.Count == 0).Select(host => host.Name).ToList();
        var first = mx.Count == 0 ? "There is no MX record, so the domain's own address is used. " : "";
        var rest = broken.Count > 0 ? $" {string.Join(", ", broken)} has no address." : "";
        if (forUs && !reachable.Exists(host => host.IsOurs))
        {
            return new("MX", DnsVerdict.Warning,
                $"{first}Others send its mail to {reachable[0].Name} ({reachable[0].Addresses[0]}), which is no address that this server listens on at port 25. That is right where a firewall or a relay hands it on.{rest}", mx);
        }
        return new("MX", broken.Count > 0 || mx.Count == 0 ? DnsVerdict.Warning : DnsVerdict.Good,
            $"{first}Others send its mail to {(forUs ? "this server" : string.Join(", ", reachable.Select(host => host.Name)))}.{rest}", mx, mx.Count == 0 && forUs ? publish : null);
    }

    async Task<string> GreetingAsync(IPEndPoint remote, CancellationToken stop)
    {
        var (connection, reason) = await dialer.DialAsync(remote, ConnectLimit, stop);
        if (connection is null) return reason!;
        await using (connection)
        {
            using var limit = new CancellationTokenSource(ConnectLimit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
            try
            {
                while (true)
                {
                    var read = await connection.Transport.Input.ReadAsync(either.Token);
                    var text = Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer.Slice(0, Math.Min(read.Buffer.Length, MaxGreeting))));
                    if (text.Contains('\n', StringComparison.Ordinal) || read.IsCompleted || text.Length >= MaxGreeting)
                        return text.Split('\n')[0].TrimEnd('\r') is { Length: > 0 } line ? new([.. line.Select(c => char.IsControl(c) ? '?' : c)]) : "It closed the connection without a greeting.";
                    connection.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                }
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                return $"{remote} took the connection and said nothing.";
            }
            catch (IOException e)
            {
                return $"{remote} broke the connection: {e.Message}";
            }
        }
    }

    async Task<DnsFinding> DkimAsync(string domain, IReadOnlyList<string> selectors, CancellationToken stop)
    {
        var asked = selectors.Count > 0 ? selectors : PublishedPolicies.UsualSelectors;
        var answers = await Task.WhenAll(asked.Select(selector => records.FindTextsAsync($"{selector}._domainkey.{domain}", stop)));
        return PublishedPolicies.Dkim(domain, selectors.Count > 0, [.. asked.Zip(answers)]);
    }

    /// <summary>The domain's own policy, or that of the nearest domain above it. RFC 7489 section 6.6.3, as a walk up the tree.</summary>
    async Task<DnsFinding> DmarcAsync(string domain, CancellationToken stop)
    {
        for (var at = domain; ;)
        {
            var answer = await records.FindTextsAsync($"_dmarc.{at}", stop);
            var found = answer.Records.Where(PublishedPolicies.IsDmarc).ToList();
            var up = at.IndexOf('.', StringComparison.Ordinal);
            if (found.Count > 0 || answer.Trouble is not null || up < 0 || at.IndexOf('.', up + 1) < 0) return PublishedPolicies.Dmarc(domain, at, found, answer.Trouble);
            at = at[(up + 1)..];
        }
    }

    async Task<DnsFinding> MtaStsAsync(string domain, IReadOnlyList<DnsMailHost> hosts, bool fetch, CancellationToken stop)
    {
        var answer = await records.FindTextsAsync($"_mta-sts.{domain}", stop);
        var record = answer.Records.Where(text => text.StartsWith("v=STSv1", StringComparison.OrdinalIgnoreCase)).ToList();
        var policy = fetch && record.Count == 1 ? await policies.GetAsync(domain, stop) : default;
        return PublishedPolicies.MtaSts(domain, record, answer.Trouble, hosts, fetch, policy.Text, policy.Trouble);
    }
}
