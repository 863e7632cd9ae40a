using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Sites;

/// <summary>Sites come, change and go while the others run.</summary>
public sealed class SiteLifeTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_site_is_made_started_renamed_moved_stopped_and_deleted_beside_a_session_of_another()
    {
        await using var other = await server.NewSiteAsync();
        await using var session = await other.ConnectAsync();
        await session.GreetAsync();
        var api = other.Api;
        var (first, second) = (FreePorts.Next(), FreePorts.Next());

        var made = await api.SendAsync(HttpMethod.Post, "/sites", $$"""
            { "name": "{{TestSite.Unique("Branch offices ")}}", "defaultDomain": "branch.example", "endpoints": [ {{TestSite.Endpoint(first)}} ] }
            """);
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var path = $"/sites/{made.Json!["id"]}";
        Assert.Equal("stopped", await StateAsync(api, path));
        await RefusedAsync(first);

        Assert.Equal("running", (await api.PostAsync($"{path}/start"))["state"]!.GetValue<string>());
        await GreetsAsync(first, "branch.example");

        var renamed = TestSite.Unique("Renamed ");
        Assert.Equal(renamed, (await api.PatchAsync(path, $$"""{ "name": "{{renamed}}" }"""))["name"]!.GetValue<string>());
        await GreetsAsync(first, "branch.example");

        await api.PatchAsync(path, $$"""{ "endpoints": [ {{TestSite.Endpoint(second)}} ] }""");
        await GreetsAsync(second, "branch.example");
        await RefusedAsync(first);

        await api.PatchAsync(path, $$"""{ "endpoints": [ {{TestSite.Endpoint(second, "127.0.0.2")}} ] }""");
        await GreetsAsync(second, "branch.example", IPAddress.Parse("127.0.0.2"));
        await RefusedAsync(second);

        Assert.Equal("stopped", (await api.PostAsync($"{path}/stop"))["state"]!.GetValue<string>());
        await RefusedAsync(second, IPAddress.Parse("127.0.0.2"));

        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync(HttpMethod.Delete, path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(HttpMethod.Get, path)).Status);
        await session.PlayAsync("""
            C: NOOP
            S: 250 *
            """);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Pausing_refuses_new_connections_serves_old_ones_and_goes_on_delivering()
    {
        await using var sink = new RecordingSink();
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("held.example", route: $$"""{ "etrnTo": "127.0.0.1:{{sink.Port}}" }""");
        await using var session = await site.ConnectAsync();
        await session.GreetAsync();

        Assert.Equal("paused", (await site.Api.PostAsync($"{site.Path}/pause"))["state"]!.GetValue<string>());

        await using (var refused = await site.ConnectAsync())
        {
            await refused.PlayAsync("""
                S: 421 4.3.2 *
                S: (closed)
                """);
        }
        await session.SendMailAsync("sender@away.example", ["user@held.example"], SampleMail.Plain("one"));
        await session.PlayAsync("""
            C: ETRN held.example
            S: 253 *
            """);
        await sink.Host.WaitForAsync(1, Stop);

        Assert.Equal("running", (await site.Api.PostAsync($"{site.Path}/continue"))["state"]!.GetValue<string>());
        await using var taken = await site.ConnectAsync();
        await taken.GreetAsync();
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task Stopping_ends_sessions_with_421()
    {
        await using var site = await server.NewSiteAsync();
        await using var session = await site.ConnectAsync();
        await session.GreetAsync();
        await site.Api.PostAsync($"{site.Path}/stop");
        await session.PlayAsync("""
            S: 421 4.3.2 *
            S: (closed)
            """);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task An_address_and_port_that_another_site_has_is_a_failure_that_harms_nothing()
    {
        await using var site = await server.NewSiteAsync();
        var name = (await site.Api.GetAsync(site.Path))["name"]!.GetValue<string>();
        var plan = await site.Api.PostAsync("/sites", $$"""
            { "name": "{{TestSite.Unique("Twin ")}}", "defaultDomain": "twin.example", "endpoints": [ {{TestSite.Endpoint(site.Port)}} ] }
            """);
        Assert.Contains(name, plan["warnings"]!.AsArray().Single()!.GetValue<string>(), StringComparison.Ordinal);
        var twin = $"/sites/{plan["id"]}";

        var refusal = (await site.Api.SendAsync(HttpMethod.Post, $"{twin}/start")).Problem(HttpStatusCode.Conflict);

        Assert.Contains(name, refusal, StringComparison.Ordinal);
        var failed = await site.Api.GetAsync(twin);
        Assert.Equal("failed", failed["state"]!.GetValue<string>());
        Assert.Contains(name, failed["stateReason"]!.GetValue<string>(), StringComparison.Ordinal);
        await GreetsAsync(site.Port, "hub.example");

        // The same port with another address, and the same address with another port.
        await site.Api.PatchAsync(twin, $$"""{ "endpoints": [ {{TestSite.Endpoint(site.Port, "127.0.0.2")}}, {{TestSite.Endpoint(FreePorts.Next())}} ] }""");
        Assert.Equal("running", (await site.Api.PostAsync($"{twin}/start"))["state"]!.GetValue<string>());
        await GreetsAsync(site.Port, "twin.example", IPAddress.Parse("127.0.0.2"));
        await GreetsAsync(site.Port, "hub.example");
        await site.Api.DeleteAsync(twin);
    }

    [Theory(Timeout = Limits.Ordinary)]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public async Task The_address_of_all_addresses_overlaps_with_each_of_them(string all)
    {
        await using var site = await server.NewSiteAsync();
        var wide = await site.Api.PostAsync("/sites", $$"""
            { "name": "{{TestSite.Unique("Wide ")}}", "defaultDomain": "wide.example", "endpoints": [ {{TestSite.Endpoint(site.Port, all)}} ] }
            """);
        var path = $"/sites/{wide["id"]}";
        (await site.Api.SendAsync(HttpMethod.Post, $"{path}/start")).Problem(HttpStatusCode.Conflict);
        await GreetsAsync(site.Port, "hub.example");

        var port = FreePorts.Next();
        await site.Api.PatchAsync(path, $$"""{ "endpoints": [ {{TestSite.Endpoint(port, all)}} ] }""");
        await site.Api.PostAsync($"{path}/start");
        await GreetsAsync(port, "wide.example", IPAddress.Parse("127.0.0.7"));
        (await site.Api.SendAsync(HttpMethod.Patch, site.Path, $$"""{ "endpoints": [ {{TestSite.Endpoint(port)}} ] }""")).Problem(HttpStatusCode.Conflict);

        // The move that failed left the site where it was.
        await GreetsAsync(site.Port, "hub.example");
        Assert.Equal(site.Port, (await site.Api.GetAsync(site.Path))["endpoints"]![0]!["port"]!.GetValue<int>());
        Assert.Equal("running", await StateAsync(site.Api, site.Path));
        await site.Api.DeleteAsync(path);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_port_that_another_program_has_is_a_failure_with_a_reason()
    {
        await using var site = await server.NewSiteAsync();
        await using var program = new RecordingSink();
        (await site.Api.SendAsync(HttpMethod.Patch, site.Path, $$"""{ "endpoints": [ {{TestSite.Endpoint(program.Port)}} ] }""")).Problem(HttpStatusCode.Conflict);
        await GreetsAsync(site.Port, "hub.example");
        await site.Api.PostAsync($"{site.Path}/stop");
        await site.Api.PatchAsync(site.Path, $$"""{ "endpoints": [ {{TestSite.Endpoint(program.Port)}} ] }""");
        var reason = (await site.Api.SendAsync(HttpMethod.Post, $"{site.Path}/start")).Problem(HttpStatusCode.Conflict);
        Assert.Contains($"{program.Port}", reason, StringComparison.Ordinal);
        Assert.Equal("failed", await StateAsync(site.Api, site.Path));
    }

    internal static async Task<string> StateAsync(AdminApi api, string path) => (await api.GetAsync(path))["state"]!.GetValue<string>();

    internal static async Task GreetsAsync(int port, string hostName, IPAddress? address = null)
    {
        await using var talk = await SmtpTalk.ConnectAsync(port, Stop, address);
        await talk.ExpectAsync($"220 {hostName} *");
        await talk.QuitAsync();
    }

    internal static async Task RefusedAsync(int port, IPAddress? address = null)
    {
        var error = await Assert.ThrowsAsync<SocketException>(() => SmtpTalk.ConnectAsync(port, Stop, address));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }
}
