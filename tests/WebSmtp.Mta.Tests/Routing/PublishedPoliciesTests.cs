using WebSmtp.Mta.Routing;

namespace WebSmtp.Mta.Tests.Routing;

/// <summary>What the records of a domain mean, as standards have it.</summary>
public sealed class PublishedPoliciesTests
{
    [Theory]
    [InlineData("v=spf1 mx -all", DnsVerdict.Good)]
    [InlineData("v=spf1 mx ~all", DnsVerdict.Good)]
    [InlineData("v=spf1 redirect=_spf.example.com", DnsVerdict.Good)]
    [InlineData("v=spf1 mx ?all", DnsVerdict.Warning)]
    [InlineData("v=spf1 mx", DnsVerdict.Warning)]
    [InlineData("v=spf1 +all", DnsVerdict.Bad)]
    [InlineData("v=spf1 all", DnsVerdict.Bad)]
    [InlineData("v=spf1 a mx ptr a:b.c mx:b.c include:1.c include:2.c include:3.c include:4.c include:5.c exists:6.c -all", DnsVerdict.Bad)]
    [InlineData("v=spf10 -all", DnsVerdict.Missing)]
    [InlineData("google-site-verification=1", DnsVerdict.Missing)]
    public void Spf(string record, DnsVerdict verdict) =>
        Assert.Equal(verdict, PublishedPolicies.Spf("example.com", new([record], null)).Verdict);

    [Fact]
    public void Two_records_of_a_kind_are_none()
    {
        Assert.Equal(DnsVerdict.Bad, PublishedPolicies.Spf("example.com", new(["v=spf1 -all", "v=spf1 mx -all"], null)).Verdict);
        Assert.Equal(DnsVerdict.Bad, PublishedPolicies.Dmarc("example.com", "example.com", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], null).Verdict);
        Assert.Equal(DnsVerdict.Bad, PublishedPolicies.TlsReports("example.com", new(["v=TLSRPTv1; rua=mailto:a@b.c", "v=TLSRPTv1; rua=mailto:a@b.c"], null)).Verdict);
    }

    [Theory]
    [InlineData("v=DMARC1; p=reject; rua=mailto:a@b.c", DnsVerdict.Good)]
    [InlineData("v=DMARC1;p=Quarantine", DnsVerdict.Good)]
    [InlineData("v=DMARC1; p=none", DnsVerdict.Warning)]
    [InlineData("v=DMARC1; p=perhaps", DnsVerdict.Bad)]
    [InlineData("v=DMARC1", DnsVerdict.Bad)]
    public void Dmarc(string record, DnsVerdict verdict) =>
        Assert.Equal(verdict, PublishedPolicies.Dmarc("example.com", "example.com", [record], null).Verdict);

    [Fact]
    public void A_domain_below_has_the_policy_for_domains_below()
    {
        var finding = PublishedPolicies.Dmarc("mail.example.com", "example.com", ["v=DMARC1; p=reject; sp=none"], null);
        Assert.Equal(DnsVerdict.Warning, finding.Verdict);
        Assert.Contains("policy of example.com", finding.Says, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\nmax_age: 604800\r\n", DnsVerdict.Good)]
    [InlineData("version: STSv1\nmode: enforce\nmx: other.example.com\nmax_age: 604800", DnsVerdict.Bad)]
    [InlineData("version: STSv1\nmode: testing\nmx: other.example.com\nmax_age: 604800", DnsVerdict.Warning)]
    [InlineData("version: STSv1\nmode: none\nmax_age: 86400", DnsVerdict.Missing)]
    [InlineData("<html>", DnsVerdict.Bad)]
    public void An_mta_sts_policy_must_name_the_mail_hosts(string policy, DnsVerdict verdict)
    {
        DnsMailHost[] hosts = [new(10, "mx.example.com", ["192.0.2.7"], false, null, null)];
        Assert.Equal(verdict, PublishedPolicies.MtaSts("example.com", ["v=STSv1; id=1"], null, hosts, true, policy, null).Verdict);
    }

    [Fact]
    public void A_key_that_was_taken_back_is_no_key()
    {
        var finding = PublishedPolicies.Dkim("example.com", true, [("old", new(["v=DKIM1; p="], null)), ("new", new([], null))]);
        Assert.Equal(DnsVerdict.Warning, finding.Verdict);
        Assert.Contains("taken back", finding.Says, StringComparison.Ordinal);
    }

    [Fact]
    public void Dns_that_cannot_say_is_not_taken_for_nothing()
    {
        Assert.Equal(DnsVerdict.Unknown, PublishedPolicies.Spf("example.com", new([], "DNS gave no answer.")).Verdict);
        Assert.Equal(DnsVerdict.Unknown, PublishedPolicies.Dkim("example.com", false, [("mail", new([], "DNS gave no answer."))]).Verdict);
    }
}
