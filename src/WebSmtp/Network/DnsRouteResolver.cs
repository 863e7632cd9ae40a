using System.Net;
using DnsClient;
using DnsClient.Protocol;
using WebSmtp.Mta.Routing;

namespace WebSmtp.Network;

/// <summary>Finds mail hosts with DnsClient. RFC 5321 section 5.1, RFC 7505. Answers are cached for their time to live.</summary>
sealed class DnsRouteResolver : IMailRouteResolver
{
    // What a hostile zone can make us look at.
    const int MaxHosts = 16, MaxAddresses = 8;

    readonly LookupClient _dns;

    public DnsRouteResolver(IReadOnlyList<IPEndPoint> servers)
    {
        var options = servers.Count == 0 ? new LookupClientOptions() : new LookupClientOptions([.. servers]) { AutoResolveNameServers = false };
        options.Timeout = TimeSpan.FromSeconds(5);
        options.Retries = 2;
        options.ThrowDnsErrors = false;
        options.UseCache = true;
        options.MaximumCacheTimeout = TimeSpan.FromHours(1);
        _dns = new(options);
    }

    public async Task<RouteAnswer> ResolveAsync(string domain, CancellationToken stop)
    {
        if (Literal(domain) is { } literal) return Found([new(domain, literal, 0)]);
        var mx = await AskAsync(domain, QueryType.MX, stop);
        if (mx.Failure is not RouteFailure.None) return new([], mx.Failure, mx.Reason);
        var records = mx.Answers.MxRecords().ToArray();
        if (records.Length == 0) return await ResolveHostAsync(domain, stop);
        if (records is [{ Exchange.Value: "." }]) return new([], RouteFailure.NullMx, $"{domain} takes no mail (null MX).");
        Random.Shared.Shuffle(records);
        var hosts = new List<MailHost>();
        RouteAnswer? trouble = null;
        foreach (var record in records.OrderBy(record => record.Preference).Take(MaxHosts))
        {
            var name = record.Exchange.Value.TrimEnd('.');
            var addresses = await ResolveHostAsync(name, stop);
            if (addresses.Failure is RouteFailure.Temporary) trouble = addresses;
            hosts.AddRange(addresses.Hosts.Select(host => host with { Preference = record.Preference }));
        }
        return hosts.Count > 0 ? Found(hosts)
            : trouble ?? new([], RouteFailure.NoHosts, $"None of the mail hosts of {domain} has an address.");
    }

    public async Task<RouteAnswer> ResolveHostAsync(string host, CancellationToken stop)
    {
        if (Literal(host) is { } literal) return Found([new(host, literal, 0)]);
        var v4 = await AskAsync(host, QueryType.A, stop);
        if (v4.Failure is RouteFailure.NoSuchDomain) return new([], v4.Failure, v4.Reason);
        var v6 = await AskAsync(host, QueryType.AAAA, stop);
        var addresses = v4.Answers.ARecords().Select(record => record.Address)
            .Concat(v6.Answers.AaaaRecords().Select(record => record.Address)).Take(MaxAddresses).ToList();
        if (addresses.Count > 0) return Found([.. addresses.Select(address => new MailHost(host, address, 0))]);
        return v4.Failure is RouteFailure.Temporary || v6.Failure is RouteFailure.Temporary
            ? new([], RouteFailure.Temporary, v4.Reason ?? v6.Reason)
            : new([], RouteFailure.NoHosts, $"{host} has neither a mail host nor an address.");
    }

    static RouteAnswer Found(IReadOnlyList<MailHost> hosts) => new(hosts, RouteFailure.None, null);

    // RFC 5321 4.1.3: [192.0.2.1] and [IPv6:2001:db8::1]; bare addresses are taken as well.
    static IPAddress? Literal(string host)
    {
        var text = host is ['[', .., ']'] ? host[1..^1] : host;
        if (text.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase)) text = text[5..];
        return IPAddress.TryParse(text, out var address) && (text.Contains('.', StringComparison.Ordinal) || text.Contains(':', StringComparison.Ordinal)) ? address : null;
    }

    async Task<(IReadOnlyList<DnsResourceRecord> Answers, RouteFailure Failure, string? Reason)> AskAsync(string name, QueryType type, CancellationToken stop)
    {
        try
        {
            var answer = await _dns.QueryAsync(name, type, cancellationToken: stop);
            return answer.Header.ResponseCode switch
            {
                DnsHeaderResponseCode.NoError => (answer.Answers, RouteFailure.None, null),
                DnsHeaderResponseCode.NotExistentDomain => ([], RouteFailure.NoSuchDomain, $"{name} does not exist in DNS."),
                var code => ([], RouteFailure.Temporary, $"DNS answered {code} for {name}."),
            };
        }
        catch (DnsResponseException e)
        {
            return ([], RouteFailure.Temporary, $"DNS gave no answer for {name} ({e.Code}).");
        }
    }
}
