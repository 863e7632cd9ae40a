using System.Net;
using System.Net.Http;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Collecting;

/// <summary>Hub and branch: one site holds the mail, another one collects it.</summary>
public sealed class CollectorTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("atrn", """["CRAM-MD5"]""", "none", "none")]
    [InlineData("atrn", """["PLAIN"]""", "startTls", "require")]
    [InlineData("atrn", """["LOGIN"]""", "implicit", "implicit")]
    [InlineData("turn", """["CRAM-MD5", "PLAIN"]""", "startTls", "verify")]
    public async Task A_branch_collects_its_mail_from_the_hub(string method, string mechanisms, string hubTls, string tls)
    {
        await using var hub = await server.NewSiteAsync($$"""{ "authMechanisms": {{mechanisms}} }""", hubTls is "implicit" ? "startTls" : hubTls);
        await using var branch = await server.NewSiteAsync();
        var account = await hub.AddAccountAsync();
        await hub.HoldAsync("test.com", account);
        await hub.SendAsync("user@test.com", SampleMail.All.Values);
        if (hubTls is "implicit") await hub.Api.PatchAsync(hub.Path, $$"""{ "endpoints": [ {{TestSite.Endpoint(hub.Port, tls: "implicit")}} ] }""");
        var drop = await DropAsync(branch);
        var authority = tls is "verify" or "implicit" ? JsonValue.Create(CertificateOf(hub.Server)).ToJsonString() : "null";
        await branch.Api.PostAsync($"{branch.Path}/collectors", $$"""
            { "name": "hub", "host": "127.0.0.1", "port": {{hub.Port}}, "tls": "{{tls}}", "certificateAuthority": {{authority}}, "method": "{{method}}",
              "username": "{{account.Username}}", "password": "{{account.Password}}", "domains": {{(method is "turn" ? "[]" : """["test.com"]""")}} }
            """);

        var run = await RunAsync(branch, "hub");

        Assert.Equal(("collected", SampleMail.All.Count), (run["result"]!.GetValue<string>(), run["messages"]!.GetValue<int>()));
        Assert.Equal($"{SampleMail.All.Count} messages collected.", run["end"]!.GetValue<string>());
        await AssertDroppedAsync(drop);
        await Eventually.EqualAsync(0, () => hub.HeldAsync("test.com"));
        Assert.Equal("nothing", (await RunAsync(branch, "hub"))["result"]!.GetValue<string>());

        var shown = await branch.Api.GetAsync($"{branch.Path}/collectors/HUB");
        Assert.Equal("nothing", shown["lastRun"]!["result"]!.GetValue<string>());
        Assert.DoesNotContain(account.Password, shown.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(["nothing", "collected"], (await branch.Api.ListAsync($"{branch.Path}/collectors/hub/runs")).Select(one => one["result"]!.GetValue<string>()));
    }

    /// <summary>In programs of their own: a site never delivers to another one of the same program over the network.</summary>
    [Fact(Timeout = Limits.Long)]
    public async Task A_branch_asks_by_etrn_and_the_hub_comes_to_its_port()
    {
        await using var branch = await WebSmtpProcess.StartAsync(new(), Stop);
        await branch.Api.PostAsync("/sites/1/domains", """{ "name": "test.com", "kind": "remote", "route": { "type": "drop" } }""");
        await using var hub = await server.NewSiteAsync();
        await hub.HoldAsync("test.com", route: $$"""{ "etrnTo": "127.0.0.1:{{branch.SmtpPort}}" }""");
        await hub.SendAsync("user@test.com", SampleMail.All.Values);
        await branch.Api.PostAsync("/sites/1/collectors", $$"""
            { "name": "hub", "host": "127.0.0.1", "port": {{hub.Port}}, "method": "etrn", "domains": ["test.com", "unknown.example"] }
            """);

        await branch.Api.PostAsync("/sites/1/collectors/hub/run");
        await AssertDroppedAsync(Path.Combine(branch.DataDirectory, (await branch.Api.GetAsync("/sites/1"))["mailroot"]!.GetValue<string>(), "Drop"));

        await Eventually.TrueAsync(async () => (await branch.Api.GetAsync("/sites/1/collectors/hub"))["lastRun"]!["endedAt"] is not null);
        var run = (await branch.Api.GetAsync("/sites/1/collectors/hub"))["lastRun"]!;
        Assert.Matches("^test\\.com: the provider answered \"253 .*started\"\\. unknown\\.example: the provider answered \"458 ", run["end"]!.GetValue<string>());
        Assert.Equal("failed", run["result"]!.GetValue<string>());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_schedule_runs_by_itself_and_a_restart_forgets_nothing()
    {
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var hub = await server.NewSiteAsync();
        var account = await hub.AddAccountAsync();
        await own.Api.PostAsync("/sites/1/collectors", $$"""
            { "name": "hub", "host": "127.0.0.1", "port": {{hub.Port}}, "method": "turn", "every": "PT1H",
              "username": "{{account.Username}}", "password": "{{account.Password}}" }
            """);
        await Eventually.TrueAsync(async () => (await own.Api.GetAsync("/sites/1/collectors/hub"))["lastRun"] is { } run && run["endedAt"] is not null);
        var before = await own.Api.GetAsync("/sites/1/collectors/hub");
        Assert.Equal("schedule", before["lastRun"]!["by"]!.GetValue<string>());
        Assert.StartsWith("The provider answered \"450 ", before["lastRun"]!["end"]!.GetValue<string>(), StringComparison.Ordinal);

        await own.RestartAsync(Stop);

        Assert.True(JsonNode.DeepEquals(before, await own.Api.GetAsync("/sites/1/collectors/hub")));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_is_wrong_is_refused_by_field()
    {
        await using var site = await server.NewSiteAsync();
        var path = $"{site.Path}/collectors";
        (await site.Api.SendAsync(HttpMethod.Post, path, $$"""{ "name": "me", "host": "127.0.0.1", "port": {{site.Port}}, "method": "turn" }"""))
            .Problem(HttpStatusCode.BadRequest, "host");
        (await site.Api.SendAsync(HttpMethod.Post, path, """{ "name": "x", "host": "hub.example", "method": "operator" }"""))
            .Problem(HttpStatusCode.BadRequest, "method");
        (await site.Api.SendAsync(HttpMethod.Post, path, """{ "name": "x", "host": "hub.example", "method": "turn", "schedule": "daily" }"""))
            .Problem(HttpStatusCode.BadRequest, "schedule");
        (await site.Api.SendAsync(HttpMethod.Post, $"{path}/nobody/run")).Problem(HttpStatusCode.NotFound);
        await site.Api.PostAsync(path, """{ "name": "x", "host": "[::1]", "port": 9, "method": "turn", "username": "a", "password": "b", "every": "P1D" }""");
        (await site.Api.SendAsync(HttpMethod.Patch, $"{path}/x", """{ "password": null }""")).Problem(HttpStatusCode.BadRequest, "password");
        var changed = await site.Api.PatchAsync($"{path}/x", """{ "username": null, "every": null, "schedule": "0 6 * * *" }""");
        Assert.True(changed["username"] is null && changed["every"] is null && changed["nextRun"]!.GetValue<string>().Contains("T06:00:00", StringComparison.Ordinal));
        (await site.Api.SendAsync(HttpMethod.Delete, $"{path}/x")).Success();
        Assert.Equal(HttpStatusCode.NotFound, (await site.Api.SendAsync(HttpMethod.Get, $"{path}/x")).Status);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_command_line_does_it_too()
    {
        await using var hub = await server.NewSiteAsync();
        await using var branch = await server.NewSiteAsync();
        var account = await hub.AddAccountAsync();
        await hub.HoldAsync("test.com", account);
        await hub.SendAsync("user@test.com", SampleMail.All.Values);
        var drop = await DropAsync(branch);
        var id = branch.Id.ToString(null, null);

        Assert.Contains("it runs on demand", await DoAsync(branch, ["add", id, "hub", "--host", "127.0.0.1", "--port", hub.Port.ToString(null, null), "--method", "atrn",
            "--user", account.Username, "--password-stdin", "--domain", "test.com"], account.Password + "\n"), StringComparison.Ordinal);
        Assert.Contains("is changed", await DoAsync(branch, ["set", id, "hub", "--cron", "0 6 * * 1-5", "--tls", "require"]), StringComparison.Ordinal);
        Assert.Matches("hub +127.0.0.1:\\d+ +atrn +test.com +true +- +- +2", await DoAsync(branch, ["list", id]));
        Assert.Contains("hub runs", await DoAsync(branch, ["run", id, "hub"]), StringComparison.Ordinal);
        await AssertDroppedAsync(drop);
        await Eventually.TrueAsync(async () => (await DoAsync(branch, ["runs", id, "hub"])).Contains("collected", StringComparison.Ordinal));
        await DoAsync(branch, ["delete", id, "hub"]);
    }

    static async Task<string> DoAsync(TestSite site, string[] arguments, string? input = null)
    {
        var ended = await Tool.RunAsync(ProgramFiles.Executable, ["collectors", .. arguments], Stop, site.Server.Environment(),
            input: input is null ? null : Encoding.UTF8.GetBytes(input));
        Assert.True(ended.ExitCode == 0, ended.ToString());
        return ended.Out;
    }

    /// <summary>One run on demand; 202 is the answer, and what comes of it is read when it is there.</summary>
    static async Task<JsonNode> RunAsync(TestSite site, string name)
    {
        var answer = await site.Api.SendAsync(HttpMethod.Post, $"{site.Path}/collectors/{name}/run");
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        var id = answer.Json!["id"]!.GetValue<long>();
        JsonNode? run = null;
        await Eventually.TrueAsync(async () =>
        {
            run = (await site.Api.ListAsync($"{site.Path}/collectors/{name}/runs")).First(one => one["id"]!.GetValue<long>() == id);
            return run["endedAt"] is not null;
        });
        return run!;
    }

    /// <summary>Makes test.com local at the branch; the folder where its mail lands.</summary>
    static async Task<string> DropAsync(TestSite branch)
    {
        await branch.Api.PostAsync($"{branch.Path}/domains", """{ "name": "test.com", "kind": "remote", "route": { "type": "drop" } }""");
        return Path.Combine(branch.Server.DataDirectory, (await branch.Api.GetAsync(branch.Path))["mailroot"]!.GetValue<string>(), "Drop");
    }

    static async Task AssertDroppedAsync(string drop)
    {
        await Eventually.EqualAsync(SampleMail.All.Count, () => Task.FromResult(Directory.Exists(drop) ? Directory.GetFiles(drop, "*.eml").Length : 0));
        var files = Directory.GetFiles(drop, "*.eml").Select(File.ReadAllBytes).ToList();
        foreach (var (name, sent) in SampleMail.All)
            Assert.True(files.Exists(file => BelowReceived(file).AsSpan().SequenceEqual(sent)), $"'{name}' did not come as it was sent.");
    }

    /// <summary>What is below the envelope and the Received fields of the branch and of the hub.</summary>
    static byte[] BelowReceived(byte[] file)
    {
        var rest = file.AsSpan();
        var fields = 0;
        while (fields < 2 || rest is [(byte)' ' or (byte)'\t', ..])
        {
            if (rest.StartsWith("Received:"u8)) fields++;
            rest = rest[(rest.IndexOf("\r\n"u8) + 2)..];
        }
        return rest.ToArray();
    }

    /// <summary>The server's own certificate, for whoever wants to verify it.</summary>
    static string CertificateOf(WebSmtpProcess process)
    {
        using var certificate = X509CertificateLoader.LoadPkcs12FromFile(Path.Combine(process.DataDirectory, "certificates", "default.pfx"), null);
        return certificate.ExportCertificatePem();
    }
}
