using System.Diagnostics;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.Mta.Routing;
using WebSmtp.Network;

namespace WebSmtp.EndToEnd.Tests.Dns;

/// <summary>What a domain's records mean for its mail, asked of a real DNS server.</summary>
public sealed class DnsRouteResolverTests : IAsyncDisposable
{
    readonly LoopbackDns _dns = new();
    readonly DnsRouteResolver _resolver;

    public DnsRouteResolverTests() => _resolver = new([_dns.EndPoint], TimeProvider.System);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _dns.DisposeAsync();

    Task<RouteAnswer> AskAsync(string domain) => _resolver.ResolveAsync(domain, Stop);

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Hosts_come_by_preference_and_a_first_among_addresses()
    {
        _dns.Mx("a.example", 20, "second.a.example").Mx("a.example", 10, "first.a.example")
            .Address("first.a.example", "::1").Address("first.a.example", "127.0.0.2").Address("second.a.example", "127.0.0.3");
        var answer = await AskAsync("a.example");
        Assert.Equal(
            [(10, "first.a.example", "127.0.0.2"), (10, "first.a.example", "::1"), (20, "second.a.example", "127.0.0.3")],
            answer.Hosts.Select(host => (host.Preference, host.Name, host.Address.ToString())));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Equal_preferences_take_turns()
    {
        _dns.Mx("equal.example", 10, "one.equal.example").Mx("equal.example", 10, "two.equal.example")
            .Address("one.equal.example", "127.0.0.2").Address("two.equal.example", "127.0.0.3");
        var first = new HashSet<string>();
        // That 60 times the same one comes first happens once in 10^18 times.
        for (var n = 0; n < 60; n++) first.Add((await AskAsync("equal.example")).Hosts[0].Name);
        Assert.Equal(["one.equal.example", "two.equal.example"], first.Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_domain_without_mx_is_its_own_host_and_one_with_mx_never()
    {
        _dns.Address("plain.example", "127.0.0.2").Address("mixed.example", "127.0.0.2").Mx("mixed.example", 10, "nowhere.mixed.example");
        Assert.Equal("127.0.0.2", Assert.Single((await AskAsync("plain.example")).Hosts).Address.ToString());
        var mixed = await AskAsync("mixed.example");
        Assert.Equal((RouteFailure.NoHosts, "None of the mail hosts of mixed.example has an address."), (mixed.Failure, mixed.Reason));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_is_final_and_what_may_change_are_told_apart()
    {
        _dns.Mx("null.example", 0, "").Fail("failing.example").Refuse("refused.example")
            .Mx("half.example", 10, "failing.example").Mx("half.example", 20, "gone.example")
            .Mx("one.example", 10, "failing.example").Mx("one.example", 20, "there.example").Address("there.example", "127.0.0.2");
        Assert.Equal(RouteFailure.NullMx, (await AskAsync("null.example")).Failure);
        Assert.Equal(RouteFailure.NoSuchDomain, (await AskAsync("gone.example")).Failure);
        Assert.Equal(RouteFailure.Temporary, (await AskAsync("failing.example")).Failure);
        Assert.Equal(RouteFailure.Temporary, (await AskAsync("refused.example")).Failure);
        Assert.Equal(RouteFailure.Temporary, (await AskAsync("half.example")).Failure);
        Assert.Equal("there.example", Assert.Single((await AskAsync("one.example")).Hosts).Name);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Aliases_are_followed_but_not_for_ever()
    {
        _dns.Cname("alias.example", "real.example").Mx("real.example", 10, "mx.real.example").Address("mx.real.example", "127.0.0.2")
            .Cname("round.example", "and.example").Cname("and.example", "round.example").Cname("self.example", "self.example");
        Assert.Equal("mx.real.example", Assert.Single((await AskAsync("alias.example")).Hosts).Name);
        foreach (var endless in new[] { "round.example", "self.example" })
        {
            var round = await AskAsync(endless);
            Assert.Equal(RouteFailure.Temporary, round.Failure);
            Assert.Empty(round.Hosts);
        }
        Assert.True(_dns.Queries.Count < 60, $"{_dns.Queries.Count} questions");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task One_family_does_not_wait_for_the_other_to_time_out()
    {
        _dns.Address("quick.example", "127.0.0.2");
        _dns.SilentAbout = RecordType.Aaaa;
        var watch = Stopwatch.StartNew();
        Assert.Equal("127.0.0.2", Assert.Single((await _resolver.ResolveHostAsync("quick.example", Stop)).Hosts).Address.ToString());
        // The question alone would be given up after five seconds, and be asked twice more.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(4), $"{watch.Elapsed}");

        _dns.Address("six.example", "::1");
        _dns.SilentAbout = RecordType.A;
        Assert.Equal("::1", Assert.Single((await _resolver.ResolveHostAsync("six.example", Stop)).Hosts).Address.ToString());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Answers_are_kept_for_their_time_and_no_longer()
    {
        _dns.Mx("kept.example", 10, "mx.kept.example").Address("mx.kept.example", "127.0.0.2");
        await AskAsync("kept.example");
        var asked = _dns.Queries.Count;
        await AskAsync("kept.example");
        Assert.True(_dns.Queries.Count > asked, "a time to live of zero was kept");

        _dns.Seconds = 300;
        await AskAsync("kept.example");
        await AskAsync("missing.example");
        asked = _dns.Queries.Count;
        Assert.Single((await AskAsync("kept.example")).Hosts);
        Assert.Equal(RouteFailure.NoSuchDomain, (await AskAsync("missing.example")).Failure);
        Assert.Equal(asked, _dns.Queries.Count);
    }
}
