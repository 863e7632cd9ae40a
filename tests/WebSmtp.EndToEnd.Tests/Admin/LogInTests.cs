using System.Net;
using Microsoft.Playwright;
using WebSmtp.EndToEnd.Tests.Server;
using static Microsoft.Playwright.Assertions;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Who gets in, and what every page of the web admin is guarded by.</summary>
public sealed class LogInTests(SharedServer server, Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_wrong_password_is_refused_and_the_name_stays()
    {
        var page = await browser.OpenAsync(await server.ProcessAsync());
        await page.GotoAsync("/login");

        await page.SubmitLogInAsync("nobody", "not the password");

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Name or password is wrong");
        await Expect(page.GetByLabel("Name")).ToHaveValueAsync("nobody");
        await Expect(page.GetByLabel("Password")).ToHaveValueAsync("");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Logging_in_leads_to_the_page_that_was_asked_for_and_logging_out_ends_it()
    {
        var page = await browser.OpenAsync(await server.ProcessAsync());
        await page.GotoAsync("/sites?from=test");
        await Expect(page.Heading("Log in")).ToBeVisibleAsync();

        await page.SubmitLogInAsync("admin", ServerOptions.AdminPassword);

        await Expect(page.Heading("Sites")).ToBeVisibleAsync();
        Assert.EndsWith("/sites?from=test", page.Url, StringComparison.Ordinal);
        var cookie = Assert.Single(await page.Context.CookiesAsync(), cookie => cookie.Name == "websmtp");
        Assert.True(cookie is { HttpOnly: true, SameSite: SameSiteAttribute.Strict });

        await page.Button("Log out").ClickAsync();
        await Expect(page.Heading("Log in")).ToBeVisibleAsync();
        await page.GotoAsync("/sites");
        await Expect(page.Heading("Log in")).ToBeVisibleAsync();

        // A copy of the cookie is worth nothing any more.
        using var http = WebSmtpProcess.NewHttpClient((await server.ProcessAsync()).WebUrl);
        using var copied = new HttpRequestMessage(HttpMethod.Get, "/sites");
        copied.Headers.Add("Cookie", $"websmtp={cookie.Value}");
        using var answer = await http.SendAsync(copied, Stop);
        Assert.Contains("/login", answer.Headers.Location?.ToString() ?? answer.RequestMessage!.RequestUri!.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Behind_a_proxy_with_tls_links_and_cookies_are_those_of_https_and_the_client_is_who_it_says()
    {
        var process = await server.ProcessAsync();
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = process.WebUrl };

        async Task<HttpResponseMessage> AskAsync(string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("X-Forwarded-Proto", "https");
            request.Headers.Add("X-Forwarded-For", "203.0.113.9");
            request.Headers.Add("Authorization", "Bearer no-such-key");
            return await http.SendAsync(request, Stop);
        }

        using var page = await AskAsync("/queue");
        Assert.StartsWith("https://", page.Headers.Location!.ToString(), StringComparison.Ordinal);
        using var logIn = await AskAsync("/login");
        Assert.All(logIn.Headers.GetValues("Set-Cookie"), cookie => Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase));
        using var refused = await AskAsync("/api/v1/sites");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        await WatchedAsync();

        // Refusals are written down behind their backs.
        async Task WatchedAsync()
        {
            while (!(await process.Api.ListAsync("/audit")).Any(entry => entry["from"]!.GetValue<string>() == "203.0.113.9"))
                await Task.Yield();
        }
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("/")]
    [InlineData("/held")]
    [InlineData("/messages/0000000000000/content")]
    [InlineData("/sites/new")]
    public async Task Without_a_log_in_there_is_only_the_log_in_page(string path)
    {
        var process = await server.ProcessAsync();
        using var http = WebSmtpProcess.NewHttpClient(process.WebUrl);

        using var answer = await http.GetAsync(path, Stop);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/login", answer.Headers.Location!.AbsolutePath);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Every_page_forbids_what_it_does_not_need()
    {
        var process = await server.ProcessAsync();
        using var http = WebSmtpProcess.NewHttpClient(process.WebUrl);
        using var answer = await http.GetAsync("/login", Stop);

        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        var html = await answer.Content.ReadAsStringAsync(Stop);
        Assert.DoesNotContain("style=\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", html, StringComparison.Ordinal);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("/swagger/index.html")]
    [InlineData("/swagger/v1/swagger.json")]
    [InlineData("/api/v1/sites")]
    [InlineData("/healthz")]
    public async Task What_is_no_page_of_the_admin_is_guarded_as_well(string path)
    {
        var process = await server.ProcessAsync();
        using var http = WebSmtpProcess.NewHttpClient(process.WebUrl);
        using var answer = await http.GetAsync(path, Stop);

        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_page_that_tries_the_API_works_under_its_policy()
    {
        var process = await server.ProcessAsync();
        var page = await browser.OpenLoggedInAsync(process);
        var refused = new List<string>();
        page.Console += (_, line) =>
        {
            if (line.Text.Contains("Content Security Policy", StringComparison.Ordinal)) refused.Add(line.Text);
        };

        await page.GotoAsync("/swagger");
        await page.Locator(".opblock-get [data-path='/api/v1/sites']").ClickAsync();
        await page.Button("Try it out").First.ClickAsync();
        await page.Button("Execute").ClickAsync();

        await Expect(page.Locator(".live-responses-table .response .response-col_status").First).ToContainTextAsync("200");
        Assert.Empty(refused);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_live_connection_is_not_opened_for_another_origin()
    {
        var process = await server.ProcessAsync();
        using var http = WebSmtpProcess.NewHttpClient(process.WebUrl);

        async Task<HttpStatusCode> NegotiateAsync(string origin)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1");
            request.Headers.Add("Origin", origin);
            using var answer = await http.SendAsync(request, Stop);
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await NegotiateAsync("http://elsewhere.example"));
        // Our own pages get as far as the log-in.
        Assert.Equal(HttpStatusCode.Unauthorized, await NegotiateAsync(process.WebUrl.GetLeftPart(UriPartial.Authority)));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_form_from_elsewhere_is_refused()
    {
        var process = await server.ProcessAsync();
        using var http = WebSmtpProcess.NewHttpClient(process.WebUrl);
        using var form = new FormUrlEncodedContent([new("username", "admin"), new("password", ServerOptions.AdminPassword), new("_handler", "log-in")]);

        using var answer = await http.PostAsync("/login", form, Stop);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False(answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(cookie => cookie.StartsWith("websmtp=", StringComparison.Ordinal)));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_password_can_be_changed_and_other_log_ins_end()
    {
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        var page = await browser.OpenLoggedInAsync(own);
        await page.GotoAsync("/password");
        await page.GetByLabel("Password now").FillAsync(ServerOptions.AdminPassword);
        await page.GetByLabel("New password").FillAsync("short");
        await page.Button("Change password").ClickAsync();
        await Expect(page.Locator(".field.has-error")).ToHaveCountAsync(1);

        await page.GetByLabel("Password now").FillAsync(ServerOptions.AdminPassword);
        await page.GetByLabel("New password").FillAsync("another long password");
        await page.Button("Change password").ClickAsync();

        await Expect(page.Answer()).ToContainTextAsync("Your password is changed");
        await page.GotoAsync("/sites");
        await Expect(page.Heading("Sites")).ToBeVisibleAsync();
        var other = await browser.OpenLoggedInAsync(own);
        await other.GotoAsync("/sites");
        await Expect(other.Heading("Log in")).ToBeVisibleAsync();
        // An answer that took the cookie away could come after the one that brought the new one.
        Assert.Single(await other.Context.CookiesAsync(), cookie => cookie.Name == "websmtp");
    }
}
