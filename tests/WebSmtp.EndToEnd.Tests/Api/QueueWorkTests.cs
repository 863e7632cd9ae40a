using System.Net;
using System.Text.Json.Nodes;
using WebSmtp.EndToEnd.Tests.Programs;
using WebSmtp.EndToEnd.Tests.Server;
using WebSmtp.EndToEnd.Tests.Smtp;

namespace WebSmtp.EndToEnd.Tests.Api;

/// <summary>Work with the queue, and finding out what became of mail: over REST and on the command line.</summary>
public sealed class QueueWorkTests(SharedServer server)
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Of what was sent, not of the reports about it.</summary>
    static async Task<string> StatesAsync(TestSite site) => string.Join(' ', (await site.Api.ListAsync($"{site.Path}/messages?history=true"))
        .Where(message => message["mailFrom"]!.GetValue<string>().Length > 0)
        .SelectMany(message => message["recipients"]!.AsArray()).Select(recipient => recipient!["state"]!.GetValue<string>()));

    static async Task<JsonNode> EndAsync(TestSite site, JsonNode started)
    {
        JsonNode? operation = null;
        await Eventually.TrueAsync(async () =>
            (operation = await site.Api.GetAsync($"/operations/{started["id"]}"))["state"]!.GetValue<string>() is not "running");
        return operation!;
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task What_is_no_domain_cannot_be_stopped()
    {
        await using var site = await server.NewSiteAsync();
        (await site.Api.AskAsync("POST", $"{site.Path}/queues/not%20a%20domain/hold")).Problem(HttpStatusCode.BadRequest, "domain");
        Assert.Empty(await site.Api.ListAsync($"{site.Path}/queues"));
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task One_message_is_frozen_released_sent_another_way_and_returned()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("work.example");
        await using (var talk = await site.ConnectAsync())
        {
            await talk.GreetAsync();
            await talk.SendMailAsync("sender@away.example", ["a@work.example", "b@work.example"], SampleMail.Plain("one"));
        }
        var path = $"/messages/{Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]}";

        Assert.Equal("frozen", (await site.Api.PostAsync(path + "/freeze?recipient=b@work.example"))["recipients"]![1]!["state"]!.GetValue<string>());
        Assert.Equal("held frozen", await StatesAsync(site));
        Assert.Contains("frozen", (await site.Api.AskAsync("POST", path + "/retry?recipient=b@work.example")).Problem(HttpStatusCode.Conflict), StringComparison.Ordinal);
        Assert.Contains("held until it is collected", (await site.Api.AskAsync("POST", path + "/retry?recipient=a@work.example")).Problem(HttpStatusCode.Conflict), StringComparison.Ordinal);
        await site.Api.PostAsync(path + "/release?recipient=b@work.example");
        (await site.Api.AskAsync("POST", path + "/redirect", """{ "smartHost": "nobody" }""")).Problem(HttpStatusCode.BadRequest, "smartHost");
        (await site.Api.AskAsync("POST", path + "/redirect", """{ "domain": "a.example", "siteId": 1 }""")).Problem(HttpStatusCode.BadRequest, "siteId");
        (await site.Api.AskAsync("POST", path + "/redirect", """{ "way": "a.example" }""")).Problem(HttpStatusCode.BadRequest, "way");
        (await site.Api.AskAsync("POST", "/messages/0000000000000/freeze")).Problem(HttpStatusCode.NotFound);
        (await site.Api.AskAsync("POST", path + "/freeze?recipient=c@work.example")).Problem(HttpStatusCode.NotFound);
        (await (await server.ProcessAsync()).WithRole("viewer").AskAsync("POST", path + "/freeze")).Problem(HttpStatusCode.Forbidden);
        await site.Api.PostAsync(path + "/bounce?recipient=a@work.example");
        Assert.Equal(HttpStatusCode.NoContent, (await site.Api.AskAsync("DELETE", path + "?recipient=b@work.example")).Status);

        Assert.Equal("failed deleted", await StatesAsync(site));
        var trace = (await site.Api.GetAsync(path + "/trace"))["items"]!.AsArray();
        Assert.Equal(["frozen", "released", "failed", "reported", "deleted"], trace.Skip(3).Select(one => one!["event"]!.GetValue<string>()));
        Assert.All(trace.Skip(3).Where(one => one!["event"]!.GetValue<string>() is not "reported"), one => Assert.Matches("^.+ from 127.0.0.1$", one!["by"]!.GetValue<string>()));
        Assert.StartsWith("550 5.7.1 returned by ", trace[5]!["reply"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task A_message_that_goes_to_another_site_waits_there()
    {
        await using var site = await server.NewSiteAsync();
        await using var other = await server.NewSiteAsync();
        await site.HoldAsync("moved.example");
        await other.HoldAsync("moved.example");
        await site.SendAsync("user@moved.example", SampleMail.Plain("one"));
        var id = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"];

        await site.Api.PostAsync($"/messages/{id}/redirect", $$"""{ "siteId": {{other.Id}} }""");

        Assert.Equal((0, 1), (await site.HeldAsync("moved.example"), await other.HeldAsync("moved.example")));
        Assert.Equal(id!.ToString(), Assert.Single(await other.Api.ListAsync($"{other.Path}/messages"))["id"]!.ToString());
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task All_that_match_are_done_by_an_operation_that_can_be_followed()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("many.example");
        await site.HoldAsync("rest.example");
        await site.SendAsync("user@many.example", Enumerable.Range(0, 30).Select(n => SampleMail.Plain($"{n}")));
        await site.SendAsync("user@rest.example", SampleMail.Plain("rest"));

        var started = await site.Api.AskAsync("POST", $"{site.Path}/messages/actions", """{ "action": "freeze", "filter": { "domain": "many.example", "state": "held" } }""");
        Assert.Equal(HttpStatusCode.Accepted, started.Status);
        var ended = await EndAsync(site, started.Success());

        Assert.Equal(("done", 30, 30, 0, "freeze"), (
            ended["state"]!.GetValue<string>(), ended["done"]!.GetValue<int>(), ended["total"]!.GetValue<int>(), ended["failed"]!.GetValue<int>(), ended["what"]!.GetValue<string>()));
        Assert.Equal(30, (await site.Api.ListAsync($"{site.Path}/messages?state=frozen")).Count);
        Assert.Contains(await site.Api.ListAsync("/operations"), one => one["id"]!.ToString() == ended["id"]!.ToString());
        (await site.Api.AskAsync("DELETE", $"/operations/{ended["id"]}")).Problem(HttpStatusCode.Conflict);
        (await site.Api.AskAsync("DELETE", "/operations/0000000000000")).Problem(HttpStatusCode.NotFound);
        (await site.Api.AskAsync("POST", $"{site.Path}/messages/actions", """{ "action": "freeze" }""")).Problem(HttpStatusCode.BadRequest, "filter");
        (await site.Api.AskAsync("POST", $"{site.Path}/messages/actions", """{ "action": "thaw", "filter": {} }""")).Problem(HttpStatusCode.BadRequest, "action");
        (await site.Api.AskAsync("POST", $"{site.Path}/messages/actions", """{ "action": "freeze", "filter": { "state": "lost" } }""")).Problem(HttpStatusCode.BadRequest, "filter");
        (await site.Api.AskAsync("POST", $"{site.Path}/messages/actions", """{ "action": "freeze", "filter": {}, "siteId": 1 }""")).Problem(HttpStatusCode.BadRequest, "siteId");
    }

    [Fact(Timeout = Limits.Long)]
    public async Task A_stopped_destination_stays_stopped_over_a_restart_until_it_is_released()
    {
        await using var own = await WebSmtpProcess.StartAsync(new(), Stop);
        await using var site = await TestSite.CreateAsync(own);
        await site.HoldAsync("stop.example");
        await site.SendAsync("user@stop.example", SampleMail.Plain("before"));
        await EndAsync(site, await site.Api.PostAsync($"{site.Path}/queues/STOP.example/hold"));
        await own.KillAsync(Stop);
        await own.StartAgainAsync(Stop);

        var row = Assert.Single(await site.Api.ListAsync($"{site.Path}/queues"));
        Assert.Equal(("stop.example", "frozen", "held until collected"), (row["domain"]!.GetValue<string>(), row["state"]!.GetValue<string>(), row["willGoVia"]!.GetValue<string>()));
        Assert.NotNull(row["stoppedBy"]);
        Assert.NotNull(row["stoppedAt"]);
        (await site.Api.AskAsync("POST", $"{site.Path}/queues/stop.example/retry")).Problem(HttpStatusCode.Conflict);
        await EndAsync(site, await site.Api.PostAsync($"{site.Path}/queues/stop.example/release"));
        Assert.Equal("held", await StatesAsync(site));
        (await site.Api.AskAsync("POST", $"{site.Path}/queues/stop.example/release")).Problem(HttpStatusCode.Conflict);
    }

    [Fact(Timeout = Limits.Ordinary)]
    public async Task They_say_they_sent_it_has_an_answer()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("answer.example");
        var (sender, recipient) = (TestSite.Unique("sender") + "@away.example", TestSite.Unique("user") + "@answer.example");
        await using (var talk = await site.ConnectAsync(IPAddress.Parse("127.0.0.7")))
        {
            await talk.GreetAsync();
            await talk.SendMailAsync(sender, [recipient], SampleMail.Plain("taken"));
            await talk.PlayAsync($"""
                C: MAIL FROM:<{sender}>
                S: 250 *
                C: RCPT TO:<refused@[192.0.2.1]>
                S: 550 *
                """);
        }
        var id = Assert.Single(await site.Api.ListAsync($"{site.Path}/messages"))["id"]!.ToString();
        await site.Api.DeleteAsync($"/messages/{id}");

        await Eventually.EqualAsync("rejected deleted held received", async () => string.Join(' ',
            (await site.Api.ListAsync($"/trace?sender={sender}&siteId={site.Id}")).Select(one => one["event"]!.GetValue<string>())));
        var refused = (await site.Api.ListAsync($"/trace?sender={sender}"))[0];
        Assert.Equal(("refused@[192.0.2.1]", "127.0.0.7", "RCPT", null), (
            refused["recipient"]!.GetValue<string>(), refused["address"]!.GetValue<string>(), refused["stage"]!.GetValue<string>(), refused["messageId"]?.GetValue<string>()));
        foreach (var query in (string[])[$"recipient={recipient.ToUpperInvariant()}", $"messageId={id}"])
        {
            var found = await site.Api.ListAsync($"/trace?{query}");
            Assert.Equal(["deleted", "held", "received"], found.Select(one => one["event"]!.GetValue<string>()));
            Assert.All(found, one => Assert.Equal((id, sender), (one["messageId"]!.GetValue<string>(), one["mailFrom"]!.GetValue<string>())));
        }
        Assert.Empty(await site.Api.ListAsync($"/trace?sender={sender}&to=2020-01-01T00:00:00Z"));
        var rejection = Assert.Single(await site.Api.ListAsync($"{site.Path}/rejections?client=127.0.0.7&sender={sender}"));
        Assert.StartsWith("550 5.7.1", rejection["reply"]!.GetValue<string>(), StringComparison.Ordinal);
        foreach (var (query, field) in ((string, string)[])[("from=yesterday", "from"), ("siteId=x", "siteId"), ("sendr=x", "sendr")])
            (await site.Api.AskAsync("GET", $"/trace?{query}")).Problem(HttpStatusCode.BadRequest, field);
        (await site.Api.AskAsync("GET", $"{site.Path}/rejections?client=x")).Problem(HttpStatusCode.BadRequest, "client");
    }

    [Fact(Timeout = Limits.Long)]
    public async Task The_command_line_does_the_same()
    {
        await using var site = await server.NewSiteAsync();
        await site.HoldAsync("verbs.example");
        await site.SendAsync("user@verbs.example", SampleMail.Plain("one"), SampleMail.Plain("two"));
        var id = (await site.Api.ListAsync($"{site.Path}/messages"))[0]["id"]!.ToString();
        var number = $"{site.Id}";

        Assert.Contains("is frozen", await DoneAsync("queue", "freeze", id), StringComparison.Ordinal);
        Assert.Equal("frozen", JsonNode.Parse(await DoneAsync("queue", "freeze", id, "--recipient", "user@verbs.example", "--json"))!["recipients"]![0]!["state"]!.GetValue<string>());
        Assert.Equal(1, (await RunAsync("queue", "retry", id)).ExitCode);
        Assert.Equal(1, (await RunAsync("queue", "redirect", id, "--to-smart-host", "nobody")).ExitCode);
        Assert.Equal(2, (await RunAsync("queue", "redirect", id)).ExitCode);
        Assert.Equal(2, (await RunAsync("queue", "freeze")).ExitCode);
        Assert.Equal(2, (await RunAsync("queue", "freeze", id, "--site", number)).ExitCode);
        var operation = JsonNode.Parse(await DoneAsync("queue", "bounce", "--site", number, "--state", "frozen", "--json"))!;
        await EndAsync(site, operation);
        Assert.Contains("bounce", await DoneAsync("operations", "list"), StringComparison.Ordinal);
        Assert.Contains("done", await DoneAsync("operations", "show", operation["id"]!.ToString()), StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("operations", "cancel", operation["id"]!.ToString())).ExitCode);
        Assert.Contains("returned by", await DoneAsync("trace", "--message-id", id), StringComparison.Ordinal);
        Assert.Contains("has begun", await DoneAsync("destinations", "hold", number, "verbs.example"), StringComparison.Ordinal);
        Assert.Matches("verbs.example +held until collected +frozen", await DoneAsync("destinations", "list", number));
        Assert.Contains("has begun", await DoneAsync("destinations", "release", number, "verbs.example"), StringComparison.Ordinal);
        Assert.Contains("CLIENT", await DoneAsync("rejections", number), StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("queue", "delete", "--site", number)).ExitCode);
        await Eventually.TrueAsync(async () => (await RunAsync("queue", "delete", "--site", number, "--all")).ExitCode == 0);
        await Eventually.EqualAsync("failed deleted", () => StatesAsync(site));

        async Task<string> DoneAsync(params string[] arguments)
        {
            var ended = await RunAsync(arguments);
            Assert.True(ended.ExitCode == 0, ended.ToString());
            return ended.Out;
        }

        async Task<FinishedProgram> RunAsync(params string[] arguments) =>
            await Tool.RunAsync(ProgramFiles.Executable, arguments, Stop, (await server.ProcessAsync()).Environment());
    }
}
