using System.Net;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Users, keys and the audit record in a browser.</summary>
public sealed class AccessScreenTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task A_user_is_made_logs_in_is_changed_and_is_logged_out_by_it()
    {
        var process = await server.ProcessAsync();
        var name = TestSite.Unique("anna");
        var page = await browser.OpenLoggedInAsync(process);
        await page.GotoAsync("/users/new");
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByLabel("Password").FillAsync("short");
        await page.GetByLabel("Operator").CheckAsync();
        await page.Button("Create user").ClickAsync();
        await Expect(page.Locator(".field.has-error")).ToHaveCountAsync(1);
        await page.GetByLabel("Password").FillAsync("long enough for anna");
        await page.Button("Create user").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync($"{name} can log in.");

        var hers = await browser.OpenAsync(process);
        await hers.GotoAsync("/login");
        await hers.SubmitLogInAsync(name, "long enough for anna");
        await Expect(hers.Heading("Overview")).ToBeVisibleAsync();
        Assert.Equal((int)HttpStatusCode.Forbidden, (await hers.GotoAsync("/users"))!.Status);

        await page.GotoAsync($"/users/{name}");
        await page.GetByLabel("Viewer").CheckAsync();
        await page.Button("Save").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync($"{name} is changed.");
        await hers.GotoAsync("/sites");
        await Expect(hers.Heading("Log in")).ToBeVisibleAsync();

        await page.GotoAsync($"/audit?object=users/{name}");
        var change = page.Locator(".audit-entry").Filter(new() { Has = page.GetByText("change", new() { Exact = true }) });
        await Expect(change.Locator("del")).ToContainTextAsync("operator");
        await Expect(change.Locator("ins")).ToContainTextAsync("viewer");
        await page.GotoAsync($"/users/{name}");
        await page.Button("Delete").ClickAsync();
        await page.Button("Delete the user").ClickAsync();
        await Expect(page.Answer()).ToContainTextAsync($"{name} is deleted.");
        await page.GotoAsync("/users/admin");
        await Expect(page.Button("Delete")).ToHaveCountAsync(0);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_key_is_shown_once_works_and_is_revoked()
    {
        var process = await server.ProcessAsync();
        var name = TestSite.Unique("key");
        var page = await browser.OpenLoggedInAsync(process);
        await page.GotoAsync("/keys");
        await page.GetByText("New key").ClickAsync();
        await page.GetByLabel("Name").FillAsync(name);
        await page.Button("Make the key").ClickAsync();
        var key = (await page.Locator(".new-key code").TextContentAsync())!.Trim();
        await page.GotoAsync("/keys");
        await Expect(page.GetByText(key)).ToHaveCountAsync(0);
        using var http = WebSmtpProcess.NewHttpClient(process.WebUrl);
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using (var answer = await http.GetAsync("api/v1/sites", Stop)) Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await page.GotoAsync("/keys");
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = name })).ToContainTextAsync("just now");

        await page.Button($"Revoke {name}").ClickAsync();
        await page.Button("Revoke the key").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync("is revoked");
        using var refused = await http.GetAsync("api/v1/sites", Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.DoesNotContain(key, process.Output.From(0), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_page_of_another_site_neither_posts_a_form_nor_opens_the_live_connection()
    {
        var process = await server.ProcessAsync();
        var page = await browser.OpenLoggedInAsync(process);
        // Another origin on the same machine: SameSite alone would let its requests bring the cookie.
        await page.RouteAsync("http://localhost:9/**", route => route.FulfillAsync(new() { ContentType = "text/html", Body = "<!doctype html><title>elsewhere</title>" }));
        await page.GotoAsync("http://localhost:9/");
        var target = process.WebUrl.GetLeftPart(UriPartial.Authority);
        var opened = await page.EvaluateAsync<bool>(
            "url => new Promise(done => { const s = new WebSocket(url); s.onopen = () => done(true); s.onerror = () => done(false); })",
            target.Replace("http", "ws", StringComparison.Ordinal) + "/_blazor");
        Assert.False(opened);
        var name = TestSite.Unique("forged");
        await page.EvaluateAsync("""
            async ([url, name]) => {
              await fetch(`${url}/users/new`, { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({ _handler: "user", username: name, password: "long enough for it", role: "Administrator" }) }).catch(() => 0);
              await fetch(`${url}/api/v1/users`, { method: "POST", mode: "no-cors", credentials: "include", body: JSON.stringify({ username: name, role: "administrator", password: "long enough for it" }) }).catch(() => 0);
            }
            """, new[] { target, name });
        Assert.Equal(HttpStatusCode.NotFound, (await process.Api.SendAsync(HttpMethod.Get, $"/users/{name}")).Status);
    }
}
