using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>From a server that was just started to a message that is sent and seen.</summary>
public sealed class FirstStepsTests(Browser browser)
{
    const string NewPassword = "my own long password";

    [Fact(Timeout = Limits.Long)]
    public async Task The_first_steps_lead_from_nothing_to_a_message()
    {
        await using var own = await WebSmtpProcess.StartAsync(new(), TestContext.Current.CancellationToken);
        var page = await browser.OpenLoggedInAsync(own);
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Link, new() { Name = "Start here" }).ClickAsync();

        await page.GetByLabel("Password now").FillAsync(ServerOptions.AdminPassword);
        await page.GetByLabel("New password").FillAsync(NewPassword);
        await page.Button("Change password").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("Your password is changed.");

        await page.GetByLabel("Default domain").FillAsync("first.example");
        await page.Locator("#site").GetByLabel("Port").FillAsync(FreePorts.Next().ToString(System.Globalization.CultureInfo.InvariantCulture));
        await page.Button("Save").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("runs.");

        await page.GetByLabel("Hold it for a host").CheckAsync();
        await page.Locator("#route").GetByLabel("Domain").FillAsync("first.example");
        await page.Locator("#route [name=username]").FillAsync("leftover");
        await page.Locator("#route [name=password]").FillAsync("a password of its own");
        await page.Button("Route mail so").ClickAsync();
        await Expect(page.Locator("main .notice[role=alert]")).ToContainTextAsync("The site has first.example already");
        await Expect(page.Locator("main .notice[role=alert]")).ToBeFocusedAsync();
        Assert.Empty(await own.Api.ListAsync("/accounts"));
        await page.GetByLabel("Hold it for a host").CheckAsync();
        await page.Locator("#route [name=username]").FillAsync("");
        await page.Locator("#route").GetByLabel("Domain").FillAsync("branch.example");
        await page.Button("Route mail so").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("Mail goes that way");
        await Expect(page.Locator("#route")).ToContainTextAsync("branch.example is held");

        await page.GetByLabel("To", new() { Exact = true }).FillAsync("somebody@branch.example");
        await page.Button("Send").ClickAsync();
        await Expect(page.Heading("A first message")).ToBeVisibleAsync();
        await Expect(page.GetByText("somebody@branch.example").First).ToBeVisibleAsync();

        await page.GotoAsync("/start");
        await Expect(page.Locator(".start-step.done")).ToHaveCountAsync(4);
        await page.Button("Finish").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Start here" })).ToHaveCountAsync(0);
    }
}
