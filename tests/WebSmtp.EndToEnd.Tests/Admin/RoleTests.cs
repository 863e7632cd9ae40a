using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>What somebody sees who may only look, or only run what is there.</summary>
public sealed class RoleTests(Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task A_viewer_sees_everything_but_content_and_can_do_nothing()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        await site.HoldAsync("seen.example");
        var account = await site.AddAccountAsync();
        await site.SendAsync("somebody@seen.example", SampleMail.Plain("one"));
        var message = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();
        await server.StopAsync(Stop);
        await MakeAsync(server, "viewer");
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
        foreach (var tab in new[] { "source", "html" })
        {
            Assert.Equal((int)HttpStatusCode.Forbidden, (await page.GotoAsync($"/messages/{message}?tab={tab}"))!.Status);
            await Expect(page.GetByText("This needs the role operator.")).ToBeVisibleAsync();
            await Expect(page.Locator(".reading, iframe")).ToHaveCountAsync(0);
        }

        await page.GotoAsync($"/sites/{site.Id}/edit/messages");
        await Expect(page.GetByLabel("Largest message")).ToBeDisabledAsync();
        await Expect(page.GetByText("needs the role administrator")).ToBeVisibleAsync();
        await Expect(page.Button("Save")).ToHaveCountAsync(0);

        // What REST shows a viewer, pages do.
        foreach (var (path, field) in new[] { ($"/sites/{site.Id}/domains/seen.example", "Held until collected"), ($"/accounts/{account.Username}", "Enabled") })
        {
            Assert.Equal((int)HttpStatusCode.OK, (await page.GotoAsync(path))!.Status);
            await Expect(page.GetByLabel(field)).ToBeDisabledAsync();
            await Expect(page.GetByLabel(field)).ToBeCheckedAsync();
            await Expect(page.GetByText("needs the role administrator")).ToBeVisibleAsync();
            await Expect(page.Button("Save")).ToHaveCountAsync(0);
            await Expect(page.Button("Delete")).ToHaveCountAsync(0);
        }

        await LeadsOnlyWhereOneMayBeAsync(page, "Users", "API keys", "Audit", "Test message");
    }

    [Fact(Timeout = Limits.Long)]
    public async Task An_operator_acts_on_mail_and_changes_nothing_else()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        await site.HoldAsync("run.example");
        await site.SendAsync("somebody@run.example", SampleMail.Plain("one"));
        var message = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.GetValue<string>();
        await server.StopAsync(Stop);
        await MakeAsync(server, "operator");
        await server.StartAgainAsync(Stop);
        var page = await browser.OpenLoggedInAsync(server);

        await page.GoLiveAsync($"/messages/{message}?tab=source");
        await Expect(page.Locator("pre")).ToContainTextAsync("Received: ");
        await page.Button("Freeze").ClickAsync();
        await page.Button("Freeze the message").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync("The message is frozen.");
        await page.GotoAsync($"/held/{site.Id}/run.example");
        await Expect(page.Button("Collect now")).ToBeEnabledAsync();
        await page.GotoAsync($"/sites/{site.Id}/edit/messages");
        await Expect(page.GetByLabel("Largest message")).ToBeDisabledAsync();
        Assert.Equal((int)HttpStatusCode.Forbidden, (await page.GotoAsync("/users"))!.Status);

        await LeadsOnlyWhereOneMayBeAsync(page, "Users", "API keys", "Audit");
    }

    /// <summary>The menu has no place that is refused, and all others.</summary>
    static async Task LeadsOnlyWhereOneMayBeAsync(IPage page, params string[] missing)
    {
        await page.GotoAsync("/");
        var places = page.Locator("nav.nav a");
        var names = await places.AllInnerTextsAsync();
        Assert.Equal(17 - missing.Length, names.Count);
        Assert.Empty(names.Intersect(missing, StringComparer.Ordinal));
        foreach (var href in await places.EvaluateAllAsync<string[]>("all => all.map(a => a.getAttribute('href'))"))
            Assert.Equal((int)HttpStatusCode.OK, (await page.GotoAsync(href))!.Status);
    }

    // The last administrator stays one through every door: the database is changed under the stopped server.
    static async Task MakeAsync(WebSmtpProcess server, string role)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(server.DataDirectory, "websmtp.db")};Pooling=False");
        await database.OpenAsync(Stop);
        await using var change = database.CreateCommand();
        change.CommandText = "UPDATE AdminUsers SET Role = $role";
        change.Parameters.AddWithValue("$role", role);
        Assert.Equal(1, await change.ExecuteNonQueryAsync(Stop));
    }
}
