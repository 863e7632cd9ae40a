using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Sites;

public class SiteSnapshotTests
{
    static SiteSnapshot Snapshot(params string[] domains) => new(new Site
    {
        Id = 2,
        Name = "Branch",
        Mailroot = "branch",
        Settings = """{"maxMessageSize":4096}""",
        Domains = [.. domains.Select((name, index) => new MailDomain
        {
            SiteId = 2, Name = name, Kind = index == 0 ? DomainKind.Default : DomainKind.Remote, Route = new() { Type = index == 0 ? RouteType.Drop : RouteType.Dns },
        })],
    }, "/data/branch", 2, new Dictionary<int, string>());

    [Theory]
    [InlineData("hub.example", "hub.example")]
    [InlineData("HUB.Example", "hub.example")]
    [InlineData("example.com", null)]
    [InlineData("a.example.com", "*.example.com")]
    [InlineData("b.a.example.com", "*.a.example.com")]
    [InlineData("c.b.a.example.com", "*.a.example.com")]
    [InlineData("exact.a.example.com", "exact.a.example.com")]
    [InlineData("sub.exact.a.example.com", "*.a.example.com")]
    [InlineData("xexample.com", null)]
    [InlineData("a.xexample.com", null)]
    [InlineData("com", null)]
    [InlineData("", null)]
    public void The_most_specific_rule_wins(string domain, string? rule)
    {
        var site = Snapshot("hub.example", "*.example.com", "*.a.example.com", "exact.a.example.com");
        Assert.Equal(rule, site.RuleFor(domain)?.Name);
    }

    [Fact]
    public void A_name_that_is_too_long_for_a_domain_has_no_rule()
    {
        var site = Snapshot("hub.example", "*.example.com");
        Assert.Null(site.RuleFor(new string('a', 300) + ".example.com"[..4]));
        Assert.Equal("*.example.com", site.RuleFor(new string('a', 240) + ".example.com")?.Name);
    }

    [Fact]
    public void A_value_comes_from_the_domain_else_the_site_else_the_default()
    {
        var site = new SiteSnapshot(new Site
        {
            Id = 2,
            Name = "Branch",
            Mailroot = "branch",
            Settings = """{"maxMessageSize":4096,"outboundPort":26}""",
            Domains = [new() { Name = "far.example", Kind = DomainKind.Remote, Overrides = """{"maxMessageSize":8192}""" }],
        }, "/data/branch", 2, new Dictionary<int, string>());
        var domain = site.FindDomain("far.example")!.Settings;
        Assert.Equal((8192, SettingOrigin.Domain), (domain.Get(SettingsTable.MaxMessageSize), domain.Origin(SettingsTable.MaxMessageSize)));
        Assert.Equal((26, SettingOrigin.Site), (domain.Get(SettingsTable.OutboundPort), domain.Origin(SettingsTable.OutboundPort)));
        Assert.Equal(("opportunistic", SettingOrigin.Default), (domain.Get(SettingsTable.OutboundTls), domain.Origin(SettingsTable.OutboundTls)));
        Assert.Equal((4096, SettingOrigin.Site), (site.Settings.Get(SettingsTable.MaxMessageSize), site.Settings.Origin(SettingsTable.MaxMessageSize)));
    }

    [Theory]
    [InlineData(RouteType.Drop, null, true)]
    [InlineData(RouteType.Hold, null, true)]
    [InlineData(RouteType.Dns, null, false)]
    [InlineData(RouteType.SmartHost, null, false)]
    [InlineData(RouteType.Refuse, null, false)]
    [InlineData(RouteType.Hold, false, false)]
    [InlineData(RouteType.Dns, true, true)]
    public void Who_may_send_to_a_domain_depends_on_its_route_unless_it_says_so_itself(RouteType route, bool? configured, bool allow)
    {
        var domain = new MailDomain { Name = "far.example", Kind = DomainKind.Remote, Route = new() { Type = route }, AllowRelay = configured };
        Assert.Equal(allow, new DomainSnapshot(domain, null, SettingValues.Defaults, new Dictionary<int, string>()).AllowRelay);
    }

    [Fact]
    public void An_account_that_is_gone_is_no_collector()
    {
        var domain = new MailDomain
        {
            Name = "far.example",
            TurnMappings = [new() { Domain = "far.example", AccountId = 1 }, new() { Domain = "far.example", AccountId = 2 }],
        };
        Assert.Equal(["here"], new DomainSnapshot(domain, null, SettingValues.Defaults, new Dictionary<int, string> { [2] = "here" }).TurnAccounts);
    }
}
