using CsCheck;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Smtp.Tests.Addresses;

public sealed class DomainNameTests
{
    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("EXAMPLE.Com", "example.com")]
    [InlineData("localhost", "localhost")]
    [InlineData("3com.com", "3com.com")]
    [InlineData("1.2.3.4.in-addr.arpa", "1.2.3.4.in-addr.arpa")]
    [InlineData("xn--bcher-kva.example", "xn--bcher-kva.example")]
    [InlineData("Bücher.example", "xn--bcher-kva.example")]
    [InlineData("παράδειγμα.δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp")]
    [InlineData("例え.example", "xn--r8jz45g.example")]
    [InlineData("example。com", "example.com")]
    public void A_domain_has_one_spelling(string text, string expected)
    {
        Assert.True(DomainName.TryParse(text, out var domain));
        Assert.Equal(expected, domain);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("example.com.")]
    [InlineData(".example.com")]
    [InlineData("example..com")]
    [InlineData("-example.com")]
    [InlineData("example-.com")]
    [InlineData("exam_ple.com")]
    [InlineData("exam ple.com")]
    [InlineData("example.com\r\n")]
    [InlineData("example.com\0")]
    [InlineData("192.0.2.1")]
    [InlineData("[192.0.2.1]")]
    [InlineData("*.example.com")]
    [InlineData("alice@example.com")]
    [InlineData("exämple-.com")]
    [InlineData("ex\uFFFDmple.com")]
    [InlineData("\uD800.com")]
    public void What_is_not_a_domain_is_refused(string text) => Assert.False(DomainName.TryParse(text, out _));

    [Fact]
    public void Labels_and_domains_have_their_lengths()
    {
        var label = new string('a', 63);
        Assert.True(DomainName.TryParse($"{label}.example", out _));
        Assert.False(DomainName.TryParse($"{label}a.example", out _));
        Assert.True(DomainName.TryParse($"{label}.{label}.{label}.{label}", out _));
        Assert.False(DomainName.TryParse($"{label}.{label}.{label}.{label}.b", out _));
    }

    [Theory]
    [InlineData("*.Example.com", "*.example.com")]
    [InlineData("Example.com", "example.com")]
    [InlineData("*", null)]
    [InlineData("*.", null)]
    [InlineData("*.*.example.com", null)]
    [InlineData("*example.com", null)]
    [InlineData("a.*.example.com", null)]
    public void A_pattern_is_a_domain_or_all_that_is_below_one(string text, string? expected)
    {
        Assert.Equal(expected is not null, DomainName.TryParsePattern(text, out var pattern));
        Assert.Equal(expected, pattern);
    }

    [Fact]
    public void Whatever_comes_in_what_comes_out_is_itself() =>
        Gen.String[Gen.Char["abzAZ019-._*üß例。 \0\uFFFD"], 0, 40].Sample(text =>
            !DomainName.TryParse(text, out var domain) || (DomainName.TryParse(domain, out var again) && again == domain),
            iter: 5_000, threads: 1);
}
