using System.Net;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>/traffic and /alarms.</summary>
public sealed class StatisticsTests(SharedServer server)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_comes_in_is_counted_at_once()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("counted.example");
        await site.SendAsync("somebody@counted.example", SampleMail.Plain("one"), SampleMail.Plain("two"));

        var traffic = await site.Api.GetAsync($"/traffic?site={site.Id}&range=PT1H&step=PT5M");

        Assert.Equal("PT5M", traffic["step"]!.GetValue<string>());
        Assert.Equal(12, traffic["items"]!.AsArray().Count);
        Assert.Equal(2, traffic["total"]!["accepted"]!.GetValue<long>());
        Assert.True(traffic["total"]!["acceptedBytes"]!.GetValue<long>() > 100);
        (await site.Api.AskAsync("GET", "/traffic?range=yesterday")).Problem(HttpStatusCode.BadRequest, "range");
        (await site.Api.AskAsync("GET", "/traffic?range=P90D")).Problem(HttpStatusCode.BadRequest, "range");
        (await site.Api.AskAsync("GET", "/traffic?site=all")).Problem(HttpStatusCode.BadRequest, "site");
        Assert.Equal(HttpStatusCode.NotFound, (await site.Api.AskAsync("GET", "/traffic?site=99999")).Status);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_alarm_says_what_is_the_matter_and_ends_with_its_cause()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("nobody.example", route: """{ "etrn": false }""");

        var alarm = Assert.Single(await site.Api.ListAsync("/alarms"), one => one["subject"]?.GetValue<string>() == "nobody.example");

        Assert.Equal(("nobodyCollects", site.Id), (alarm["kind"]!.GetValue<string>(), alarm["siteId"]!.GetValue<int>()));
        await site.Api.PatchAsync($"{site.Path}/domains/nobody.example", """{ "route": { "etrn": true } }""");
        Assert.DoesNotContain(await site.Api.ListAsync("/alarms"), one => one["subject"]?.GetValue<string>() == "nobody.example");
    }
}
