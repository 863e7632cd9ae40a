using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>The days on which the reader's clock is put forward and back.</summary>
public sealed class SummerTimeTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_next_try_and_its_order_are_right_on_the_days_when_the_clock_changes()
    {
        await using var sink = new RecordingSink(new() { ReplyTo = command => command.StartsWith("RCPT", StringComparison.Ordinal) ? "450 4.2.1 Come back later" : null });
        await using var site = await server.NewSiteAsync();
        await site.Api.PostAsync($"{site.Path}/domains", $$"""
            { "name": "clock.example", "kind": "remote", "allowRelay": true,
              "route": { "type": "smartHost", "smartHost": { "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none" } } }
            """);
        // In Berlin, an hour is left out in spring and comes twice in autumn, both from 01:00 UTC.
        var (spring, autumn) = (LastSunday(3), LastSunday(10));
        DateTime[] tries = [spring.AddMinutes(59), spring.AddMinutes(61), autumn.AddMinutes(30), autumn.AddMinutes(90)];
        foreach (var at in tries.Reverse()) await site.SendAsync($"user{at:MMddHHmm}@clock.example", SampleMail.Plain($"{at:MMddHHmm}"));
        await Eventually.EqualAsync(4, async () => (await site.Api.ListAsync($"{site.Path}/messages?state=retry")).Count);
        foreach (var at in tries)
            await site.WriteAsync("UPDATE Recipients SET DueAt = $at WHERE SiteId = $site AND Address = $to", ("$at", at), ("$site", site.Id), ("$to", $"user{at:MMddHHmm}@clock.example"));
        var page = await browser.OpenLoggedInAsync(site.Server, new(TimeZone: "Europe/Berlin"));

        await page.GotoAsync($"/messages?q=site:{site.Id}&sort=nextTry");

        var times = page.Locator("td[data-label='Next try'] time");
        await Expect(times).ToHaveTextAsync([$"{spring:d MMM yyyy}, 01:59", $"{spring:d MMM yyyy}, 03:01", $"{autumn:d MMM yyyy}, 02:30", $"{autumn:d MMM yyyy}, 02:30"]);
        for (var i = 0; i < tries.Length; i++)
            Assert.EndsWith($"= {tries[i]:yyyy-MM-dd HH:mm:ss} UTC", await times.Nth(i).GetAttributeAsync("title"), StringComparison.Ordinal);
        Assert.NotEqual((await times.Nth(2).GetAttributeAsync("title"))!.Split('=')[0], (await times.Nth(3).GetAttributeAsync("title"))!.Split('=')[0]);
    }

    /// <summary>Of the next year's month, at midnight UTC.</summary>
    static DateTime LastSunday(int month)
    {
        var last = new DateTime(DateTime.UtcNow.Year + 1, month, 31, 0, 0, 0, DateTimeKind.Utc);
        return last.AddDays(-(int)last.DayOfWeek);
    }
}
