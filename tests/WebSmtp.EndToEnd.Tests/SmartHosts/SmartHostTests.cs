using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Api;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.SmartHosts;

/// <summary>Smart hosts over REST and the command line, against a token endpoint and a mail host on loopback.</summary>
public sealed class SmartHostTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A mail host that takes the token that the endpoint gave last, and no other.</summary>
    static RecordingSink HostFor(OAuthServer oauth, string mechanism = "XOAUTH2") => new(new()
    {
        Keywords = ["8BITMIME", "ENHANCEDSTATUSCODES", $"AUTH {mechanism}"],
        ReplyTo = command =>
        {
            if (!command.StartsWith("AUTH ", StringComparison.Ordinal)) return null;
            var said = Encoding.UTF8.GetString(Convert.FromBase64String(command.Split(' ')[2]));
            return said.Contains("relay@hub.example", StringComparison.Ordinal) && said.Contains($"\u0001auth=Bearer {oauth.Current}\u0001", StringComparison.Ordinal)
                ? "235 2.7.0 Welcome"
                : "535 5.7.3 Authentication unsuccessful";
        },
    });

    static string OAuthHost(string name, OAuthServer oauth, RecordingSink sink, string type = "oauth2ClientCredentials", string more = "") => $$"""
        { "name": "{{name}}", "host": "127.0.0.1", "port": {{sink.Port}}, "tls": "none",
          "auth": { "type": "{{type}}", "username": "relay@hub.example", "tokenEndpoint": "{{oauth.Url}}",
            "clientId": "{{OAuthServer.ClientId}}", "clientSecret": "{{OAuthServer.ClientSecret}}"{{more}} } }
        """;

    static string Steps(JsonNode test) =>
        string.Join(' ', test["steps"]!.AsArray().Select(step => step!["step"]!.GetValue<string>() + (step["result"]!.GetValue<string>() is "ok" ? "" : "!")));

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_smart_host_is_made_shown_changed_and_deleted()
    {
        var api = (await server.ProcessAsync()).Api;
        var name = TestSite.Unique("Primary");
        var made = await api.AskAsync("POST", "/smarthosts", $$"""
            { "name": "{{name}}", "host": "Relay.Example", "auth": { "type": "password", "username": "anna", "password": "open sesame" }, "limits": { "perMinute": 30 } }
            """);
        Assert.Equal((HttpStatusCode.Created, "\"1\""), (made.Status, made.ETag!.Tag));
        Same($$"""
            { "name": "{{name}}", "host": "relay.example", "port": 587, "tls": "verify", "certificateAuthority": null, "hasClientCertificate": false,
              "auth": { "type": "password", "username": "anna" }, "limits": { "connections": 0, "perMinute": 30, "perDay": 0 },
              "status": { "lastLogIn": null, "tokenExpiresAt": null, "trouble": null, "troubleSince": null } }
            """, made.Json);
        Assert.True(JsonNode.DeepEquals(made.Json, await api.GetAsync($"/smarthosts/{name.ToUpperInvariant()}")));
        (await api.AskAsync("POST", "/smarthosts", $$"""{ "name": "{{name.ToLowerInvariant()}}", "host": "relay.example" }""")).Problem(HttpStatusCode.Conflict);

        // The password stays through changes of everything else, and goes when it is told to.
        var changed = await api.PatchAsync($"/smarthosts/{name}", """{ "port": 2587, "limits": { "perMinute": null }, "auth": { "username": "bert" } }""");
        Assert.Equal((2587, 0, "bert"), (changed["port"]!.GetValue<int>(), changed["limits"]!["perMinute"]!.GetValue<int>(), changed["auth"]!["username"]!.GetValue<string>()));
        (await api.AskAsync("PATCH", $"/smarthosts/{name}", """{ "host": "127.0.0.1", "port": 70000 }""")).Problem(HttpStatusCode.BadRequest, "port");
        (await api.AskAsync("PATCH", $"/smarthosts/{name}", """{ "auth": { "password": null } }""")).Problem(HttpStatusCode.BadRequest, "auth.password");
        (await api.AskAsync("PATCH", $"/smarthosts/{name}", """{ "auth": { "type": "oauth2ClientCredentials" } }""")).Problem(HttpStatusCode.BadRequest, "auth.clientSecret");
        (await api.AskAsync("PATCH", $"/smarthosts/{name}", """{ "status": null }""")).Problem(HttpStatusCode.BadRequest, "status");
        (await api.AskAsync("PATCH", $"/smarthosts/{name}", """{ "port": 25 }""", "application/json", ("If-Match", "\"1\""))).Problem(HttpStatusCode.PreconditionFailed);
        Same("""{ "type": "none" }""", (await api.PatchAsync($"/smarthosts/{name}", """{ "auth": null }"""))["auth"]);

        Assert.Equal(HttpStatusCode.NoContent, (await api.AskAsync("DELETE", $"/smarthosts/{name}")).Status);
        (await api.AskAsync("GET", $"/smarthosts/{name}")).Problem(HttpStatusCode.NotFound);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Another_kind_of_log_in_keeps_what_both_kinds_have()
    {
        var api = (await server.ProcessAsync()).Api;
        var name = TestSite.Unique("kinds");
        await api.PostAsync("/smarthosts", $$"""
            { "name": "{{name}}", "host": "relay.example",
              "auth": { "type": "oauth2ClientCredentials", "username": "relay@hub.example", "tokenEndpoint": "https://login.example/token", "clientId": "app", "clientSecret": "secret" } }
            """);

        var changed = (await api.PatchAsync($"/smarthosts/{name}", """{ "auth": { "type": "oauth2RefreshToken", "refreshToken": "refresh" } }"""))["auth"]!;

        Assert.Equal(
            ("oauth2RefreshToken", "relay@hub.example", "https://login.example/token", "app"),
            (changed["type"]!.GetValue<string>(), changed["username"]!.GetValue<string>(), changed["tokenEndpoint"]!.GetValue<string>(), changed["clientId"]!.GetValue<string>()));
        Same("""{ "type": "password", "username": "relay@hub.example" }""",
            (await api.PatchAsync($"/smarthosts/{name}", """{ "auth": { "type": "password", "password": "open sesame" } }"""))["auth"]);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("LOCALHOST.")]
    [InlineData("[127.0.0.1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task A_smart_host_that_is_the_site_itself_is_refused_however_it_is_written(string host)
    {
        await using var site = await server.NewSiteAsync();
        var answer = await site.Api.AskAsync("PATCH", site.Path, $$"""{ "settings": { "smartHost": { "host": "{{host}}", "port": {{site.Port}}, "tls": "none" } } }""");
        Assert.Contains("is this site itself", answer.Problem(HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("""{ "name": "a b", "host": "relay.example" }""", "name")]
    [InlineData("""{ "name": "x" }""", "host")]
    [InlineData("""{ "name": "x", "host": "relay.example", "tls": "starttls" }""", "tls")]
    [InlineData("""{ "name": "x", "host": "relay.example", "auth": { "type": "kerberos" } }""", "auth.type")]
    [InlineData("""{ "name": "x", "host": "relay.example", "auth": { "type": "oAuth" } }""", "auth.type")]
    [InlineData("""{ "name": "x", "host": "relay.example", "auth": { "secret": "y" } }""", "auth.secret")]
    [InlineData("""{ "name": "x", "host": "relay.example", "auth": { "type": "password", "username": "y" } }""", "auth.password")]
    [InlineData("""{ "name": "x", "host": "relay.example", "limits": { "perDay": -1 } }""", "limits.perDay")]
    public async Task A_bad_smart_host_is_refused_by_field(string body, string field) =>
        (await (await server.ProcessAsync()).Api.AskAsync("POST", "/smarthosts", body)).Problem(HttpStatusCode.BadRequest, field);

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("XOAUTH2")]
    [InlineData("OAUTHBEARER")]
    public async Task A_test_logs_in_with_a_token_and_sends_a_message(string mechanism)
    {
        await using var oauth = new OAuthServer();
        await using var sink = HostFor(oauth, mechanism);
        var api = (await server.ProcessAsync()).Api;
        var name = TestSite.Unique("cloud");
        var made = await api.PostAsync("/smarthosts", OAuthHost(name, oauth, sink));
        Assert.Equal("oauth2ClientCredentials", made["auth"]!["type"]!.GetValue<string>());

        var test = await api.PostAsync($"/smarthosts/{name}/test", """{ "from": "relay@hub.example", "to": "anna@far.example" }""");

        Assert.Equal("connect greeting hello token logIn message", Steps(test));
        Assert.True(test["ok"]!.GetValue<bool>());
        Assert.Equal("Test of a smart host", Assert.Single(await sink.Host.WaitForAsync(1, Stop)).Subject);
        var status = (await api.GetAsync($"/smarthosts/{name}"))["status"]!;
        Assert.NotNull(status["lastLogIn"]);
        Assert.True(status["tokenExpiresAt"]!.GetValue<DateTimeOffset>() > DateTimeOffset.UtcNow.AddMinutes(50));
        Assert.Equal("client_credentials", Assert.Single(oauth.Requests)["grant_type"]);
        Assert.Empty(sink.Faults);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_rotated_refresh_token_survives_a_restart()
    {
        await using var oauth = new OAuthServer();
        await using var sink = HostFor(oauth);
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        await own.Api.PostAsync("/smarthosts", OAuthHost("cloud", oauth, sink, "oauth2RefreshToken", $", \"refreshToken\": \"{OAuthServer.FirstRefreshToken}\""));
        Assert.Equal("connect greeting hello token logIn", Steps(await own.Api.PostAsync("/smarthosts/cloud/test")));
        var rotated = oauth.RefreshToken;
        Assert.NotEqual(OAuthServer.FirstRefreshToken, rotated);

        await own.KillAsync(Stop);
        await own.StartAgainAsync(Stop);

        Assert.Equal("connect greeting hello token logIn", Steps(await own.Api.PostAsync("/smarthosts/cloud/test")));
        Assert.Equal(rotated, oauth.Requests[^1]["refresh_token"]);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_failed_is_said_in_plain_words()
    {
        await using var oauth = new OAuthServer();
        await using var sink = HostFor(oauth);
        var api = (await server.ProcessAsync()).Api;
        var name = TestSite.Unique("broken");
        await api.PostAsync("/smarthosts", OAuthHost(name, oauth, sink));
        await api.PatchAsync($"/smarthosts/{name}", """{ "auth": { "clientSecret": "wrong" } }""");

        var test = await api.PostAsync($"/smarthosts/{name}/test");
        Assert.Equal("connect greeting hello token!", Steps(test));
        Assert.Equal("The token endpoint 127.0.0.1 refused: the client id or the client secret is wrong, or the secret has expired. It said: invalid_client: Unknown client.",
            test["steps"]![3]!["detail"]!.GetValue<string>());
        Assert.Equal(test["steps"]![3]!["detail"]!.GetValue<string>(), (await api.GetAsync($"/smarthosts/{name}"))["status"]!["trouble"]!.GetValue<string>());

        await api.PatchAsync($"/smarthosts/{name}", $$"""{ "auth": { "clientSecret": "{{OAuthServer.ClientSecret}}", "username": "somebody@else.example" } }""");
        test = await api.PostAsync($"/smarthosts/{name}/test");
        Assert.Equal("connect greeting hello token logIn!", Steps(test));
        Assert.Equal("535 5.7.3 Authentication unsuccessful", test["steps"]![4]!["reply"]!.GetValue<string>());
        Assert.Contains("SMTP.SendAsApp", test["steps"]![4]!["cause"]!.GetValue<string>(), StringComparison.Ordinal);
        (await api.AskAsync("POST", $"/smarthosts/{name}/test", """{ "to": "anna@far.example" }""")).Problem(HttpStatusCode.BadRequest, "from");
        (await (await server.ProcessAsync()).WithRole("viewer").AskAsync("POST", $"/smarthosts/{name}/test")).Problem(HttpStatusCode.Forbidden);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Sites_and_domains_use_smart_hosts_by_name_and_keep_them_from_being_deleted()
    {
        await using var site = await server.NewSiteAsync();
        var (first, second) = (TestSite.Unique("first"), TestSite.Unique("second"));
        foreach (var name in new[] { first, second }) await site.Api.PostAsync("/smarthosts", $$"""{ "name": "{{name}}", "host": "relay.example" }""");
        (await site.Api.AskAsync("PATCH", site.Path, """{ "settings": { "smartHost": { "use": [ "no-such-host" ] } } }""")).Problem(HttpStatusCode.BadRequest, "settings.smartHost.use");

        var changed = await site.Api.PatchAsync(site.Path, $$"""{ "settings": { "smartHost": { "use": [ "{{first.ToUpperInvariant()}}" ], "mode": "fallback" } } }""");
        Same($$"""{ "use": [ "{{first}}" ], "mode": "fallback" }""", changed["settings"]!["smartHost"]);
        var domain = await site.Api.PostAsync($"{site.Path}/domains", $$"""{ "name": "far.example", "route": { "type": "smartHost", "smartHost": { "use": [ "{{first}}", "{{second}}" ] } } }""");
        Same($$"""{ "type": "smartHost", "smartHost": { "use": [ "{{first}}", "{{second}}" ] } }""", domain["route"]);
        Assert.Contains("domain far.example", (await site.Api.AskAsync("DELETE", $"/smarthosts/{second}")).Problem(HttpStatusCode.Conflict), StringComparison.Ordinal);

        // A host in place of names, and back.
        domain = await site.Api.PatchAsync($"{site.Path}/domains/far.example", """{ "route": { "smartHost": { "host": "other.example" } } }""");
        Same("""{ "host": "other.example", "port": 25, "tls": "opportunistic" }""", domain["route"]!["smartHost"]);
        Assert.Equal(HttpStatusCode.NoContent, (await site.Api.AskAsync("DELETE", $"/smarthosts/{second}")).Status);
        changed = await site.Api.PatchAsync(site.Path, """{ "settings": { "smartHost": { "host": "other.example" } } }""");
        Same("""{ "host": "other.example", "port": 25, "tls": "opportunistic", "mode": "fallback" }""", changed["settings"]!["smartHost"]);
        changed = await site.Api.PatchAsync(site.Path, """{ "settings": { "smartHost": null } }""");
        Assert.Null(changed["settings"]!["smartHost"]);
        await site.Api.DeleteAsync($"/smarthosts/{first}");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_smart_host_that_is_the_site_itself_is_refused()
    {
        await using var site = await server.NewSiteAsync();
        var problem = (await site.Api.AskAsync("PATCH", site.Path, $$"""{ "settings": { "smartHost": { "host": "localhost", "port": {{site.Port}} } } }"""))
            .Problem(HttpStatusCode.BadRequest, "settings.smartHost.host");
        Assert.Contains("come straight back", problem, StringComparison.Ordinal);
        (await site.Api.AskAsync("POST", $"{site.Path}/domains", $$"""{ "name": "far.example", "route": { "type": "smartHost", "smartHost": { "host": "127.0.0.1", "port": {{site.Port}} } } }"""))
            .Problem(HttpStatusCode.BadRequest, "route.smartHost.host");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task No_secret_is_in_the_database_or_in_an_answer()
    {
        await using var oauth = new OAuthServer();
        await using var sink = HostFor(oauth);
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        await own.Api.PostAsync("/smarthosts", OAuthHost("cloud", oauth, sink, "oauth2RefreshToken", $", \"refreshToken\": \"{OAuthServer.FirstRefreshToken}\""));
        await own.Api.PostAsync("/smarthosts/cloud/test");
        await own.Api.PostAsync("/smarthosts", """{ "name": "plain", "host": "relay.example", "auth": { "type": "password", "username": "anna", "password": "open-sesame-1" } }""");
        await own.Api.PatchAsync("/sites/1", """{ "settings": { "smartHost": { "host": "relay.example", "username": "anna", "password": "open-sesame-2" } } }""");
        await own.Api.PostAsync("/sites/1/domains", """{ "name": "far.example", "route": { "type": "smartHost", "smartHost": { "host": "relay.example", "username": "anna", "password": "open-sesame-3" } } }""");
        var before = StoredPassword(own);

        // A change of something else, over both doors of the site's settings.
        await own.Api.PatchAsync("/sites/1", """{ "settings": { "banner": "Hello" } }""");
        await own.Api.PatchAsync("/sites/1", """{ "settings": { "smartHost": { "port": 2587 } } }""");
        Assert.Equal(before, StoredPassword(own));

        string[] secrets = [OAuthServer.ClientSecret, OAuthServer.FirstRefreshToken, oauth.RefreshToken, oauth.Current, "open-sesame-"];
        var answers = new StringBuilder();
        foreach (var path in new[] { "/smarthosts", "/smarthosts/cloud", "/sites", "/sites/1", "/sites/1/domains", "/sites/1/settings/schema" })
            answers.Append((await own.Api.SendAsync(HttpMethod.Get, path)).Text);
        answers.Append(own.Output).Append(own.Errors);
        Assert.Equal(0, await own.StopAsync(Stop));
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(secret, answers.ToString(), StringComparison.Ordinal);
            foreach (var file in Directory.EnumerateFiles(own.DataDirectory, "websmtp.db*"))
            {
                var bytes = await File.ReadAllBytesAsync(file, Stop);
                Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"'{secret}' is in {file}.");
                Assert.True(bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret))[..8])) < 0, $"'{secret}' is in {file} in base64.");
            }
        }
    }

    /// <summary>The encrypted one of the default site, which is another each time something is encrypted.</summary>
    static string StoredPassword(WebSmtpProcess own)
    {
        using var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(own.DataDirectory, "websmtp.db")};Mode=ReadOnly;Pooling=False");
        database.Open();
        using var read = database.CreateCommand();
        read.CommandText = """SELECT "Settings" FROM "Sites" WHERE "Id" = 1""";
        return JsonNode.Parse((string)read.ExecuteScalar()!)!["smartHost"]!["target"]!["auth"]!["password"]!.GetValue<string>();
    }

    [Fact(Timeout = Limits.Long)]
    public async Task The_command_line_makes_tests_changes_and_deletes_one()
    {
        await using var oauth = new OAuthServer();
        await using var sink = HostFor(oauth);
        var process = await server.ProcessAsync();
        var name = TestSite.Unique("by-hand");
        string[] auth = ["--tls", "none", "--oauth2", "refresh-token", "--token-endpoint", oauth.Url, "--client-id", OAuthServer.ClientId, "--username", "relay@hub.example"];

        Assert.Contains("is made", (await RunAsync(0, ["add", name, "--host", "127.0.0.1", "--port", $"{sink.Port}", .. auth, "--secret-stdin"],
            $"{OAuthServer.ClientSecret}\n{OAuthServer.FirstRefreshToken}\n")).Out, StringComparison.Ordinal);
        var tested = await RunAsync(0, ["test", name, "--from", "relay@hub.example", "--to", "anna@far.example"]);
        Assert.Matches(@"connect +ok +Connected to 127\.0\.0\.1:\d+\.\ngreeting +ok .*\nhello +ok .*\ntoken +ok .*\nlogIn +ok .*\nmessage +ok ", tested.Out.ReplaceLineEndings("\n"));
        await RunAsync(0, ["set", name, "--per-minute", "20"]);
        Assert.Contains("oauth2RefreshToken", (await RunAsync(0, ["list"])).Out, StringComparison.Ordinal);

        await RunAsync(0, ["set", name, "--secret-stdin"], $"wrong\nworse\n");
        var failed = await RunAsync(1, ["test", name]);
        Assert.Matches("token +FAILED .*invalid_client", failed.Out);
        Assert.Contains("does not work", failed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong\n", failed.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(2, ["add", "x", "--host", "relay.example", "--username", "anna"])).ExitCode);
        await RunAsync(1, ["add", "a b", "--host", "relay.example"]);
        await RunAsync(0, ["delete", name]);
        await RunAsync(1, ["delete", name]);

        async Task<FinishedProgram> RunAsync(int code, string[] arguments, string? input = null)
        {
            var ended = await Tool.RunAsync(ProgramFiles.Executable, ["smarthosts", .. arguments], Stop, process.Environment(),
                input: input is null ? null : Encoding.UTF8.GetBytes(input));
            Assert.True(ended.ExitCode == code, ended.ToString());
            Assert.DoesNotContain(OAuthServer.ClientSecret, ended.ToString(), StringComparison.Ordinal);
            return ended;
        }
    }

    static void Same(string expected, JsonNode? actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}\nactual   {actual?.ToJsonString()}");
}
