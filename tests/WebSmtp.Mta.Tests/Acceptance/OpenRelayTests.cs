using System.Net;
using WebSmtp.Mta.Acceptance;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Acceptance;

public class OpenRelayTests
{
    static SiteSnapshot Site(string relay, string address = "0.0.0.0", string more = "", bool odmr = false) => new(new Site
    {
        Id = 1, Name = "Hub", Mailroot = "hub", Endpoints = [new(address, 25, Odmr: odmr)],
        Settings = $$"""{ "relay": { "allowAuthenticated": true, "allowAddresses": [{{relay}}] }{{more}} }""",
        Domains = [new() { SiteId = 1, Name = "hub.example", Kind = DomainKind.Default, Route = new() { Type = RouteType.Drop } }],
    }, "/data/hub", 1, new Dictionary<int, string>());

    [Theory]
    [InlineData("\"0.0.0.0/0\"", "0.0.0.0/0")]
    [InlineData("\"10.0.0.0/8\", \"128.0.0.0/1\"", "128.0.0.0/1")]
    [InlineData("\"::/0\"", "::/0")]
    [InlineData("\"2000::/3\"", "2000::/3")]
    public void Who_relays_for_everybody_is_one_and_an_address_that_shows_it_is_let_through(string relay, string range)
    {
        var site = Site(relay);

        var open = OpenRelay.Find(site);

        Assert.Equal(range, open?.Range.ToString());
        Assert.True(open!.Range.Contains(open.Client));
        Assert.Null(RelayDecision.Refuse(site, null, new("anybody", "example.org"), open.Client, IPAddress.Loopback, authenticated: false));
    }

    [Theory]
    [InlineData("\"127.0.0.1\", \"::1\"")]
    [InlineData("\"10.0.0.0/8\", \"192.168.0.0/16\"")]
    [InlineData("\"fc00::/7\"")]
    [InlineData("")]
    public void Who_relays_for_networks_of_its_own_is_none(string relay) => Assert.Null(OpenRelay.Find(Site(relay)));

    [Fact]
    public void Strangers_that_cannot_come_in_cannot_send()
    {
        const string everybody = "\"0.0.0.0/0\"";
        Assert.NotNull(OpenRelay.Find(Site(everybody)));
        Assert.Null(OpenRelay.Find(Site(everybody, more: """, "allowAddresses": ["10.0.0.0/8"]""")));
        Assert.Null(OpenRelay.Find(Site(everybody, more: """, "anonymousAllowed": false""")));
        Assert.Null(OpenRelay.Find(Site(everybody, address: "127.0.0.1")));
        Assert.Null(OpenRelay.Find(Site(everybody, odmr: true)));
    }
}
