using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Acts on many messages that are stopped half-way: what was done is counted, and the rest is as it was.</summary>
public sealed class OperationScreenTests(Browser browser)
{
    // More than two of the pieces in which an operation works.
    const int Messages = 450;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    // A server of its own: its database is kept from being written.
    [Fact(Timeout = Limits.Long)]
    public async Task An_operation_is_paused_goes_on_and_is_cancelled_in_the_browser_and_over_rest()
    {
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(own);
        await site.HoldAsync("many.example");
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => site.SendAsync("user@many.example", Enumerable.Range(0, Messages / 5).Select(n => SampleMail.Plain($"{n}")))));
        var page = await browser.OpenLoggedInAsync(own);
        await page.GotoAsync($"/messages/act?act=freeze&q=site:{site.Id}");

        await using (await site.StallAsync())
        {
            await page.Button($"Freeze {Messages} messages").ClickAsync();
            await page.Button("Pause").ClickAsync();
            await Expect(page.Answer()).ToContainTextAsync("The operation is paused.");
        }
        await Expect(page.Locator("[data-done]")).ToHaveTextAsync("200");
        await Expect(page.Locator(".fact .badge")).ToHaveTextAsync("paused");
        Assert.Equal((200, 250), await FrozenAndHeldAsync(site));

        await using (await site.StallAsync())
        {
            await page.Button("Continue").ClickAsync();
            await Expect(page.Answer()).ToContainTextAsync("The operation goes on.");
            await page.Button("Cancel").ClickAsync();
            await page.Button("Cancel the operation").ClickAsync();
            await Expect(page.Answer()).ToContainTextAsync("The operation is cancelled; what it did stays done.");
        }
        await Expect(page.Locator(".fact .badge")).ToHaveTextAsync("cancelled");
        var (frozen, held) = await FrozenAndHeldAsync(site);
        Assert.Equal(Messages, frozen + held);
        Assert.InRange(held, 50, 250);
        await Expect(page.Locator("[data-done]")).ToHaveTextAsync($"{frozen}");

        JsonNode started;
        await using (await site.StallAsync())
        {
            started = await site.Api.PostAsync($"{site.Path}/messages/actions", """{ "action": "release", "filter": { "state": "frozen" } }""");
            await site.Api.PostAsync($"/operations/{started["id"]}/pause");
            Assert.Equal("paused", (await OperationAsync())["state"]!.GetValue<string>());
            await site.Api.PostAsync($"/operations/{started["id"]}/continue");
            Assert.Equal("running", (await OperationAsync())["state"]!.GetValue<string>());
            await site.Api.DeleteAsync($"/operations/{started["id"]}");
        }
        await Eventually.EqualAsync("cancelled", async () => (await OperationAsync())["state"]!.GetValue<string>());
        var released = (await OperationAsync())["done"]!.GetValue<int>();
        Assert.Equal((frozen - released, held + released), await FrozenAndHeldAsync(site));

        Task<JsonNode> OperationAsync() => site.Api.GetAsync($"/operations/{started["id"]}");
    }

    static async Task<(int, int)> FrozenAndHeldAsync(TestSite site) =>
        ((await site.Api.ListAsync($"{site.Path}/messages?state=frozen")).Count, (await site.Api.ListAsync($"{site.Path}/messages?state=held")).Count);
}
