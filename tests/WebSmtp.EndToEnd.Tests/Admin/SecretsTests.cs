using System.Text;
using WebSmtp.EndToEnd.Tests.Dns;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Admin;

/// <summary>Secrets are planted everywhere, and looked for wherever something is shown.</summary>
public sealed class SecretsTests(Browser browser)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Long)]
    public async Task No_secret_is_on_a_page_in_an_answer_or_in_a_log()
    {
        await using var dns = new LoopbackDns();
        await using var server = await WebSmtpProcess.StartAsync(new() { Dns = dns.EndPoint }, Stop);
        await using var site = await TestSite.CreateAsync(server, """{ "protocolLog": "file" }""");
        var account = await AdminPages.FillAsync(site);
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.LogInAsync(account);
        }
        await TurnHost.CollectAsync(site, account, Stop);
        await server.Api.PostAsync($"{site.Path}/collectors/a-rather-long-name-of-a-collector/run");
        var key = (await server.Api.PostAsync("/keys", """{ "name": "planted", "role": "viewer" }"""))["key"]!.GetValue<string>();
        string[] secrets =
        [
            AdminPages.Secret, account.Password, ServerOptions.AdminPassword, ServerOptions.AdminKey, key,
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{account.Username}\0{account.Password}")),
        ];
        var found = new List<string>();
        void Look(string where, string text) => found.AddRange(secrets.Where(secret => text.Contains(secret, StringComparison.Ordinal)).Select(secret => $"{where}: {secret}"));

        var page = await browser.OpenLoggedInAsync(server);
        foreach (var path in await AdminPages.PathsAsync(site))
        {
            // As it is drawn first: what lives draws the same again.
            var drawn = await page.Context.APIRequest.GetAsync(path);
            Look(path, System.Net.WebUtility.HtmlDecode(await drawn.TextAsync()));
        }
        foreach (var path in (string[])[
            "/service", "/sites", site.Path, $"{site.Path}/domains", $"{site.Path}/collectors", $"{site.Path}/collectors/a-rather-long-name-of-a-collector/runs", "/accounts",
            "/smarthosts", "/routes", "/users", "/keys", "/audit", "/alarms", "/trace", $"{site.Path}/sessions?history=true", "/log", "/log?format=text", "/operations"])
            Look(path, (await server.Api.SendAsync(HttpMethod.Get, path)).Text);
        foreach (var file in await server.Api.ListAsync($"{site.Path}/log/files"))
            Look("log file", (await server.Api.SendAsync(HttpMethod.Get, $"{site.Path}/log/files/{file["name"]}")).Text);
        Look("console", server.Output.ToString() + server.Errors);

        Assert.Empty(found);
    }
}
