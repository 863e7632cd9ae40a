using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;
using static WebSmtp.EndToEnd.Tests.Sites.SiteLifeTests;

namespace WebSmtp.EndToEnd.Tests.Sites;

/// <summary>What a restart of the program leaves of its sites.</summary>
public sealed class RestartTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_ran_runs_again_and_what_was_stopped_or_paused_stays_so()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var running = await TestSite.CreateAsync(server);
        await using var stopped = await TestSite.CreateAsync(server);
        await using var paused = await TestSite.CreateAsync(server);
        await using var manual = await TestSite.CreateAsync(server);
        await using var failing = await TestSite.CreateAsync(server);
        await server.Api.PostAsync($"{stopped.Path}/stop");
        await server.Api.PostAsync($"{paused.Path}/pause");
        await server.Api.PatchAsync(manual.Path, """{ "autoStart": false }""");
        await running.HoldAsync("held.example");
        await running.SendAsync("user@held.example", SampleMail.Plain("one"));

        Assert.Equal(0, await server.StopAsync(Stop));
        await using (new RecordingSink(port: failing.Port))
        {
            await server.StartAgainAsync(Stop);

            Assert.Equal(("running", "stopped", "paused", "stopped", "failed"), (
                await StateAsync(server.Api, running.Path), await StateAsync(server.Api, stopped.Path), await StateAsync(server.Api, paused.Path),
                await StateAsync(server.Api, manual.Path), await StateAsync(server.Api, failing.Path)));
            Assert.Contains($"{failing.Port}", (await server.Api.GetAsync(failing.Path))["stateReason"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.Contains($"{failing.Port}", server.Output.ToString(), StringComparison.Ordinal);
            await GreetsAsync(running.Port, "hub.example");
            await GreetsAsync(server.SmtpPort, "*");
            await RefusedAsync(stopped.Port);
            Assert.Equal(1, await running.HeldAsync("held.example"));

            // One bad site doesn't take the others out of service, and is named.
            var ready = await server.Api.Http.GetStringAsync("readyz", Stop);
            Assert.Contains((await server.Api.GetAsync(failing.Path))["name"]!.GetValue<string>(), ready, StringComparison.Ordinal);
        }
        Assert.Equal("running", (await server.Api.PostAsync($"{failing.Path}/start"))["state"]!.GetValue<string>());
        Assert.Equal("running", (await server.Api.PostAsync($"{paused.Path}/continue"))["state"]!.GetValue<string>());
        await GreetsAsync(failing.Port, "hub.example");
        await GreetsAsync(paused.Port, "hub.example");
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task The_service_version_switches_all_but_the_default_site_off_and_on_without_a_restart()
    {
        await using var server = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(server);
        var account = await site.AddAccountAsync();
        await site.HoldAsync("held.example", account);

        var version = await server.Api.PatchAsync("/service", """{ "smtpServiceVersion": 1 }""");

        Assert.Equal(1, version["smtpServiceVersion"]!.GetValue<int>());
        await RefusedAsync(site.Port);
        await using (var talk = await SmtpTalk.ConnectAsync(server.SmtpPort, Stop))
        {
            Assert.DoesNotContain(await talk.GreetAsync(), keyword => keyword is "ETRN" or "ATRN");
            await talk.PlayAsync("""
                C: ETRN held.example
                S: 502 *
                C: TURN
                S: 502 *
                C: ATRN
                S: 502 *
                """);
        }
        await server.RestartAsync(Stop);
        await RefusedAsync(site.Port);
        var process = server.ProcessId;

        await server.Api.PatchAsync("/service", """{ "smtpServiceVersion": 2 }""");

        Assert.Equal(process, server.ProcessId);
        await using var again = await site.ConnectAsync();
        Assert.Contains("ETRN", await again.GreetAsync());
        await again.PlayAsync("""
            C: ETRN held.example
            S: 251 *
            """);
    }
}
