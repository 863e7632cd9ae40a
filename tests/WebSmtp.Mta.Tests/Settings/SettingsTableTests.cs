using System.Text.Json.Nodes;
using WebSmtp.Mta.Settings;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Mta.Tests.Settings;

public class SettingsTableTests
{
    public static TheoryData<string> Names => [.. SettingsTable.All.Select(setting => setting.Name)];
    public static TheoryData<string> Overridable => [.. SettingsTable.All.Where(setting => setting.Scope is SettingScope.SiteAndDomain).Select(setting => setting.Name)];

    /// <summary>A value that is allowed and is not the default.</summary>
    static JsonNode Other(Setting setting) => setting.Type switch
    {
        SettingType.Boolean => !setting.DefaultJson!.GetValue<bool>(),
        SettingType.Number or SettingType.Size => long.Parse(setting.Minimum!) == setting.DefaultJson!.GetValue<long>()
            ? long.Parse(setting.Maximum!)
            : long.Parse(setting.Minimum!),
        SettingType.Duration => setting.Minimum!,
        SettingType.DurationList => new JsonArray("PT7M"),
        SettingType.Text or SettingType.Address => "other",
        SettingType.Choice => setting.Choices.First(choice => choice != setting.DefaultJson!.GetValue<string>()),
        SettingType.ChoiceList => new JsonArray(setting.Choices[^1]),
        SettingType.AddressRanges => new JsonArray("192.0.2.0/24", "2001:db8::7"),
        SettingType.Relay => new JsonObject { ["allowAuthenticated"] = false, ["allowAddresses"] = new JsonArray("10.0.0.0/8") },
        SettingType.SmartHost => JsonNode.Parse("""{"target":{"host":"relay.example","port":587,"tls":"verify","auth":{"type":"none"}},"use":[],"mode":"fallback"}""")!,
        _ => throw new InvalidOperationException(setting.Name),
    };

    [Theory, MemberData(nameof(Names))]
    public void The_default_is_a_value_that_is_allowed(string name)
    {
        var setting = SettingsTable.Find(name)!;
        // Not set at all, which is no value.
        if (setting.DefaultJson is null) return;
        Assert.True(setting.TryParse(setting.DefaultJson!, out var parsed, out var error), error);
        Assert.Equal(setting.DefaultJson!.ToJsonString(), setting.Format(parsed)!.ToJsonString());
    }

    [Theory, MemberData(nameof(Names))]
    public void What_a_site_sets_is_what_it_has(string name)
    {
        var setting = SettingsTable.Find(name)!;
        var values = SettingValues.ForSite(new JsonObject { [name] = Other(setting) }.ToJsonString());
        Assert.Equal(SettingOrigin.Site, values.Origin(setting));
        Assert.Equal(Normal(setting), values.Show(setting)!.ToJsonString());
        Assert.NotEqual(setting.DefaultJson?.ToJsonString(), values.Show(setting)!.ToJsonString());
        Assert.All(SettingsTable.All.Where(other => other != setting), other => Assert.Equal(SettingOrigin.Default, values.Origin(other)));
    }

    [Theory, MemberData(nameof(Overridable))]
    public void What_a_domain_overrides_is_what_it_has(string name)
    {
        var setting = SettingsTable.Find(name)!;
        var site = new SiteSnapshot(new Site
        {
            Name = "Branch",
            Mailroot = "branch",
            Settings = new JsonObject { [name] = setting.DefaultJson }.ToJsonString(),
            Domains = [new() { Name = "far.example", Overrides = new JsonObject { [name] = Other(setting) }.ToJsonString() }],
        }, "/data/branch", 2, new Dictionary<int, string>());
        var effective = site.RuleFor("far.example")!.Settings;
        Assert.Equal((SettingOrigin.Domain, SettingOrigin.Site), (effective.Origin(setting), site.Settings.Origin(setting)));
        Assert.Equal(Normal(setting), effective.Show(setting)!.ToJsonString());
        Assert.Equal(setting.DefaultJson!.ToJsonString(), site.Settings.Show(setting)!.ToJsonString());
    }

    static string Normal(Setting setting)
    {
        Assert.True(setting.TryParse(Other(setting), out var parsed, out var error), error);
        return setting.Format(parsed)!.ToJsonString();
    }

    [Theory, MemberData(nameof(Names))]
    public void A_value_of_another_kind_is_refused_with_a_reason(string name)
    {
        var setting = SettingsTable.Find(name)!;
        JsonNode wrong = setting.Type is SettingType.Text ? 5 : new JsonObject { ["what"] = "nonsense" };
        Assert.False(setting.TryParse(wrong, out _, out var error));
        Assert.NotEqual("", error);
    }

    [Theory]
    [InlineData("maxMessageSize", "1023")]
    [InlineData("maxMessageSize", "-1")]
    [InlineData("maxMessageSize", "1.5")]
    [InlineData("maxMessageSize", "1e99")]
    [InlineData("maxMessageSize", "\"4096\"")]
    [InlineData("maxRecipientsPerMessage", "0")]
    [InlineData("outboundPort", "65536")]
    [InlineData("inactivityTimeout", "\"PT0S\"")]
    [InlineData("inactivityTimeout", "\"10 minutes\"")]
    [InlineData("inactivityTimeout", "600")]
    [InlineData("inactivityTimeout", "\"P99999999999D\"")]
    [InlineData("retryIntervals", "[]")]
    [InlineData("retryIntervals", "[null]")]
    [InlineData("retryIntervals", "[\"PT0S\"]")]
    [InlineData("banner", "\"two\\r\\nlines\"")]
    [InlineData("banner", "\"b\u00fccher\"")]
    [InlineData("outboundTls", "\"Require\"")]
    [InlineData("authMechanisms", "[\"NTLM\"]")]
    [InlineData("allowAddresses", "[\"10.0.0.1/8\"]")]
    [InlineData("allowAddresses", "[\"127.1\"]")]
    [InlineData("allowAddresses", "[\"::ffff:10.0.0.1\"]")]
    [InlineData("allowAddresses", "\"10.0.0.0/8\"")]
    [InlineData("relay", "{\"allowAuthenticated\":null}")]
    [InlineData("relay", "{\"allowAddresses\":[\"x\"]}")]
    [InlineData("relay", "{\"allowAll\":true}")]
    public void A_value_that_is_not_allowed_is_refused(string name, string json) =>
        Assert.False(SettingsTable.Find(name)!.TryParse(JsonNode.Parse(json)!, out _, out _));

    [Theory]
    [InlineData("maxMessageSize", "0", "0")]
    [InlineData("maxMessageSize", "1024", "1024")]
    [InlineData("inactivityTimeout", "\"PT1H30M\"", "\"PT1H30M\"")]
    [InlineData("authMechanisms", "[\"plain\",\"PLAIN\"]", "[\"PLAIN\"]")]
    [InlineData("authMechanisms", "[]", "[]")]
    [InlineData("allowAddresses", "[\"192.0.2.7\",\"::1\"]", "[\"192.0.2.7/32\",\"::1/128\"]")]
    [InlineData("relay", "{\"allowAuthenticated\":false}", "{\"allowAuthenticated\":false,\"allowAddresses\":[\"127.0.0.1/32\",\"::1/128\"]}")]
    public void A_value_is_shown_in_one_form(string name, string json, string shown)
    {
        var setting = SettingsTable.Find(name)!;
        Assert.True(setting.TryParse(JsonNode.Parse(json)!, out var parsed, out var error), error);
        Assert.Equal(shown, setting.Format(parsed)!.ToJsonString());
    }

    [Fact]
    public void A_list_of_addresses_has_an_end()
    {
        var long_ = new JsonArray([.. Enumerable.Range(0, 10_001).Select(_ => (JsonNode)"192.0.2.7")]);
        Assert.False(SettingsTable.AllowAddresses.TryParse(long_, out _, out _));
    }

    [Fact]
    public void Every_setting_is_there_once_and_says_what_it_does()
    {
        Assert.Equal(SettingsTable.All.Count, SettingsTable.All.DistinctBy(setting => setting.Name).Count());
        Assert.All(SettingsTable.All, setting =>
        {
            Assert.EndsWith(".", setting.Help, StringComparison.Ordinal);
            Assert.Contains(setting.Sheet, SettingsTable.Sheets);
            Assert.NotEqual(setting.Name, setting.Label);
            Assert.NotEmpty(setting.Group);
        });
        Assert.Null(SettingsTable.Find("MaxMessageSize"));
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "11.1.2.3", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("2001:db8::/32", "2001:db8::1", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    public void A_range_has_addresses_of_its_family(string range, string address, bool inside)
    {
        Assert.True(AddressRange.TryParse(range, out var parsed));
        Assert.Equal(inside, parsed.Contains(System.Net.IPAddress.Parse(address)));
    }
}
