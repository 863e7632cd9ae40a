using System.Net;
using DnsClient;
using DnsClient.Protocol;
using WebSmtp.EndToEnd.Tests.Server;

namespace WebSmtp.EndToEnd.Tests.Dns;

/// <summary>The DNS server of the tests itself, asked by the library that the product asks with.</summary>
public sealed class LoopbackDnsTests : IAsyncDisposable
{
    readonly LoopbackDns _dns = new();

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _dns.DisposeAsync();

    [Fact(Timeout = Limits.Ordinary)]
    public async Task It_answers_mail_hosts_addresses_and_aliases()
    {
        _dns.Mx("test.example", 10, "mx1.test.example").Mx("test.example", 5, "mx2.test.example")
            .Address("mx1.test.example", "127.0.0.2").Address("mx1.test.example", "::1").Cname("alias.example", "mx1.test.example");
        var client = Client();

        var mx = await client.QueryAsync("TEST.example", QueryType.MX, cancellationToken: Stop);
        Assert.Equal([(10, "mx1.test.example."), (5, "mx2.test.example.")], mx.Answers.MxRecords().Select(one => ((int)one.Preference, one.Exchange.Value)));
        Assert.Equal(IPAddress.IPv6Loopback, (await client.QueryAsync("mx1.test.example", QueryType.AAAA, cancellationToken: Stop)).Answers.AaaaRecords().Single().Address);
        var alias = await client.QueryAsync("alias.example", QueryType.A, cancellationToken: Stop);
        Assert.Equal(IPAddress.Parse("127.0.0.2"), alias.Answers.ARecords().Single().Address);
        Assert.Equal("mx1.test.example.", alias.Answers.CnameRecords().Single().CanonicalName.Value);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task It_fails_in_every_way_that_a_test_wants()
    {
        _dns.Fail("failing.example").BeSilent("silent.example").Address("long.example", "127.0.0.9").Truncate("long.example");
        var client = Client();

        Assert.Equal(DnsHeaderResponseCode.NotExistentDomain, (await client.QueryAsync("nowhere.example", QueryType.MX, cancellationToken: Stop)).Header.ResponseCode);
        Assert.Equal(DnsHeaderResponseCode.ServerFailure, (await client.QueryAsync("failing.example", QueryType.MX, cancellationToken: Stop)).Header.ResponseCode);
        await Assert.ThrowsAsync<DnsResponseException>(() => client.QueryAsync("silent.example", QueryType.MX, cancellationToken: Stop));
        Assert.Equal(IPAddress.Parse("127.0.0.9"), (await client.QueryAsync("long.example", QueryType.A, cancellationToken: Stop)).Answers.ARecords().Single().Address);
        Assert.Contains(new(RecordType.A, "long.example", OverTcp: true), _dns.Queries);
        Assert.Empty((await client.QueryAsync("long.example", QueryType.MX, cancellationToken: Stop)).Answers);
    }

    LookupClient Client() => new(new LookupClientOptions(_dns.EndPoint)
    {
        AutoResolveNameServers = false,
        UseCache = false,
        Retries = 0,
        Timeout = TimeSpan.FromSeconds(1),
        ThrowDnsErrors = false,
    });
}
