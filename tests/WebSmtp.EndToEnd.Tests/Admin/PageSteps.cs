using Microsoft.Playwright;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>What tests do on pages again and again.</summary>
static class PageSteps
{
    public static async Task SubmitLogInAsync(this IPage page, string username, string password)
    {
        await page.GetByLabel("Name").FillAsync(username);
        await page.GetByLabel("Password").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
    }

    /// <summary>Opens a page and waits until its live part lives: clicks before that are lost.</summary>
    public static async Task GoLiveAsync(this IPage page, string path)
    {
        await page.GotoAsync(path);
        await page.LiveAsync();
    }

    public static Task LiveAsync(this IPage page) => page.Locator("[data-interactive=true]").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });

    /// <summary>The sentence that the last act left.</summary>
    public static ILocator Answer(this IPage page) => page.Locator("[data-toast]");

    public static ILocator Button(this IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public static ILocator Heading(this IPage page, string name) => page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true, Level = 1 });
}
