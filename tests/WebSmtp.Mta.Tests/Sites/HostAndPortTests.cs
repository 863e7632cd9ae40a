using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

public class HostAndPortTests
{
    [Theory]
    [InlineData("mail.branch.example", "mail.branch.example:25")]
    [InlineData("Mail.Branch.Example:2525", "mail.branch.example:2525")]
    [InlineData("192.0.2.7", "192.0.2.7:25")]
    [InlineData("192.0.2.7:2525", "192.0.2.7:2525")]
    [InlineData("[192.0.2.7]:2525", "192.0.2.7:2525")]
    [InlineData("[2001:db8::7]", "[2001:db8::7]:25")]
    [InlineData("[2001:DB8::7]:2525", "[2001:db8::7]:2525")]
    [InlineData("localhost:65535", "localhost:65535")]
    public void A_host_with_or_without_a_port_is_read(string text, string normal)
    {
        Assert.True(HostAndPort.TryParse(text, out var parsed));
        Assert.Equal(normal, parsed.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(":25")]
    [InlineData("mail.example:")]
    [InlineData("mail.example:0")]
    [InlineData("mail.example:65536")]
    [InlineData("mail.example:+25")]
    [InlineData("mail.example:smtp")]
    [InlineData("2001:db8::7")]
    [InlineData("[2001:db8::7")]
    [InlineData("[mail.example]:25")]
    [InlineData("mail example:25")]
    [InlineData("http://mail.example")]
    public void Anything_else_is_not(string text) => Assert.False(HostAndPort.TryParse(text, out _));
}
