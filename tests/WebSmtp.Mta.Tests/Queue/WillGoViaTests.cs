using WebSmtp.Mta.Queue;
using WebSmtp.Mta.Routing;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;
using WebSmtp.Mta.SmartHosts;

namespace WebSmtp.Mta.Tests.Queue;

public sealed class WillGoViaTests
{
    static RouteHop Kept(string name) => new RouteHop.Via(name, new("mail.example"), new());

    static string Describe(RouteType type, params RouteHop[] hops) => WillGoVia.Describe(new(type, null, hops, SettingValues.ForSite("{}")));

    [Fact]
    public void A_route_is_said_in_a_few_words()
    {
        Assert.Equal("MX of example.com", Describe(RouteType.Dns, new RouteHop.Domain("example.com")));
        Assert.Equal("[192.0.2.7]", Describe(RouteType.Dns, new RouteHop.Domain("[192.0.2.7]")));
        Assert.Equal("smart host primary, backup", Describe(RouteType.SmartHost, Kept("primary"), Kept("backup")));
        Assert.Equal("smart host mail.example:587", Describe(RouteType.SmartHost, new RouteHop.Via(null, new("mail.example", 587), new())));
        Assert.Equal("MX of example.com, then smart host backup", Describe(RouteType.Dns, new RouteHop.Domain("example.com"), Kept("backup")));
        Assert.Equal("smart host that is not kept any more", Describe(RouteType.SmartHost));
        Assert.Equal("held until collected", Describe(RouteType.Hold));
        Assert.Equal("Drop folder", Describe(RouteType.Drop));
        Assert.Equal("refused by its domain rule", Describe(RouteType.Refuse));
    }
}
