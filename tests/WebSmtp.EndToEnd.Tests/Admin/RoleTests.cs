using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>What somebody sees who may only look.</summary>
public sealed class RoleTests(Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task A_viewer_sees_everything_but_content_and_can_do_nothing()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        await site.HoldAsync("seen.example");
        await site.SendAsync("somebody@seen.example", SampleMail.Plain("one"));
        var message = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();
        await server.StopAsync(Stop);
        await MakeViewerAsync(server);
        await server.StartAgainAsync(Stop);
        var page = await browser.OpenLoggedInAsync(server);

        await page.GoLiveAsync("/sites");
        await Expect(page.Locator("tr[data-site] button:enabled")).ToHaveCountAsync(0);
        await Expect(page.Locator("tr[data-site] button").First).ToHaveAttributeAsync("title", "This needs the role operator.");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "New site" })).ToHaveCountAsync(0);
        await page.GotoAsync($"/held/{site.Id}/seen.example");
        await Expect(page.Heading("seen.example")).ToBeVisibleAsync();
        await Expect(page.Button("Collect now")).ToHaveCountAsync(0);
        await page.GotoAsync($"/messages/{message}");
        await Expect(page.GetByText("Content is not shown to viewers.")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Download" })).ToHaveCountAsync(0);

        foreach (var path in new[] { "/sites/new", $"/sites/{site.Id}/delete", $"/sites/{site.Id}/domains/new", "/accounts/new" })
        {
            Assert.Equal((int)HttpStatusCode.Forbidden, (await page.GotoAsync(path))!.Status);
            await Expect(page.GetByText("This needs the role administrator.")).ToBeVisibleAsync();
            await Expect(page.Locator("main form")).ToHaveCountAsync(0);
        }
        Assert.Equal((int)HttpStatusCode.Forbidden, (await page.GotoAsync($"/messages/{message}/content"))!.Status);

        await page.GotoAsync($"/sites/{site.Id}/edit/messages");
        await Expect(page.GetByLabel("Largest message")).ToBeDisabledAsync();
        await Expect(page.GetByText("needs the role administrator")).ToBeVisibleAsync();
        await Expect(page.Button("Save")).ToHaveCountAsync(0);
    }

    // The last administrator stays one through every door: the database is changed under the stopped server.
    static async Task MakeViewerAsync(WebSmtpProcess server)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(server.DataDirectory, "websmtp.db")};Pooling=False");
        await database.OpenAsync(Stop);
        await using var change = database.CreateCommand();
        change.CommandText = "UPDATE AdminUsers SET Role = 'viewer'";
        Assert.Equal(1, await change.ExecuteNonQueryAsync(Stop));
    }
}
