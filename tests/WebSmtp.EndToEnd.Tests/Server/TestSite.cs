using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Server;

/// <summary>A site that belongs to one test. Disposing prints what the server said meanwhile, and deletes the site.</summary>
public sealed class TestSite : IAsyncDisposable
{
    static int _number;

    readonly int _outputBefore;

    TestSite(WebSmtpProcess server, int id, int port)
    {
        Server = server;
        Id = id;
        Port = port;
        _outputBefore = server.Output.Count;
    }

    public WebSmtpProcess Server { get; }
    public int Id { get; }
    public int Port { get; }
    public AdminApi Api => Server.Api;

    /// <summary>Of this site in REST paths.</summary>
    public string Path => $"/sites/{Id}";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A name that no other test uses.</summary>
    public static string Unique(string stem) => $"{stem}{Interlocked.Increment(ref _number).ToString(CultureInfo.InvariantCulture)}";

    public static async Task<TestSite> CreateAsync(
        WebSmtpProcess server, [StringSyntax("json")] string settings = "{}", string tls = "startTls", bool odmr = false)
    {
        var port = FreePorts.Next();
        var made = await server.Api.PostAsync("/sites", $$"""
            { "name": "{{Unique("Site ")}}", "defaultDomain": "hub.example", "settings": {{settings}},
              "endpoints": [ {{Endpoint(port, tls: tls, odmr: odmr)}} ] }
            """);
        var site = new TestSite(server, made["id"]!.GetValue<int>(), port);
        await server.Api.PostAsync($"{site.Path}/start");
        return site;
    }

    /// <summary>An endpoint as JSON.</summary>
    public static string Endpoint(int port, string address = "127.0.0.1", string tls = "startTls", bool odmr = false) =>
        $$"""{ "address": "{{address}}", "port": {{port}}, "tls": "{{tls}}", "odmr": {{(odmr ? "true" : "false")}} }""";

    public Task<SmtpTalk> ConnectAsync(IPAddress? from = null) => SmtpTalk.ConnectAsync(Port, Stop, from: from);

    /// <summary>Makes an account that may log in with every mechanism.</summary>
    public async Task<MailAccount> AddAccountAsync(string stem = "account")
    {
        var account = new MailAccount(Unique(stem), "a long secret, with spaces");
        await Api.PostAsync("/accounts", $$"""
            { "username": "{{account.Username}}", "password": "{{account.Password}}", "challengeResponse": true }
            """);
        return account;
    }

    /// <summary>Makes a domain whose mail is held. ETRN may release it unless <paramref name="route"/> says otherwise.</summary>
    /// <param name="route">Further members of the route.</param>
    public async Task HoldAsync(string domain, MailAccount? account = null, [StringSyntax("json")] string route = "{}")
    {
        var wanted = JsonNode.Parse(route)!.AsObject();
        wanted["type"] = "hold";
        wanted["etrn"] ??= true;
        if (account is not null) wanted["turnAccounts"] = new JsonArray(account.Username);
        await Api.PostAsync($"{Path}/domains", $$"""{ "name": "{{domain}}", "kind": "remote", "route": {{wanted.ToJsonString()}} }""");
    }

    /// <summary>How many messages wait for a held domain.</summary>
    public async Task<long> HeldAsync(string domain) =>
        (await Api.GetAsync($"{Path}/domains/{Uri.EscapeDataString(domain)}"))["held"]!["messages"]!.GetValue<long>();

    /// <summary>Sends messages in one connection; each must be taken.</summary>
    public async Task SendAsync(string to, params IEnumerable<byte[]> contents)
    {
        await using var talk = await ConnectAsync();
        await talk.GreetAsync();
        foreach (var content in contents) await talk.SendMailAsync("sender@away.example", [to], content, " BODY=8BITMIME");
        await talk.QuitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"--- the server printed\n{Server.Output.From(_outputBefore)}");
        if (Server.IsRunning) await Api.SendAsync(HttpMethod.Delete, $"{Path}?messages=export");
    }
}

/// <summary>What a host logs in with.</summary>
public sealed record MailAccount(string Username, string Password);
