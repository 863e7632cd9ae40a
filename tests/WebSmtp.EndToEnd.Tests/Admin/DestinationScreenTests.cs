using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Whole destinations in the queue, the order of messages, and sending them another way.</summary>
public sealed class DestinationScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_destination_is_stopped_released_and_tried_now()
    {
        var busy = true;
        await using var sink = new RecordingSink(new()
        {
            ReplyTo = command => Volatile.Read(ref busy) && command.StartsWith("RCPT", StringComparison.Ordinal) ? "450 4.2.1 Come back later" : null,
        });
        await using var site = await server.NewSiteAsync();
        await RouteAsync(site, "busy.example", sink);
        await site.SendAsync("somebody@busy.example", SampleMail.Plain("one"));
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GoLiveAsync($"/queue?site={site.Id}");
        var row = page.Locator("tr[data-domain='busy.example']");
        await Expect(row.Locator(".badge")).ToHaveTextAsync(["retry"]);
        await Expect(row).ToContainTextAsync($"smart host [127.0.0.1]:{sink.Port}");
        await Expect(row.Locator("td[data-label='Next try']")).ToContainTextAsync("in ");

        await page.Button("Stop busy.example").ClickAsync();
        await page.Button("Stop the destination").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("busy.example is stopped: nothing is tried or collected until it is released.");
        await Expect(row.Locator(".badge")).ToHaveTextAsync(["frozen"]);
        await Expect(row).ToContainTextAsync("by admin");
        await Expect(row.GetByRole(AriaRole.Button)).ToHaveCountAsync(1);

        await page.Button("Release busy.example").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("busy.example goes on.");
        await Expect(row.Locator(".badge")).ToHaveTextAsync(["retry"]);
        Volatile.Write(ref busy, false);
        await page.Button("Try now busy.example").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("What is queued for busy.example is tried now.");
        await sink.Host.WaitForAsync(1, Stop);
        await Expect(row).ToHaveCountAsync(0);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Messages_are_shown_in_each_order_and_chosen_ones_released()
    {
        await using var sink = new RecordingSink(new() { ReplyTo = command => command.StartsWith("RCPT", StringComparison.Ordinal) ? "450 4.2.1 Come back later" : null });
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("sorted.example");
        await RouteAsync(site, "busy.example", sink);
        await site.SendAsync("somebody@sorted.example", SampleMail.Plain("first"), SampleMail.OfSize(100_000));
        await site.SendAsync("somebody@busy.example", SampleMail.Plain("last"));
        await Eventually.EqualAsync(1, async () => (await site.Api.ListAsync($"{site.Path}/messages?state=retry")).Count);
        var page = await browser.OpenLoggedInAsync(site.Server);
        await page.GotoAsync($"/messages?q=site:{site.Id}");
        await Expect(Subjects()).ToHaveTextAsync(["first", "large", "last"]);

        foreach (var (order, name, subjects) in new[] { ("Newest", "newest", "last large first"), ("Next try", "next", "last"), ("Largest", "largest", "large") })
        {
            var link = page.GetByRole(AriaRole.Navigation, new() { Name = "Order" }).GetByRole(AriaRole.Link, new() { Name = order });
            await link.ClickAsync();
            await Expect(link).ToHaveAttributeAsync("aria-current", "true");
            await Expect(Subjects()).ToHaveTextAsync(subjects.Split(' '));
            Assert.Contains($"sort={name}", page.Url, StringComparison.OrdinalIgnoreCase);
        }

        foreach (var message in await site.Api.ListAsync($"{site.Path}/messages?state=held")) await site.Api.PostAsync($"/messages/{message["id"]}/freeze");
        await page.GotoAsync($"/messages?q=site:{site.Id} state:frozen");
        await page.Locator("tr[data-message]").First.GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.Button("Release").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("1 message: released.");
        await Expect(Subjects()).ToHaveTextAsync(["large"]);
        Assert.Single(await site.Api.ListAsync($"{site.Path}/messages?state=held"));

        ILocator Subjects() => page.Locator("tr[data-message] .subject");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Messages_go_to_the_hosts_of_another_domain_and_to_another_site()
    {
        await using var sink = new RecordingSink();
        await using var site = await server.NewSiteAsync();
        await using var other = await server.NewSiteAsync();
        await site.HoldAsync("moving.example");
        await other.HoldAsync("moving.example");
        await RouteAsync(site, "target.example", sink);
        await site.SendAsync("somebody@moving.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GotoAsync($"/messages?q=site:{site.Id}");
        await page.Locator("tr[data-message]").First.GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.Button("Redirect…").ClickAsync();
        await page.GetByLabel("As if it were for the domain").FillAsync("target.example");
        await page.Button("Redirect 1 message").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("1 message: redirected.");
        Assert.Contains("<somebody@moving.example>", Assert.Single(await sink.Host.WaitForAsync(1, Stop)).To[0], StringComparison.Ordinal);

        await Eventually.EqualAsync(1, async () => (await site.Api.ListAsync($"{site.Path}/messages")).Count);
        await page.GotoAsync($"/messages/act?act=redirect&q=site:{site.Id}");
        await page.GetByLabel("By another site").SelectOptionAsync($"{other.Id}");
        await page.Button("Redirect 1 message").ClickAsync();
        await Expect(page.Locator("[data-done]")).ToHaveTextAsync("1");
        Assert.Equal((0, 1), (await site.HeldAsync("moving.example"), await other.HeldAsync("moving.example")));
    }

    static Task RouteAsync(TestSite site, string domain, RecordingSink sink) => site.Api.PostAsync($"{site.Path}/domains", $$"""
        { "name": "{{domain}}", "kind": "remote", "allowRelay": true,
          "route": { "type": "smartHost", "smartHost": { "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none" } } }
        """);
}
