using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using WebSmtp.Mta.Routing;

namespace WebSmtp.Network;

/// <summary>
/// Finds mail hosts with DnsClient. RFC 5321 section 5.1, RFC 7505. Answers are kept for their time to live, also those
/// that say no; what may be different in a moment is asked again.
/// </summary>
sealed partial class DnsRouteResolver : IMailRouteResolver
{
    // What a hostile zone can make us look at.
    const int MaxHosts = 16, MaxAddresses = 8, MaxAliases = 8;

    /// <summary>The other family is waited for so long, once one has answered.</summary>
    static readonly TimeSpan OtherFamily = TimeSpan.FromMilliseconds(300);

    readonly LookupClient _dns;
    readonly DnsCache _cache;
    readonly TimeProvider _time;

    /// <param name="servers">Empty: the system's.</param>
    public DnsRouteResolver(IReadOnlyList<IPEndPoint> servers, TimeProvider time)
    {
        var options = servers.Count == 0 ? new LookupClientOptions() : new LookupClientOptions([.. servers]) { AutoResolveNameServers = false };
        options.Timeout = TimeSpan.FromSeconds(5);
        options.Retries = 2;
        options.ThrowDnsErrors = false;
        options.UseCache = false;
        _dns = new(options);
        _cache = new(time);
        _time = time;
    }

    public async Task<RouteAnswer> ResolveAsync(string domain, CancellationToken stop)
    {
        if (Literal(domain) is { } literal) return Found([new(domain, literal, 0)]);
        var mx = await AskAsync(domain, QueryType.MX, stop);
        if (mx.Failure is not RouteFailure.None) return new([], mx.Failure, mx.Reason);
        var records = mx.Records.OfType<MxRecord>().ToArray();
        // Implicit MX: only where there is no other.
        if (records.Length == 0) return await ResolveHostAsync(domain, stop);
        if (Array.TrueForAll(records, IsNull)) return new([], RouteFailure.NullMx, $"{domain} takes no mail (null MX).");

        Random.Shared.Shuffle(records);
        var best = records.Where(record => !IsNull(record)).OrderBy(record => record.Preference).Take(MaxHosts).ToList();
        var answers = await Task.WhenAll(best.Select(record => ResolveHostAsync(record.Exchange.Value.TrimEnd('.'), stop)));
        var hosts = best.Zip(answers).SelectMany(pair => pair.Second.Hosts.Select(host => host with { Preference = pair.First.Preference })).ToList();
        return hosts.Count > 0 ? Found(hosts)
            : Array.Find(answers, answer => answer.Failure is RouteFailure.Temporary)
                ?? new([], RouteFailure.NoHosts, $"None of the mail hosts of {domain} has an address.");
    }

    public async Task<RouteAnswer> ResolveHostAsync(string host, CancellationToken stop)
    {
        if (Literal(host) is { } literal) return Found([new(host, literal, 0)]);
        // RFC 6761 section 6.3: no DNS server is asked for it.
        if (host is "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal))
            return Found([new(host, IPAddress.Loopback, 0), new(host, IPAddress.IPv6Loopback, 0)]);
        var v4 = AskAsync(host, QueryType.A, stop);
        var v6 = AskAsync(host, QueryType.AAAA, stop);
        var first = await Task.WhenAny(v4, v6);
        var second = first == v4 ? v6 : v4;
        // Whoever has an address does not wait until the other family's question has timed out.
        if (Addresses((await first).Records).Any())
            await ((Task)second).WaitAsync(OtherFamily, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        else
            await second;
        stop.ThrowIfCancellationRequested();

        Answer[] answers = [.. new[] { v4, v6 }.Where(one => one.IsCompletedSuccessfully).Select(one => one.Result)];
        var addresses = answers.SelectMany(answer => Addresses(answer.Records)).Take(MaxAddresses).ToList();
        if (addresses.Count > 0) return Found([.. addresses.Select(address => new MailHost(host, address, 0))]);
        return Array.Find(answers, answer => answer.Failure is RouteFailure.Temporary) is { } trouble ? new([], trouble.Failure, trouble.Reason)
            : Array.Find(answers, answer => answer.Failure is RouteFailure.NoSuchDomain) is { } nobody ? new([], nobody.Failure, nobody.Reason)
            : new([], RouteFailure.NoHosts, $"{host} has neither a mail host nor an address.");
    }

    static RouteAnswer Found(IReadOnlyList<MailHost> hosts) => new(hosts, RouteFailure.None, null);

    static bool IsNull(MxRecord record) => record.Exchange.Value is "." or "";

    static IEnumerable<IPAddress> Addresses(IReadOnlyList<DnsResourceRecord> records) => records.OfType<AddressRecord>().Select(record => record.Address);

    // RFC 5321 4.1.3: [192.0.2.1] and [IPv6:2001:db8::1]; bare addresses are taken as well.
    static IPAddress? Literal(string host)
    {
        var text = host is ['[', .., ']'] ? host[1..^1] : host;
        if (text.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase)) text = text[5..];
        return IPAddress.TryParse(text, out var address) && (text.Contains('.', StringComparison.Ordinal) || text.Contains(':', StringComparison.Ordinal)) ? address : null;
    }

    /// <summary>The records of a name, whatever aliases lead there. RFC 1034 section 3.6.2.</summary>
    async Task<Answer> AskAsync(string name, QueryType type, CancellationToken stop)
    {
        var at = name;
        for (var aliases = 0; aliases <= MaxAliases; aliases++)
        {
            var answer = await AskOnceAsync(at, type, stop);
            if (answer.Failure is not RouteFailure.None) return answer with { Reason = at == name ? answer.Reason : $"{name} is an alias: {answer.Reason}" };
            if (answer.Records.Any(record => (int)record.RecordType == (int)type)) return answer;
            // A server that does not follow aliases itself, or only so far.
            if (Follow(at, answer.Records) is not { } last) break;
            if (last == at) return answer;
            at = last;
        }
        return new([], RouteFailure.Temporary, $"{name} is an alias of an alias, and so on without end.");
    }

    /// <summary>Where the aliases among the records lead; null: round and round, or too far.</summary>
    static string? Follow(string name, IReadOnlyList<DnsResourceRecord> records)
    {
        var at = name;
        for (var aliases = 0; aliases <= MaxAliases; aliases++)
        {
            var alias = records.OfType<CNameRecord>().FirstOrDefault(record => string.Equals(record.DomainName.Value.TrimEnd('.'), at, StringComparison.OrdinalIgnoreCase));
            if (alias is null) return at;
            at = alias.CanonicalName.Value.TrimEnd('.');
        }
        return null;
    }

    async Task<Answer> AskOnceAsync(string name, QueryType type, CancellationToken stop)
    {
        if (_cache.Find(name, type) is { } known) return known;
        try
        {
            var said = await _dns.QueryAsync(name, type, cancellationToken: stop);
            var answer = said.Header.ResponseCode switch
            {
                DnsHeaderResponseCode.NoError => new Answer([.. said.Answers], RouteFailure.None, null),
                DnsHeaderResponseCode.NotExistentDomain => new([], RouteFailure.NoSuchDomain, $"{name} does not exist in DNS."),
                var code => new([], RouteFailure.Temporary, $"DNS answered {code} for {name}."),
            };
            if (answer.Failure is not RouteFailure.Temporary) _cache.Keep(name, type, answer, said.Authorities);
            return answer;
        }
        catch (DnsResponseException e)
        {
            return new([], RouteFailure.Temporary, $"DNS gave no answer for {name} ({e.Code}).");
        }
        catch (SocketException e)
        {
            return new([], RouteFailure.Temporary, $"DNS could not be asked for {name}: {e.Message}");
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // Nothing of it is repeated: the library puts its buffer into the message.
            return new([], RouteFailure.Temporary, $"The DNS servers gave no answer for {name} that can be read.");
        }
    }

    /// <summary>Records of one question, or why there are none.</summary>
    internal sealed record Answer(IReadOnlyList<DnsResourceRecord> Records, RouteFailure Failure, string? Reason);
}
