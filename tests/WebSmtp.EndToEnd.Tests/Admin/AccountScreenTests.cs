using System.Text.RegularExpressions;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.SmartHosts;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Accounts with what they may collect, and smart hosts with how long their token is good.</summary>
public sealed class AccountScreenTests(SharedServer server, Browser browser)
{
    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_an_account_may_collect_on_all_sites_is_seen_from_the_account()
    {
        await using var site = await server.NewSiteAsync();
        await using var other = await server.NewSiteAsync();
        var account = await site.AddAccountAsync("mapped");
        var (first, second) = ($"{TestSite.Unique("a")}.example", $"{TestSite.Unique("b")}.example");
        await site.HoldAsync(first, account);
        await other.HoldAsync(second, account);
        var page = await browser.OpenLoggedInAsync(site.Server);

        await page.GotoAsync($"/accounts/{account.Username}");
        await Expect(page.Locator("main .chip")).ToHaveTextAsync([first, second]);
        await page.GetByRole(AriaRole.Link, new() { Name = second }).ClickAsync();
        await Expect(page.Heading(second)).ToBeVisibleAsync();
        Assert.EndsWith($"/held/{other.Id}/{second}", page.Url, StringComparison.Ordinal);

        await site.Api.PatchAsync($"{site.Path}/domains/{first}", """{ "route": { "turnAccounts": [] } }""");
        await page.GotoAsync($"/accounts/{account.Username}");
        await Expect(page.Locator("main .chip")).ToHaveTextAsync([second]);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task How_long_the_token_of_a_smart_host_is_good_is_shown_after_a_log_in()
    {
        await using var oauth = new OAuthServer();
        await using var sink = new RecordingSink(new()
        {
            Keywords = ["AUTH XOAUTH2"], ReplyTo = command => command.StartsWith("AUTH ", StringComparison.Ordinal) ? "235 2.7.0 Welcome" : null,
        });
        var process = await server.ProcessAsync();
        var name = TestSite.Unique("token");
        await process.Api.PostAsync("/smarthosts", $$"""
            { "name": "{{name}}", "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none",
              "auth": { "type": "oauth2ClientCredentials", "username": "relay@hub.example", "tokenEndpoint": "{{oauth.Url}}",
                "clientId": "{{OAuthServer.ClientId}}", "clientSecret": "{{OAuthServer.ClientSecret}}" } }
            """);
        var page = await browser.OpenLoggedInAsync(process);
        await page.GoLiveAsync("/smarthosts");
        var until = page.Locator($"tr[data-smarthost='{name}'] td[data-label='Good until']");
        await Expect(until).ToHaveTextAsync("–");

        Assert.True((await process.Api.PostAsync($"/smarthosts/{name}/test"))["ok"]!.GetValue<bool>());

        await page.GoLiveAsync("/smarthosts");
        await Expect(until).ToContainTextAsync(new Regex("Token: in [56]\\d min", RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Expect(until).ToContainTextAsync("renewed in time");
        await process.Api.DeleteAsync($"/smarthosts/{name}");
    }
}
