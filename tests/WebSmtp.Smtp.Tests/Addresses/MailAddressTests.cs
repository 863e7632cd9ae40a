using System.Text;
using CsCheck;
using WebSmtp.Smtp.Addresses;

namespace WebSmtp.Smtp.Tests.Addresses;

public sealed class MailAddressTests
{
    [Theory]
    [InlineData("alice@example.org", "alice", "example.org")]
    [InlineData("Alice@EXAMPLE.org", "Alice", "example.org")]
    [InlineData("postmaster", "postmaster", "")]
    [InlineData("", "", "")]
    [InlineData("\"a b\"@example.org", "\"a b\"", "example.org")]
    [InlineData("\"a\\\"@b\"@example.org", "\"a\\\"@b\"", "example.org")]
    [InlineData("a@[192.0.2.1]", "a", "[192.0.2.1]")]
    [InlineData("a@[ipv6:2001:DB8:0::1]", "a", "[IPv6:2001:db8::1]")]
    [InlineData("user%other.example@example.org", "user%other.example", "example.org")]
    public void An_address_is_read(string text, string localPart, string domain)
    {
        Assert.True(MailAddress.TryParse(text, out var address));
        Assert.Equal(new MailAddress(localPart, domain), address);
    }

    [Theory]
    [InlineData("@example.org")]
    [InlineData("alice@")]
    [InlineData("alice@@example.org")]
    [InlineData("alice@example.org@example.org")]
    [InlineData("alice@example.org ")]
    [InlineData(" alice@example.org")]
    [InlineData("<alice@example.org>")]
    [InlineData("alice@example.org>")]
    [InlineData(".alice@example.org")]
    [InlineData("alice.@example.org")]
    [InlineData("al..ice@example.org")]
    [InlineData("al ice@example.org")]
    [InlineData("al\"ice@example.org")]
    [InlineData("\"alice@example.org")]
    [InlineData("\"alice\\\"@example.org")]
    [InlineData("\"al\rice\"@example.org")]
    [InlineData("\"al\\\0ice\"@example.org")]
    [InlineData("alice\r\n@example.org")]
    [InlineData("alice@[192.0.2.01]")]
    [InlineData("alice@[192.0.2]")]
    [InlineData("alice@[1]")]
    [InlineData("alice@[IPv6:fe80::1%eth0]")]
    [InlineData("alice@[IPv6:192.0.2.1]")]
    [InlineData("alice@[2001:db8::1]")]
    [InlineData("alice@[x-tag:content]")]
    public void What_is_no_address_is_refused(string text) => Assert.False(MailAddress.TryParse(text, out _));

    [Fact]
    public void Local_part_and_path_have_their_lengths()
    {
        Assert.True(MailAddress.TryParse(new string('x', 64) + "@example.org", out _));
        Assert.False(MailAddress.TryParse(new string('x', 65) + "@example.org", out _));
        Assert.False(MailAddress.TryParse(new string('ü', 33) + "@example.org", out _));
        // Path: angle brackets, local part, at sign, domain, at most 256 octets.
        var domain = string.Join('.', Enumerable.Repeat(new string('a', 49), 5));
        Assert.Equal(249, domain.Length);
        Assert.True(MailAddress.TryParse("12345@" + domain[..248], out _));
        Assert.False(MailAddress.TryParse("12345@" + domain, out _));
    }

    [Fact]
    public void An_address_that_was_read_is_read_again_from_what_it_prints() =>
        Gen.String[Gen.Char["abAB01.-_@\"\\[]:<>, üé\0\r\n"], 0, 30].Sample(text =>
            !MailAddress.TryParse(text, out var address)
            || (MailAddress.TryParse(address.ToString(), out var again) && again == address),
            iter: 20_000, threads: 1);

    [Fact]
    public void No_octets_make_the_path_parser_throw_or_run_over() =>
        Gen.Frequency((3, Gen.Byte[(byte)'<', (byte)'@']), (1, Gen.Byte)).Array[0, 60].Sample(octets =>
        {
            byte[] path = [(byte)'<', .. octets];
            return !PathParser.TryRead(path, out var address, out _, out var length)
                || (length <= path.Length && path[length - 1] is (byte)'>' && Encoding.UTF8.GetByteCount(address.ToString()) <= 254);
        }, iter: 20_000, threads: 1);
}
