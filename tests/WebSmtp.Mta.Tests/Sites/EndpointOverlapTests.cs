using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

public class EndpointOverlapTests
{
    [Theory]
    [InlineData("127.0.0.1", 25, "127.0.0.1", 25, true)]
    [InlineData("127.0.0.1", 25, "127.0.0.1", 26, false)]
    [InlineData("127.0.0.1", 25, "127.0.0.2", 25, false)]
    [InlineData("0.0.0.0", 25, "127.0.0.1", 25, true)]
    [InlineData("0.0.0.0", 25, "127.0.0.1", 26, false)]
    [InlineData("0.0.0.0", 25, "0.0.0.0", 25, true)]
    [InlineData("0.0.0.0", 25, "::1", 25, false)]
    [InlineData("::", 25, "::1", 25, true)]
    [InlineData("::", 25, "::1", 26, false)]
    [InlineData("::", 25, "::", 25, true)]
    [InlineData("::", 25, "127.0.0.1", 25, true)]
    [InlineData("::", 25, "0.0.0.0", 25, true)]
    [InlineData("::1", 25, "127.0.0.1", 25, false)]
    [InlineData("::1", 25, "::1", 25, true)]
    [InlineData("2001:db8::1", 25, "2001:db8::2", 25, false)]
    public void Endpoints_overlap_when_one_connection_could_mean_both(string address, int port, string otherAddress, int otherPort, bool overlap)
    {
        var one = new SiteEndpoint(address, port);
        var other = new SiteEndpoint(otherAddress, otherPort);
        Assert.Equal(overlap, EndpointOverlap.Overlaps(one, other));
        Assert.Equal(overlap, EndpointOverlap.Overlaps(other, one));
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("::", true)]
    [InlineData("2001:db8::1", true)]
    [InlineData("", false)]
    [InlineData("*", false)]
    [InlineData("[::]", false)]
    [InlineData("127.1", false)]
    [InlineData("010.0.0.1", false)]
    [InlineData("2130706433", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("localhost", false)]
    [InlineData("127.0.0.1:25", false)]
    public void An_address_is_written_in_its_usual_form(string text, bool valid) =>
        Assert.Equal(valid, EndpointOverlap.ReadAddress(text) is not null);
}
